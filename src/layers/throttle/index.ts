import type { Guard } from '../../core/guard.ts'
import type { Layer } from '../../core/layer.ts'
import { resolve } from '../../core/options.ts'
import { type Judge, plainJudge } from '../../core/outcome.ts'
import { pass } from '../../core/pass.ts'
import { type ThrottleOptions, throttleDefaults, throttleRules } from './options.ts'
import { Throttle } from './state.ts'

export { type ThrottleOptions, throttleDefaults } from './options.ts'
export { Throttle, ThrottledError, type ThrottleEvent } from './state.ts'

export interface ThrottleNeeds<Req, Res> {
  /** The state that counts for a request, told by whoever sees its attempts end. Absent: one of the layer's own. */
  throttleOf?: (request: Req) => Throttle | undefined
  /** How the layer's own state learns from what comes back. */
  judge?: Judge<Req, Res>
}

/**
 * Refuses calls that the server would not serve anyway, the least important first, before they queue anywhere.
 *
 * @throws ThrottledError at once
 */
export function throttle<Req, Res>(
  options: Partial<ThrottleOptions> = {},
  { throttleOf, judge = plainJudge }: ThrottleNeeds<Req, Res> = {},
): Layer<Req, Res> {
  const resolved = resolve('throttle', throttleDefaults, throttleRules, options)
  let shared: Throttle | undefined
  return (next, runtime) => {
    if (!throttleOf) shared ??= new Throttle(resolved, runtime)
    const own = throttleOf ? undefined : shared
    const of = throttleOf ?? (() => own)
    const guard: Guard<Req, Res> = {
      enter: (request, { priority }) => {
        const refusal = of(request)?.admit(priority)
        if (refusal) throw refusal
      },
      // One that is told by others learns nothing here.
      value: (value, request) => {
        own?.learn(judge.value(value, request))
      },
      error: (error, request, context) => {
        own?.learn(judge.error(error, request, context))
      },
    }
    return pass(guard, next, runtime)
  }
}
