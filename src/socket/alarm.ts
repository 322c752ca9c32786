import type { Clock } from '../core/clock.ts'

/** One timer that is moved about. */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: (lateMs: number) => void
  #at = Infinity
  #cancel: (() => void) | undefined

  constructor(clock: Clock, ring: (lateMs: number) => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Rings at this moment and at no other; `Infinity` is never. */
  set(at: number, keepsAlive: boolean): void {
    if (at === this.#at) return
    this.#cancel?.()
    this.#cancel = undefined
    this.#at = at
    if (at === Infinity) return
    const ring = (lateMs: number) => {
      this.#at = Infinity
      this.#ring(lateMs)
    }
    this.#cancel = this.#clock.setTimer(Math.max(0, at - this.#clock.now()), ring, keepsAlive)
  }
}
