import type { Layer } from '../../core/layer.ts'
import { resolve } from '../../core/options.ts'
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
  const resolved = needs.gate?.options ?? resolve('pushback', pushbackDefaults, pushbackRules, options)
  const { read } = needs
  let shared = needs.gate
  return (next, runtime) => {
    shared ??= new Gate(resolved, runtime)
    const gate = shared
    const send = read ? heed(gate, read)(next, runtime) : next
    return async (request, context) => {
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
  }
}
