import type { Clock } from '../../core/clock.ts'
import type { Fresh } from './plan.ts'

/** A value that is in use, and its times by both clocks: the monotonic one, and the calendar, which sleeps with nobody. */
export class Held<Value> {
  readonly value: Value
  /** The same promise for all who ask: a read of a good value makes nothing. */
  readonly promise: Promise<Value>
  readonly issuedAt: number
  readonly lifetimeMs: number
  readonly refreshAfterMs: number
  readonly #issuedWall: number
  /** Somebody found that it is no good. */
  rejected = false

  constructor(fresh: Fresh<Value>, refreshAfterMs: number, clock: Clock) {
    this.value = fresh.value
    this.promise = Promise.resolve(fresh.value)
    this.issuedAt = fresh.issuedAt
    this.lifetimeMs = fresh.lifetimeMs
    this.refreshAfterMs = refreshAfterMs
    this.#issuedWall = clock.wallNow() - (clock.now() - fresh.issuedAt)
  }

  /**
   * Its age, in ms, by the clock that says more: the monotonic one may stand still while the machine sleeps, and the
   * calendar may be set back.
   */
  ageMs(clock: Clock, now = clock.now()): number {
    return Math.max(now - this.issuedAt, clock.wallNow() - this.#issuedWall)
  }

  /** How long it is still good, in ms. */
  leftMs(clock: Clock): number {
    return this.rejected ? 0 : Math.max(0, this.lifetimeMs - this.ageMs(clock))
  }

  /** Until it is to be renewed, in ms. */
  dueMs(clock: Clock): number {
    return this.rejected ? Infinity : this.refreshAfterMs - this.ageMs(clock)
  }

  /** Whether it may still be good, as far as the clock that nobody sets can tell, or it still serves for want of another. */
  serves(clock: Clock, graceMs: number): boolean {
    return !this.rejected && clock.now() - this.issuedAt < this.lifetimeMs + graceMs
  }
}
