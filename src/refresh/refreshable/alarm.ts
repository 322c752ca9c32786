import type { Clock } from '../../core/clock.ts'
import { napMs } from '../refresh-time.ts'

/** Rings once what is due is due, which it asks again after each nap: what is due can move, and machines sleep. */
export class Alarm {
  readonly #clock: Clock
  readonly #dueMs: () => number
  readonly #ring: () => void
  #cancel: (() => void) | undefined

  /** @param dueMs how long until then, in ms; `Infinity`: there is nothing to ring for */
  constructor(clock: Clock, dueMs: () => number, ring: () => void) {
    this.#clock = clock
    this.#dueMs = dueMs
    this.#ring = ring
  }

  set(): void {
    this.clear()
    const dueMs = this.#dueMs()
    if (dueMs !== Infinity) this.#cancel = this.#clock.setTimer(napMs(dueMs), () => this.#wake())
  }

  clear(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #wake(): void {
    // Less than a millisecond is rounding, and a timer for it would fire at this very moment for ever.
    if (this.#dueMs() >= 1) this.set()
    else this.#ring()
  }
}
