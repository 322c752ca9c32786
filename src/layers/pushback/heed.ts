import type { Layer } from '../../core/layer.ts'
import type { Hint } from '../../core/retry-after.ts'
import type { Gate } from './gate.ts'

/** Whether a value pushes back: a hint read from it, `'unhinted'`, or not at all; `'served'` is a success. */
export type ReadPushback<Req, Res> = (value: Res, request: Req) => Hint | 'unhinted' | 'served' | undefined

/**
 * The gate's other half, behind the queue: it tells the gate what an answer said before the answer's place goes to the
 * next in line, and sends that one back if the gate has shut while it queued. Without it, everybody who queued when the
 * first 503 came would still be sent.
 */
export function heed<Req, Res>(gate: Gate, read: ReadPushback<Req, Res>): Layer<Req, Res> {
  return (next) => (request, context) => {
    const back = gate.turnBack()
    if (back) return Promise.reject(back)
    return next(request, context).then((value) => {
      const said = read(value, request)
      if (said === 'served') gate.served()
      else if (said === 'unhinted') gate.closeUnhinted()
      else if (said !== undefined) gate.close(said)
      return value
    })
  }
}
