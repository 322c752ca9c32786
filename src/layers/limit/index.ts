import type { Guard } from '../../core/guard.ts'
import type { Layer } from '../../core/layer.ts'
import { type Judge, plainJudge } from '../../core/outcome.ts'
import { pass } from '../../core/pass.ts'
import { Limiter } from './limiter.ts'
import { type LimitOptions, resolveLimit } from './options.ts'

export { LimitError } from './error.ts'
export { type LimitEvent, Limiter } from './limiter.ts'
export { type CallsPerWindow, type LimitOptions, limitDefaults } from './options.ts'

export interface LimitNeeds<Req, Res> {
  /** A limiter that others ask too; the layer makes its own if absent. */
  limiter?: Limiter
  /** The limiter of each request, where they differ. */
  limiterOf?: (request: Req) => Limiter
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
  const { judge = plainJudge, heldUntil, limiterOf } = needs
  const resolved = resolveLimit(options)
  let shared = needs.limiter
  return (next, runtime) => {
    if (!limiterOf) shared ??= new Limiter(resolved, runtime)
    const own = shared as Limiter
    const of = limiterOf ?? (() => own)
    const guard: Guard<Req, Res, number> = {
      wait: (request, context, now) => of(request).enter(context, now),
      enter: (_request, _context, startedAt) => startedAt,
      value: (value, request, _context, startedAt, now) => {
        const limiter = of(request)
        const verdict = judge.value(value, request)
        const durationMs = now - startedAt
        const held = limiter.options.until === 'body' ? heldUntil?.(value) : undefined
        if (held === undefined) limiter.leave(verdict, durationMs, now)
        else {
          const leave = () => limiter.leave(verdict, durationMs)
          held.then(leave, leave)
        }
      },
      error: (error, request, context, startedAt, now) => {
        of(request).leave(judge.error(error, request, context), now - startedAt, now)
      },
    }
    return pass(guard, next, runtime)
  }
}
