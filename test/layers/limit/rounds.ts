import type { Verdict } from '../../../src/core/outcome.ts'
import type { LimitOptions } from '../../../src/layers/limit/index.ts'
import { Limiter, type LimiterNeeds } from '../../../src/layers/limit/limiter.ts'
import type { World } from '../../support/world.ts'

export type Ending = readonly [verdict: Verdict, durationMs: number]

export const fast: Ending = ['success', 10]

/** A limiter that has seen a call of 10 ms, and rounds of calls through it. */
export function limiterOf(w: World, options: Partial<LimitOptions> = {}, needs: LimiterNeeds = {}) {
  const limiter = new Limiter({ initial: 10, min: 2, ...options }, w, needs)
  const enter = (calls: number) => {
    for (let call = 0; call < calls; call++) limiter.enter(w.context())
  }
  const leave = (calls: number, [verdict, durationMs]: Ending) => {
    for (let call = 0; call < calls; call++) limiter.leave(verdict, durationMs)
  }
  /** So many calls at once, all of which end the same. */
  const round = (calls: number, ending: Ending) => {
    enter(calls)
    leave(calls, ending)
    return limiter.limit
  }
  round(1, fast)
  return { limiter, enter, leave, round }
}

/** One that has been cut, to 10 places. */
export function afterCut(w: World, options: Partial<LimitOptions> = {}, needs: LimiterNeeds = {}) {
  const all = limiterOf(w, { initial: 20, ...options }, needs)
  all.enter(20)
  all.leave(1, ['timeout', 1_000])
  all.leave(19, ['neutral', 10])
  return all
}
