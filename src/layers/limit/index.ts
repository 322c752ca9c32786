import type { Layer } from '../../core/layer.ts'
import { type Judge, plainJudge } from '../../core/outcome.ts'
import { Limiter } from './limiter.ts'
import { type LimitOptions, resolveLimit } from './options.ts'

export { LimitError } from './error.ts'
export { type LimitEvent, Limiter } from './limiter.ts'
export { type CallsPerWindow, type LimitOptions, limitDefaults } from './options.ts'

export interface LimitNeeds<Req, Res> {
  /** A limiter that others ask too; the layer makes its own if absent. */
  limiter?: Limiter
  judge?: Judge<Req, Res>
  /** Settles when a value has given up what it holds, where the place is kept until then. */
  heldUntil?: (value: Res) => Promise<unknown> | undefined
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
  const resolved = needs.limiter?.options ?? resolveLimit(options)
  const { judge = plainJudge, heldUntil } = needs
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
        const verdict = judge.value(value, request)
        const durationMs = clock.now() - startedAt
        const held = limiter.options.until === 'body' ? heldUntil?.(value) : undefined
        if (held === undefined) limiter.leave(verdict, durationMs)
        else {
          const leave = () => limiter.leave(verdict, durationMs)
          held.then(leave, leave)
        }
        return value
      } catch (error) {
        limiter.leave(judge.error(error, request, context), clock.now() - startedAt)
        throw error
      }
    }
  }
}
