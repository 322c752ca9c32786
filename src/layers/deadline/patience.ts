import { Following } from '../../core/abort.ts'
import type { Chain, Link, Links } from '../../core/chain.ts'
import type { Deadlines, Due } from '../../core/deadlines.ts'
import type { Passing } from '../../core/guard.ts'
import type { Context } from '../../core/layer.ts'
import { canEnd, followContext, reasonOf, Scope, unfollowContext } from '../../core/scope.ts'
import { DeadlineError } from './error.ts'

/** Calls that wait for their end. */
export type Ongoing = Links<{
  /** Ends the call with this reason, as its caller's abort would. */
  end(reason: unknown): void
}>

/** How long one call is waited for: it ends with the time, with the abort of the signal above, or with the call. */
export class Patience implements Due {
  readonly scope: 'call' | 'attempt'
  readonly limitMs: number
  readonly below: Scope
  /** Something has gone up. From then on the signal below can still be aborted, for a body, but nothing else. */
  over = false
  dueAt = Infinity
  previous: Due | undefined = undefined
  next: Due | undefined = undefined
  chain: Chain<never> | undefined = undefined
  /** Its place among the calls that wait. */
  seat: Link<unknown> | undefined = undefined
  readonly #above: Context
  readonly #deadlines: Deadlines
  /** Gone with the call: a body that is still read must not keep all that led to it. */
  #passing: Passing | undefined
  readonly #at: number
  /** Its place among those that an abort from above ends. */
  readonly #following: Following | undefined

  /**
   * @param endsAt the deadline of those below
   * @param passing where to end the call, and at which of its steps
   */
  constructor(
    scope: 'call' | 'attempt',
    limitMs: number,
    context: Context,
    endsAt: number,
    deadlines: Deadlines,
    passing: Passing,
    at: number,
  ) {
    this.scope = scope
    this.limitMs = limitMs
    this.#above = context
    this.#deadlines = deadlines
    this.#passing = passing
    this.#at = at
    this.below = new Scope(context, endsAt)
    this.#following = canEnd(context) ? new Following(this) : undefined
    if (this.#following) followContext(context, this.#following)
  }

  /** Even where an outer deadline comes first: a more patient caller may join the flight that this is part of. */
  start(now: number): void {
    const { limitMs } = this
    if (this.over || limitMs === Infinity) return
    this.dueAt = now + limitMs
    this.#deadlines.add(this, limitMs)
  }

  expire(): void {
    this.end(new DeadlineError(this.scope, this.limitMs))
  }

  aborted(): void {
    this.end(reasonOf(this.#above))
  }

  /** After a value it still reaches the body, but no longer the promise. */
  end(reason: unknown): void {
    const passing = this.#passing
    if (!this.over) {
      this.finish()
      this.unlink()
    }
    this.below.abort(reason)
    passing?.cut(this.#at, reason)
  }

  /** @param covered what the time runs on for */
  finish(covered?: Promise<unknown>): void {
    this.over = true
    this.#passing = undefined
    this.seat?.leave()
    if (this.chain === undefined) return
    if (covered === undefined) {
      this.#deadlines.remove(this, this.limitMs)
      return
    }
    const stop = () => this.#deadlines.remove(this, this.limitMs)
    covered.then(stop, stop)
  }

  unlink(): void {
    if (this.#following) unfollowContext(this.#above, this.#following)
  }
}
