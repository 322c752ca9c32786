import type { Clock } from './clock.ts'

/**
 * Counts of several kinds over the last `spanMs`, in constant memory and without timers.
 *
 * Time is cut into slices. A slice is dropped as soon as any moment of it is older than the span, so nothing older
 * ever counts; the price is that the window seen is between `1 - 1 / slices` and all of the span.
 */
export class RollingWindow {
  readonly #clock: Clock
  readonly #sliceMs: number
  readonly #slices: number
  readonly #kinds: number
  readonly #counts: Float64Array
  readonly #totals: Float64Array
  /** The number of the newest slice since the clock's zero. */
  #head: number

  constructor(clock: Clock, spanMs: number, kinds: number, slices = 10) {
    this.#clock = clock
    this.#sliceMs = spanMs / slices
    this.#slices = slices
    this.#kinds = kinds
    this.#counts = new Float64Array(kinds * slices)
    this.#totals = new Float64Array(kinds)
    this.#head = Math.floor(clock.now() / this.#sliceMs)
  }

  /** @param now the clock's time, where somebody has just read it */
  add(kind: number, count = 1, now = this.#clock.now()): void {
    this.#expire(now)
    const at = (this.#head % this.#slices) * this.#kinds + kind
    this.#counts[at] = (this.#counts[at] ?? 0) + count
    this.#totals[kind] = (this.#totals[kind] ?? 0) + count
  }

  total(kind: number, now = this.#clock.now()): number {
    this.#expire(now)
    return this.#totals[kind] ?? 0
  }

  clear(): void {
    this.#counts.fill(0)
    this.#totals.fill(0)
  }

  #expire(now: number): void {
    const head = Math.floor(now / this.#sliceMs)
    const passed = head - this.#head
    if (passed <= 0) return
    this.#head = head
    if (passed >= this.#slices) {
      this.clear()
      return
    }
    for (let slice = head - passed + 1; slice <= head; slice++) {
      const start = (slice % this.#slices) * this.#kinds
      for (let kind = 0; kind < this.#kinds; kind++) {
        this.#totals[kind] = (this.#totals[kind] ?? 0) - (this.#counts[start + kind] ?? 0)
        this.#counts[start + kind] = 0
      }
    }
  }
}
