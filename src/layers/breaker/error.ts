import { BreakwaterError } from '../../core/error.ts'
import type { Phase } from './states.ts'

/** The circuit is open (or a probe is out, or somebody holds it open): nothing was sent. */
export class CircuitOpenError extends BreakwaterError {
  static readonly code = 'circuit-open'
  override readonly name = 'CircuitOpenError'
  readonly phase: Exclude<Phase, 'closed'>

  constructor(phase: Exclude<Phase, 'closed'>, retryAfterMs: number | undefined, upstream?: string) {
    super('circuit-open', phase === 'isolated' ? 'the circuit is held open by hand' : `the circuit is ${phase}`, {
      retryAfterMs,
      upstream,
    })
    this.phase = phase
  }
}
