import { onAbort } from '../../core/abort.ts'
import { type Clock, systemClock } from '../../core/clock.ts'

/** What the doctor may ask of somebody else's server: a look, never a load. */
export const mostRequests = 12

/** Requests that are made at the same time, once. */
export const burstSize = 5

/** Counts what is asked of a server, and ends what takes too long. */
export class Allowance {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly clock: Clock = systemClock
  #used = 0

  constructor(timeoutMs: number, signal: AbortSignal) {
    this.timeoutMs = timeoutMs
    this.signal = signal
  }

  get used(): number {
    return this.#used
  }

  /** Counts one more. A mistake of ours must not become a load on others. */
  take(): void {
    if (this.#used >= mostRequests) throw new Error(`the doctor makes at most ${mostRequests} requests`)
    this.#used++
  }

  /** Runs `end` when the time is up or somebody wants it over; the function returned takes that back. */
  bound(end: (code: 'TIMEOUT' | 'ABORTED') => void, ms: number = this.timeoutMs): () => void {
    if (this.signal.aborted) {
      end('ABORTED')
      return () => {}
    }
    const cancel = this.clock.setTimer(ms, () => end('TIMEOUT'), true)
    const leave = onAbort(this.signal, () => end('ABORTED'))
    return () => {
      cancel()
      leave()
    }
  }
}
