import { seededRandom } from '../core/random.ts'

/** Keys that are followed at a time; a hot one cannot be missed among so few (Metwally et al., "Space-Saving", 2005). */
const followed = 8

/** One call in four is looked at, on the average: a key that is hot is hot among those as well. */
const mostSkipped = 6

/** Old calls count half after this long. */
const halfLifeMs = 5_000

/** A share of so many samples may be off by this many standard deviations, before chance is taken for a hot key. */
const deviations = 5.6

/** Finds the key that most calls share, lately, without keeping any key. */
export class HotKey {
  readonly #counts = new Map<number, number>()
  /** By chance, and not every fourth: who asks for the same four things in turn would seem to ask for only one. */
  readonly #random = seededRandom(1)
  #total = 0
  #skip = 0

  add(key: string): void {
    if (this.#skip-- > 0) return
    this.#skip = Math.floor(this.#random() * (mostSkipped + 1))
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

  /** The most frequent key, by its hash, its share of the calls, and how far chance alone may have raised that. */
  get top(): { hash: string; share: number; doubt: number } | undefined {
    let most: [number, number] | undefined
    for (const entry of this.#counts) if (most === undefined || entry[1] > most[1]) most = entry
    if (most === undefined) return undefined
    const [hash, count] = most
    // Fading makes two of each sample, as far as chance goes.
    const doubt = deviations * Math.sqrt(0.25 / (2 * this.#total))
    return { hash: hash.toString(16).padStart(8, '0'), share: count / this.#total, doubt }
  }

  /** So many ms have passed. */
  fade(ms: number): void {
    const left = 0.5 ** (ms / halfLifeMs)
    this.#total *= left
    for (const [hash, count] of this.#counts) {
      if (count * left < 0.5) this.#counts.delete(hash)
      else this.#counts.set(hash, count * left)
    }
  }
}

/** FNV-1a. It only has to tell keys apart, and to tell nothing about them. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
