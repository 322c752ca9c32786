/** The best of this long counts, so that a server which became slower for good is not held back for ever. */
const bestForMs = 60_000

/** The shortest latency of the last minute or two. */
export class BestLatency {
  #bestMs = Infinity
  #before = Infinity
  #since = 0

  /** Adds one, and returns the best. */
  add(durationMs: number, now: number): number {
    if (now - this.#since > bestForMs) {
      this.#before = this.#bestMs
      this.#bestMs = Infinity
      this.#since = now
    }
    this.#bestMs = Math.min(this.#bestMs, durationMs)
    return Math.min(this.#bestMs, this.#before)
  }
}
