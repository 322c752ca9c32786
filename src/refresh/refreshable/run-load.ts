import { onAbort } from '../../core/abort.ts'
import type { Clock } from '../../core/clock.ts'
import { DeadlineError } from '../../layers/deadline/index.ts'
import type { Fresh, Load, LookAgain, Plan, Reason } from './plan.ts'

export interface LoadNeeds<Value> {
  readonly load: Load<Value>
  readonly plan: Pick<Plan<Value>, 'timeoutMs' | 'wantsLate'>
  readonly clock: Clock
  readonly reason: Reason
  readonly previous: Value | undefined
  readonly issuedAt: number
  /** Ends it at once with its reason. */
  readonly signal: AbortSignal
  /** How long the old value is still good, now; with 0 somebody waits for a new one. */
  leftMs(): number
  /** Gets what a load brings home after its callers were told that it failed. */
  late(fresh: Fresh<Value>): void
}

/** One load within its time. @throws DeadlineError */
export function runLoad<Value>(needs: LoadNeeds<Value>): Promise<Fresh<Value> | LookAgain> {
  const { plan, clock, signal, late } = needs
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    let over = false
    const settle = (outcome: () => void) => {
      over = true
      cancel()
      outcome()
    }
    const unlink = onAbort(signal, () => {
      if (!over) settle(() => reject(signal.reason))
      controller.abort(signal.reason)
    })
    const expire = () => {
      const error = new DeadlineError('call', plan.timeoutMs)
      settle(() => reject(error))
      if (!plan.wantsLate) controller.abort(error)
    }
    // A process must not end before an answer that somebody waits for.
    const cancel = clock.setTimer(plan.timeoutMs, expire, needs.leftMs() === 0)
    attempt(needs, controller.signal).then(
      (loaded) => {
        unlink()
        if (!over) settle(() => resolve(loaded))
        else if ('value' in loaded) late(loaded)
      },
      (error) => {
        unlink()
        if (!over) settle(() => reject(error))
      },
    )
  })
}

async function attempt<Value>(needs: LoadNeeds<Value>, signal: AbortSignal): Promise<Fresh<Value> | LookAgain> {
  const { load, reason, previous, issuedAt } = needs
  for (;;) {
    const leftMs = needs.leftMs()
    const loaded = await load({ signal, reason, previous, issuedAt, leftMs, awaited: leftMs === 0 })
    // The value may have ended while it was put off.
    if ('value' in loaded || leftMs === 0 || needs.leftMs() > 0) return loaded
  }
}
