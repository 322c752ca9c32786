import { type BreakerOptions, Circuit } from '../../../src/layers/breaker/index.ts'
import type { World } from '../../support/world.ts'

/** One failure opens it, and one probe decides. */
export function fragile(w: World, options: Partial<BreakerOptions> = {}) {
  const circuit = new Circuit({ consecutive: 1, probes: 1, ...options }, w, 'api.example:443')
  const fail = () => circuit.acquire().failure('failure', 10)
  const leftMs = () => circuit.check()?.retryAfterMs ?? 0
  /** Waits until the circuit may be probed. */
  const sitOut = () => w.clock.advance(leftMs())
  return { circuit, fail, leftMs, sitOut }
}
