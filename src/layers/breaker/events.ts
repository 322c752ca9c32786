import type { Phase } from './states.ts'
import type { TripReason } from './tally.ts'

export type OpenReason = TripReason | 'probe' | 'half-open-limit'

/** Why and for how long a circuit opened. */
export interface Opening {
  readonly reason: OpenReason
  readonly openMs: number
}

export type CircuitEvent =
  | ({ readonly type: 'circuit.opened'; readonly upstream?: string } & Opening)
  | { readonly type: 'circuit.half-opened' | 'circuit.closed' | 'circuit.isolated'; readonly upstream?: string }

/** @param opening what was told along with the change, if it is one to open */
export function eventOf(phase: Phase, upstream: string | undefined, opening: Opening | undefined): CircuitEvent {
  const type = `circuit.${phase}${phase.endsWith('open') ? 'ed' : ''}`
  return { type, ...(upstream !== undefined && { upstream }), ...(phase === 'open' && opening) } as CircuitEvent
}
