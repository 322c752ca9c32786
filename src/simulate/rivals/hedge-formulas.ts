import { QuantileSketch } from '../../core/quantile.ts'
import type { Caller } from '../http-caller.ts'
import type { RequestServer } from '../servers/request-server.ts'
import type { World } from '../world.ts'

/** When a client sends a second copy of a slow request. None of them asks whether the server has room. */
export interface HedgeFormula {
  readonly name: string
  readonly label: string
  /** For each client: told what each first copy took, it says how long to wait for the next one; `undefined` sends no second. */
  delays(): { observe(tookMs: number): void; delayMs(): number | undefined }
}

/** What the fastest 95 of 100 calls take of a server at rest, in ms: 10 ms · e^(0.4 · 1.88), with 2 % stragglers beyond. */
const restP95Ms = 21

function fixed(delayMs: number | undefined): HedgeFormula['delays'] {
  return () => ({ observe() {}, delayMs: () => delayMs })
}

/**
 * Nobody, the fixed delay of Dean and Barroso ("The Tail at Scale", 2013) and of gRPC's `hedgingDelay` (gRFC A6), and a
 * percentile that is followed, as Finagle's and failsafe-go's is.
 */
export const hedgeFormulas: readonly HedgeFormula[] = [
  { name: 'none', label: 'no hedging', delays: fixed(undefined) },
  { name: 'fixed-p95', label: `fixed delay of ${restP95Ms} ms, ungated`, delays: fixed(restP95Ms) },
  { name: 'fixed-p50', label: 'fixed delay of 10 ms, ungated', delays: fixed(10) },
  {
    name: 'adaptive-p95',
    label: 'adaptive p95, ungated',
    delays() {
      const sketch = new QuantileSketch(1_000)
      return {
        observe: (tookMs) => sketch.add(tookMs),
        delayMs: () => (sketch.count < 50 ? undefined : sketch.quantile(0.95)),
      }
    },
  },
]

/** Makes calls by such a formula; each is told whether it was answered. The loser is left, which the server does not notice. */
export function hedgedCaller(world: World, server: RequestServer, formula: HedgeFormula, onHedge: () => void): Caller {
  const { clock } = world
  const delays = formula.delays()
  return (done) => {
    const startedAt = clock.now()
    const leaves: (() => void)[] = []
    let cancel: (() => void) | undefined
    const send = () =>
      server.ask(({ status }) => {
        cancel?.()
        // A first copy that was overtaken took at least this long.
        delays.observe(clock.now() - startedAt)
        for (const leave of leaves) leave()
        done(status === 200)
      })
    const delayMs = delays.delayMs()
    leaves.push(send())
    if (delayMs === undefined) return
    cancel = world.later(delayMs, () => {
      onHedge()
      leaves.push(send())
    })
  }
}
