// The reference: what the behaviour of our default stack costs when it is written by hand as one class for one purpose.
//
// What it does, as our layers do: a deadline over the call and one over each attempt, both on a shared timer; the caller's
// signal ends the call; each attempt is handed a signal of its own, and is given up even if it never looks at it; full
// jitter over a doubling backoff, paid for by a budget that successes fill; a gate that a Retry-After would shut; a limit
// on attempts in flight that grows when it is used up and answers are fast, and halves when they do not come; a circuit
// over the failure rate of the last 30 s and failures in a row, with one probe; the latency of each attempt.
//
// What it does not do: no events, no priorities, no quantiles, no options that are checked, no clock that a test can move,
// no layers to take out or put in, no probes in a row, no open times that grow.

import { Gauge } from './gauge.ts'
import { Timeouts, type Waiting } from './timeouts.ts'

/** What one attempt is given. */
export interface Own {
  readonly signal: AbortSignal
}

const attempts = 3
const baseMs = 50
const capMs = 20_000

/** One timer for the patience of calls, and one for that of attempts. */
const callTimeouts = new Timeouts(30_000)
const attemptTimeouts = new Timeouts(10_000)

class Fused implements Waiting {
  endsAt = 0
  before: Waiting | undefined
  after: Waiting | undefined
  readonly #gauge: Gauge
  readonly #work: (own: Own) => Promise<unknown>
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void
  readonly #signal: AbortSignal | undefined
  #number = 0
  #attempt: Attempt | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    gauge: Gauge,
    work: (own: Own) => Promise<unknown>,
    signal: AbortSignal | undefined,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#gauge = gauge
    this.#work = work
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    signal?.addEventListener('abort', this.#left)
    callTimeouts.add(this)
  }

  begin(): void {
    const refusal = this.#gauge.refusal()
    if (refusal) this.#end(refusal)
    else if (this.#gauge.enter(this)) this.run()
  }

  run(): void {
    this.#number++
    this.#attempt = new Attempt(this, this.#work)
  }

  succeeded(value: unknown, tookMs: number, now: number): void {
    this.#gauge.succeeded(tookMs, now)
    if (this.#number === 1) this.#gauge.earn()
    this.#leave()
    this.#resolve(value)
  }

  failed(error: unknown, timedOut: boolean, now: number): void {
    this.#gauge.failed(timedOut, now)
    this.#attempt = undefined
    if (this.#number >= attempts || !this.#gauge.spend(timedOut ? 3 : 1)) {
      this.#end(error)
      return
    }
    const waitMs = Math.random() * Math.min(capMs, baseMs * 2 ** (this.#number - 1))
    this.#timer = setTimeout(() => this.begin(), waitMs)
  }

  expire(): void {
    const error = new Error('the call timed out')
    this.#attempt?.abandon(error)
    this.#end(error)
  }

  readonly #left = (): void => {
    this.#attempt?.abandon(this.#signal?.reason)
    this.#end(this.#signal?.reason)
  }

  #end(error: unknown): void {
    this.#leave()
    this.#reject(error)
  }

  #leave(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#left)
    callTimeouts.remove(this)
  }

  /** Gives the place back. */
  left(): void {
    this.#gauge.leave()
  }
}

class Attempt implements Waiting {
  endsAt = 0
  before: Waiting | undefined
  after: Waiting | undefined
  readonly #call: Fused
  readonly #controller = new AbortController()
  readonly #startedAt = performance.now()
  #over = false

  constructor(call: Fused, work: (own: Own) => Promise<unknown>) {
    this.#call = call
    attemptTimeouts.add(this)
    work({ signal: this.#controller.signal }).then(
      (value) => {
        if (!this.#end()) return
        const now = performance.now()
        call.succeeded(value, now - this.#startedAt, now)
      },
      (error: unknown) => {
        if (this.#end()) call.failed(error, false, performance.now())
      },
    )
  }

  expire(): void {
    if (!this.#end()) return
    const error = new Error('the attempt timed out')
    this.#controller.abort(error)
    this.#call.failed(error, true, performance.now())
  }

  /** The call has ended by itself. */
  abandon(reason: unknown): void {
    if (this.#end()) this.#controller.abort(reason)
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    attemptTimeouts.remove(this)
    this.#call.left()
    return true
  }
}

/** Calls to one upstream. */
export class SameBehaviour {
  readonly #gauge: Gauge

  /** @param atOnce the first height of the limit, which then finds its own; `Infinity` is none */
  constructor(atOnce = 64) {
    this.#gauge = new Gauge(atOnce)
  }

  call<Value>(work: (own: Own) => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      if (signal?.aborted) reject(signal.reason)
      else new Fused(this.#gauge, work, signal, resolve as (value: unknown) => void, reject).begin()
    })
  }
}
