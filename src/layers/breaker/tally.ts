import type { Clock } from '../../core/clock.ts'
import type { Verdict } from '../../core/outcome.ts'
import { RollingWindow } from '../../core/window.ts'
import type { BreakerOptions } from './options.ts'

export type TripReason = 'failure-rate' | 'slow-rate' | 'consecutive'

const succeeded = 0
const failed = 1
const slow = 2

/** What a closed circuit remembers of the attempts, and whether it is enough to open. */
export class Tally {
  readonly #options: Readonly<BreakerOptions>
  readonly #window: RollingWindow
  /** Failures since the last success. A window of its own, because a success empties it. */
  readonly #row: RollingWindow
  #inRow = false

  constructor(options: Readonly<BreakerOptions>, clock: Clock) {
    this.#options = options
    this.#window = new RollingWindow(clock, options.windowMs, 3)
    this.#row = new RollingWindow(clock, options.windowMs, 1)
  }

  add(verdict: Verdict, durationMs: number, now?: number): TripReason | undefined {
    const { slowMs, consecutive } = this.#options
    const success = verdict === 'success'
    this.#window.add(success ? succeeded : failed, 1, now)
    if (durationMs >= slowMs) this.#window.add(slow, 1, now)
    if (success) this.#endRow()
    // A server that is merely slow is answered by deadlines and the limit; in a row, only refusals say that it is gone.
    else if (verdict !== 'timeout') {
      this.#row.add(0, 1, now)
      this.#inRow = true
      if (this.#row.total(0) >= consecutive) return 'consecutive'
    }
    return success && slowMs === Infinity ? undefined : this.#rate(success)
  }

  clear(): void {
    this.#window.clear()
    this.#endRow()
  }

  #endRow(): void {
    if (this.#inRow) this.#row.clear()
    this.#inRow = false
  }

  #rate(success: boolean): TripReason | undefined {
    const { minCalls, failureRate, slowRate } = this.#options
    const failures = this.#window.total(failed)
    const attempts = failures + this.#window.total(succeeded)
    if (attempts < minCalls) return undefined
    if (!success && failures / attempts >= failureRate) return 'failure-rate'
    return this.#window.total(slow) / attempts >= slowRate ? 'slow-rate' : undefined
  }
}
