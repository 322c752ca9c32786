import type { Clock } from './clock.ts'

/**
 * Counts of several kinds over the last `spanMs`, in constant memory and without timers.
 *
 * Time is cut into slices. A slice is dropped as soon as any moment of it is older than the span, so nothing older
 * ever counts; the price is that the window seen is between `1 - 1 / slices` and all of the span.
 *
 * The slice in progress is counted by itself, and most windows of a client that knows many servers are never asked for
 * more: what lies further back is touched when a slice ends.
 */
export class RollingWindow {
  readonly #clock: Clock
  readonly #sliceMs: number
  readonly #slices: number
  readonly #kinds: number
  /** Counts of the slice in progress. */
  readonly #newest: number[]
  /** The number of the slice in progress since the clock's zero. */
  #head: number
  /** Counts of the slices before it, by slice and kind, and their sums. */
  #counts: Float64Array | undefined = undefined
  #totals: Float64Array | undefined = undefined

  constructor(clock: Clock, spanMs: number, kinds: number, slices = 10) {
    this.#clock = clock
    this.#sliceMs = spanMs / slices
    this.#slices = slices
    this.#kinds = kinds
    this.#newest = new Array<number>(kinds).fill(0)
    this.#head = Math.floor(clock.now() / this.#sliceMs)
  }

  /** @param now the clock's time, where somebody has just read it */
  add(kind: number, count = 1, now = this.#clock.now()): void {
    const head = Math.floor(now / this.#sliceMs)
    if (head > this.#head) this.#turn(head)
    this.#newest[kind] = (this.#newest[kind] ?? 0) + count
  }

  total(kind: number, now = this.#clock.now()): number {
    const head = Math.floor(now / this.#sliceMs)
    if (head > this.#head) this.#turn(head)
    return (this.#totals?.[kind] ?? 0) + (this.#newest[kind] ?? 0)
  }

  clear(): void {
    this.#newest.fill(0)
    this.#counts?.fill(0)
    this.#totals?.fill(0)
  }

  /** Puts the slice that has ended to the others, and drops those that have become too old. */
  #turn(head: number): void {
    const ended = this.#head
    this.#head = head
    if (head - ended >= this.#slices) {
      this.clear()
      return
    }
    this.#counts ??= new Float64Array(this.#kinds * this.#slices)
    this.#totals ??= new Float64Array(this.#kinds)
    for (let kind = 0; kind < this.#kinds; kind++) {
      const count = this.#newest[kind] ?? 0
      this.#newest[kind] = 0
      this.#counts[(ended % this.#slices) * this.#kinds + kind] = count
      this.#totals[kind] = (this.#totals[kind] ?? 0) + count
    }
    for (let slice = ended + 1; slice <= head; slice++) this.#drop(slice % this.#slices)
  }

  #drop(slice: number): void {
    if (this.#counts === undefined || this.#totals === undefined) return
    for (let kind = 0; kind < this.#kinds; kind++) {
      const at = slice * this.#kinds + kind
      this.#totals[kind] = (this.#totals[kind] ?? 0) - (this.#counts[at] ?? 0)
      this.#counts[at] = 0
    }
  }
}
