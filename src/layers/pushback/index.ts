import { contextOf, type Guard } from '../../core/guard.ts'
import type { Context, Layer } from '../../core/layer.ts'
import { resolve } from '../../core/options.ts'
import { pass } from '../../core/pass.ts'
import { Gate } from './gate.ts'
import { heed, type ReadPushback } from './heed.ts'
import { type PushbackOptions, pushbackDefaults, pushbackRules } from './options.ts'

export { Gate, PushbackError, type PushbackEvent } from './gate.ts'
export { heed, type ReadPushback } from './heed.ts'
export { type PushbackOptions, pushbackDefaults } from './options.ts'

export interface PushbackNeeds<Req, Res> {
  /** Reads what an answer says. Absent: somebody below tells the gate. */
  read?: ReadPushback<Req, Res>
  /** A gate that others pass too; the layer makes its own if absent. */
  gate?: Gate
  /** The gate of each request, where they differ. */
  gateOf?: (request: Req) => Gate
}

/**
 * Holds every call to a server back for as long as the server asked any of them, and lets them come back spread out.
 *
 * @throws PushbackError at once where the caller's deadline ends before the gate opens
 */
export function pushback<Req, Res>(
  options: Partial<PushbackOptions> = {},
  needs: PushbackNeeds<Req, Res> = {},
): Layer<Req, Res> {
  const { read, gateOf } = needs
  const resolved = resolve('pushback', pushbackDefaults, pushbackRules, options)
  let shared = needs.gate
  return (next, runtime) => {
    if (!gateOf) shared ??= new Gate(resolved, runtime)
    const own = shared as Gate
    const of = gateOf ?? (() => own)
    const send = read ? heed(of, read)(next, runtime) : next
    /** For who was sent back to the gate. */
    const again = async (gate: Gate, request: Req, above: Context): Promise<Res> => {
      const context = contextOf(above)
      for (;;) {
        const turn = gate.pass(context)
        if (turn !== undefined) await turn
        try {
          return await send(request, context)
        } catch (error) {
          if (!gate.isTurnedBack(error)) throw error
        }
      }
    }
    const guard: Guard<Req, Res> = {
      wait: (request, context, now) => of(request).pass(context, now),
      error: (error, request, context) => {
        const gate = of(request)
        return gate.isTurnedBack(error) ? again(gate, request, context) : undefined
      },
    }
    return pass(guard, send, runtime)
  }
}
