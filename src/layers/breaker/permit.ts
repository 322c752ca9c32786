import type { Verdict } from '../../core/outcome.ts'
import type { BreakerOptions } from './options.ts'

/** Who gives permits, and hears how each was used. */
export interface Referee {
  readonly options: Readonly<BreakerOptions>
  /** @param verdict undefined where the attempt says nothing */
  used(permit: Permit, verdict: Verdict | undefined, durationMs: number, now?: number): void
}

/** Leave to make one attempt. Exactly one of its three ends is called, once; what comes later changes nothing. */
export class Permit {
  readonly referee: Referee
  /** The phase in which it was given. */
  readonly generation: number
  readonly isProbe: boolean
  readonly startedAt: number
  #given = true

  constructor(referee: Referee, generation: number, isProbe: boolean, startedAt: number) {
    this.referee = referee
    this.generation = generation
    this.isProbe = isProbe
    this.startedAt = startedAt
  }

  success(durationMs: number, now?: number): void {
    this.referee.used(this, 'success', durationMs, now)
  }

  failure(verdict: Verdict, durationMs: number, now?: number): void {
    this.referee.used(this, verdict, durationMs, now)
  }

  /** The attempt says nothing (its caller left): the place is given back and nothing moves. */
  ignore(): void {
    this.referee.used(this, undefined, 0)
  }

  /** False if it was used before. */
  spend(): boolean {
    const given = this.#given
    this.#given = false
    return given
  }
}
