/** Keys that are followed at a time; a hot one cannot be missed among so few (Metwally et al., "Space-Saving", 2005). */
const followed = 8

/** One call in this many is looked at: a key that is hot is hot among those as well. */
const sampleEvery = 4

/** Finds the key that most calls share, over two spans of time, without keeping any key. */
export class HotKey {
  #counts = new Map<number, number>()
  #total = 0
  #skip = 0

  add(key: string): void {
    if (this.#skip-- > 0) return
    this.#skip = sampleEvery - 1
    this.#total++
    const hash = hashOf(key)
    const count = this.#counts.get(hash)
    if (count !== undefined || this.#counts.size < followed) {
      this.#counts.set(hash, (count ?? 0) + 1)
      return
    }
    const [rarest, least] = [...this.#counts].reduce((a, b) => (b[1] < a[1] ? b : a))
    // The newcomer takes over the count of the one it drives out, which errs to the side of seeing it.
    this.#counts.delete(rarest)
    this.#counts.set(hash, least + 1)
  }

  /** How many calls stand behind `top`. */
  get calls(): number {
    return this.#total * sampleEvery
  }

  /** The most frequent key, by its hash, and its share of the calls. */
  get top(): { hash: string; share: number } | undefined {
    let most: [number, number] | undefined
    for (const entry of this.#counts) if (most === undefined || entry[1] > most[1]) most = entry
    return most && { hash: most[0].toString(16).padStart(8, '0'), share: most[1] / this.#total }
  }

  /** Old calls count half. */
  fade(): void {
    this.#total /= 2
    for (const [hash, count] of this.#counts) {
      if (count < 2) this.#counts.delete(hash)
      else this.#counts.set(hash, count / 2)
    }
  }
}

/** FNV-1a. It only has to tell keys apart, and to tell nothing about them. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
