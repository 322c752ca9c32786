import type { Layer } from '../../core/layer.ts'
import { resolve } from '../../core/options.ts'
import { type Judge, plainJudge } from '../../core/outcome.ts'
import { Limiter } from './limiter.ts'
import { type LimitOptions, limitDefaults, limitRules } from './options.ts'

export { LimitError, type LimitEvent, Limiter, type LimiterNeeds } from './limiter.ts'
export { type LimitOptions, limitDefaults } from './options.ts'

export interface LimitNeeds<Req, Res> {
  /** A limiter that others ask too; the layer makes its own if absent. */
  limiter?: Limiter
  judge?: Judge<Req, Res>
}

/**
 * Lets as many calls through at a time as the server takes, and makes the others wait their turn.
 *
 * @throws LimitError at once when the queue is full
 */
export function limit<Req, Res>(
  options: Partial<LimitOptions> = {},
  needs: LimitNeeds<Req, Res> = {},
): Layer<Req, Res> {
  const resolved = needs.limiter?.options ?? resolve('limit', limitDefaults, limitRules, options)
  const { judge = plainJudge } = needs
  let shared = needs.limiter
  return (next, runtime) => {
    shared ??= new Limiter(resolved, runtime)
    const limiter = shared
    const { clock } = runtime
    return async (request, context) => {
      const turn = limiter.enter(context)
      if (turn !== undefined) await turn
      const startedAt = clock.now()
      try {
        const value = await next(request, context)
        limiter.leave(judge.value(value, request), clock.now() - startedAt)
        return value
      } catch (error) {
        limiter.leave(judge.error(error, request, context), clock.now() - startedAt)
        throw error
      }
    }
  }
}
