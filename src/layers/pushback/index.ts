import type { Layer } from '../../core/layer.ts'
import { resolve } from '../../core/options.ts'
import type { Hint } from '../../core/retry-after.ts'
import { Gate } from './gate.ts'
import { type PushbackOptions, pushbackDefaults, pushbackRules } from './options.ts'

export { Gate, PushbackError, type PushbackEvent } from './gate.ts'
export { type PushbackOptions, pushbackDefaults } from './options.ts'

export interface PushbackNeeds<Req, Res> {
  /** Whether this value pushes back: a hint read from it, `'unhinted'`, or not at all; `'served'` is a success. */
  read: (value: Res, request: Req) => Hint | 'unhinted' | 'served' | undefined
  /** A gate that others pass too; the layer makes its own if absent. */
  gate?: Gate
}

/**
 * Holds every call to a server back for as long as the server asked any of them, and lets them come back spread out.
 *
 * @throws PushbackError at once where the caller's deadline ends before the gate opens
 */
export function pushback<Req, Res>(options: Partial<PushbackOptions>, needs: PushbackNeeds<Req, Res>): Layer<Req, Res> {
  const resolved = needs.gate?.options ?? resolve('pushback', pushbackDefaults, pushbackRules, options)
  const { read } = needs
  let shared = needs.gate
  return (next, runtime) => {
    shared ??= new Gate(resolved, runtime)
    const gate = shared
    const send: typeof next = (request, context) =>
      next(request, context).then((value) => {
        const said = read(value, request)
        if (said === 'served') gate.served()
        else if (said === 'unhinted') gate.closeUnhinted()
        else if (said !== undefined) gate.close(said)
        return value
      })
    return async (request, context) => {
      const turn = gate.pass(context)
      if (turn !== undefined) await turn
      return send(request, context)
    }
  }
}
