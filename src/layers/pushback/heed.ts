import type { Guard } from '../../core/guard.ts'
import type { Layer } from '../../core/layer.ts'
import { pass } from '../../core/pass.ts'
import type { Hint } from '../../core/retry-after.ts'
import type { Gate } from './gate.ts'

/** Whether a value pushes back: a hint read from it, `'unhinted'`, or not at all; `'served'` is a success. */
export type ReadPushback<Req, Res> = (value: Res, request: Req) => Hint | 'unhinted' | 'served' | undefined

/**
 * The gate's other half, behind the queue: it tells the gate what an answer said before the answer's place goes to the
 * next in line, and sends that one back if the gate has shut while it queued. Without it, everybody who queued when the
 * first 503 came would still be sent.
 */
export function heed<Req, Res>(gate: Gate | ((request: Req) => Gate), read: ReadPushback<Req, Res>): Layer<Req, Res> {
  const gateOf = typeof gate === 'function' ? gate : () => gate
  return (next, runtime) => {
    const guard: Guard<Req, Res> = {
      enter: (request, _context, now) => {
        const back = gateOf(request).turnBack(now)
        if (back) throw back
      },
      value: (value, request) => {
        const said = read(value, request)
        if (said === undefined) return
        if (said === 'served') gateOf(request).served()
        else if (said === 'unhinted') gateOf(request).closeUnhinted()
        else gateOf(request).close(said)
      },
    }
    return pass(guard, next, runtime)
  }
}
