// A yardstick: what four policies cost at least, when they are written by hand as one class for one purpose and know nothing
// of a caller.
//
// What it does: repeats a call that failed (full jitter over a doubling backoff), ends an attempt that takes too long even
// if it never looks at its signal, opens a circuit after a row of failures and lets one probe through when the open time
// is over, and lets so many attempts run at once while others wait in line. The signal of an attempt is made when the
// function asks for it. All attempts that wait share one timer, which ticks: an attempt ends up to two ticks late.
//
// What it does not do: no signal from its caller, no deadline over the whole call, no retry budget, no Retry-After, no
// limit that finds its own height, no rates or slow calls in the circuit, no probes in a row, no observation, no events,
// no priorities, no options that are checked, no clock that a test can move.

import { Timeouts, type Waiting } from './timeouts.ts'

interface FusedOptions {
  readonly attempts: number
  readonly baseMs: number
  readonly capMs: number
  readonly failuresInARow: number
  readonly openMs: number
  readonly timeoutMs: number
  readonly atOnce: number
}

const usual: FusedOptions = {
  attempts: 3,
  baseMs: 50,
  capMs: 20_000,
  failuresInARow: 10,
  openMs: 1_000,
  timeoutMs: 10_000,
  atOnce: 1_000,
}

/** What an attempt is given. */
export interface Own {
  readonly signal: AbortSignal
}

class Attempt implements Own, Waiting {
  endsAt = 0
  before: Waiting | undefined
  after: Waiting | undefined
  readonly #fused: FourPolicies
  readonly #work: (own: Own) => Promise<unknown>
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void
  #number = 1
  #over = false
  #controller: AbortController | undefined

  constructor(
    fused: FourPolicies,
    work: (own: Own) => Promise<unknown>,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#fused = fused
    this.#work = work
    this.#resolve = resolve
    this.#reject = reject
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  start(): void {
    const refusal = this.#fused.admit()
    if (refusal) this.#reject(refusal)
    else if (this.#fused.enter(this)) this.run()
  }

  run(): void {
    this.#over = false
    this.#fused.timeouts.add(this)
    // What fails after the time was up is of no interest; with a number, a late end is not taken for the next attempt's.
    const number = this.#number
    this.#work(this).then(
      (value) => {
        if (this.#over || number !== this.#number) return
        this.#end()
        this.#fused.succeeded()
        this.#resolve(value)
      },
      (error: unknown) => {
        if (!this.#over && number === this.#number) this.#fail(error)
      },
    )
  }

  expire(): void {
    const error = new Error('timed out')
    this.#controller?.abort(error)
    this.#fail(error)
  }

  #end(): void {
    this.#over = true
    this.#fused.timeouts.remove(this)
    this.#fused.leave()
  }

  #fail(error: unknown): void {
    const { attempts, baseMs, capMs } = this.#fused.options
    this.#end()
    this.#fused.failed()
    if (this.#number >= attempts) {
      this.#reject(error)
      return
    }
    const waitMs = Math.random() * Math.min(capMs, baseMs * 2 ** (this.#number - 1))
    this.#number++
    this.#controller = undefined
    setTimeout(() => this.start(), waitMs)
  }
}

/** One upstream's state, and the calls that share it. */
export class FourPolicies {
  readonly options: FusedOptions
  readonly timeouts: Timeouts
  readonly #waiting: Attempt[] = []
  #running = 0
  #failures = 0
  #closedAt = 0

  constructor(options: FusedOptions = usual) {
    this.options = options
    this.timeouts = new Timeouts(options.timeoutMs)
  }

  call<Value>(work: (own: Own) => Promise<Value>): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      new Attempt(this, work, resolve as (value: unknown) => void, reject).start()
    })
  }

  /** Why an attempt may not be made; past the open time one may, as a probe. */
  admit(): Error | undefined {
    if (this.#failures < this.options.failuresInARow) return undefined
    const now = performance.now()
    if (now < this.#closedAt) return new Error('circuit open')
    this.#closedAt = now + this.options.openMs
    return undefined
  }

  /** Whether there is room; else the attempt is run when there is. */
  enter(attempt: Attempt): boolean {
    if (this.#running >= this.options.atOnce) {
      this.#waiting.push(attempt)
      return false
    }
    this.#running++
    return true
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next) next.run()
    else this.#running--
  }

  succeeded(): void {
    this.#failures = 0
  }

  failed(): void {
    if (++this.#failures >= this.options.failuresInARow) this.#closedAt = performance.now() + this.options.openMs
  }
}
