import { backoffMs } from '../../core/backoff.ts'
import { BreakwaterError } from '../../core/error.ts'
import type { Context } from '../../core/layer.ts'
import { resolve } from '../../core/options.ts'
import type { Hint } from '../../core/retry-after.ts'
import type { Runtime } from '../../core/runtime.ts'
import { type PushbackOptions, pushbackDefaults, pushbackRules } from './options.ts'

/** The server asked us to stay away for longer than this call can wait. */
export class PushbackError extends BreakwaterError {
  static readonly code = 'pushback'
  override readonly name = 'PushbackError'

  constructor(retryAfterMs: number, upstream?: string) {
    super('pushback', `the server asked to come back in ${Math.ceil(retryAfterMs)} ms`, { retryAfterMs, upstream })
  }
}

export type PushbackEvent =
  | ({ readonly type: 'pushback.received'; readonly upstream?: string } & Partial<
      Pick<Hint, 'header'> & { readonly hintMs: number }
    >)
  | { readonly type: 'pushback.waiting'; readonly upstream?: string; readonly delayMs: number }
  | { readonly type: 'pushback.refused'; readonly upstream?: string; readonly retryAfterMs: number }

/** The least width, in ms, over which those who waited come back. */
const leastSpreadMs = 1_000

/** For a 429 that names no time: our own throttle backoff, as wide as retry's. */
const ownBackoff = { baseMs: 1_000, capMs: 20_000, jitter: 'none' } as const

/**
 * What one server asked of all its callers: stay away until a moment (the floor). Nobody passes before it; above it
 * each call draws its own moment from a spread, because a shared answer is an appointment for everyone who got it.
 *
 * A call that comes while the spread runs draws from all of it as well, and passes if its moment has gone by. So the
 * share of calls let through rises evenly from none to all.
 */
export class Gate {
  readonly options: Readonly<PushbackOptions>
  readonly #runtime: Runtime
  readonly #upstream: string | undefined
  /** Something that a server said still counts; most gates never hear anything. */
  #isHeard = false
  #floorAt = -Infinity
  #endsAt = -Infinity
  #hintEndsAt = -Infinity
  readonly #turnedBack = new WeakSet<PushbackError>()
  #unhinted = 0
  #ownMs = 0
  #ownEndsAt = -Infinity

  constructor(options: Partial<PushbackOptions> | undefined, runtime: Runtime, upstream?: string) {
    this.options = resolve('pushback', pushbackDefaults, pushbackRules, options)
    this.#runtime = runtime
    this.#upstream = upstream
  }

  /** How long the gate stays shut, in ms; 0 when it is open. */
  get shutForMs(): number {
    return Math.max(0, this.#floorAt - this.#runtime.clock.now())
  }

  /** The server named a time. */
  close(hint: Hint): void {
    // Read once: with a clock that moves, two readings would make any hint look longer than its own floor.
    const now = this.#runtime.clock.now()
    const { maxMs, jitter } = this.options
    const waitMs = Math.min(hint.afterMs, maxMs)
    this.served()
    if (now + waitMs >= this.#floorAt) this.#hintEndsAt = now + hint.afterMs
    this.#shut(now + waitMs, Math.max(jitter * waitMs, leastSpreadMs))
    this.#tell({ type: 'pushback.received', hintMs: hint.afterMs, header: hint.header })
  }

  /** The server throttled us and named no time (or a browser hid it): our own backoff, wider each time. */
  closeUnhinted(): void {
    const { clock, random } = this.#runtime
    const now = clock.now()
    // A burst of calls is told so all at once; only an answer after the wait says that the wait was too short.
    if (now >= this.#ownEndsAt) {
      this.#ownMs = backoffMs(ownBackoff, this.#unhinted++, random)
      this.#ownEndsAt = now + this.#ownMs
    }
    this.#shut(now, this.#ownMs)
    this.#tell({ type: 'pushback.received' })
  }

  /** The server serves us again. */
  served(): void {
    this.#unhinted = 0
    this.#ownEndsAt = -Infinity
  }

  /** Why a call with this deadline cannot wait for the gate, if it cannot. */
  refuse(deadlineAt: number): PushbackError | undefined {
    const now = this.#runtime.clock.now()
    if (now >= this.#floorAt) return undefined
    // A hint beyond maxMs stands past its floor: it is not waited for, however patient the caller.
    if (this.#floorAt < deadlineAt && this.#hintEndsAt <= this.#floorAt) return undefined
    return new PushbackError(Math.max(this.#hintEndsAt, this.#floorAt) - now, this.#upstream)
  }

  /** Sends a call back to the gate that had passed it and queued behind it, if it has shut since. */
  turnBack(now = this.#runtime.clock.now()): PushbackError | undefined {
    if (!this.#isHeard || now >= this.#floorAt) return undefined
    const shutForMs = this.#floorAt - now
    const error = new PushbackError(shutForMs, this.#upstream)
    this.#turnedBack.add(error)
    return error
  }

  /** Whether this is a call that was sent back, and not one that was refused. */
  isTurnedBack(error: unknown): boolean {
    return error instanceof PushbackError && this.#turnedBack.has(error)
  }

  /** Undefined when the call may pass now, else a promise for its moment. Throws when it cannot wait that long. */
  pass(context: Context, now = this.#runtime.clock.now()): Promise<void> | undefined {
    if (!this.#isHeard) return undefined
    if (now >= this.#endsAt) {
      this.#isHeard = false
      return undefined
    }
    return this.#wait(context, now)
  }

  #wait(context: Context, now: number): Promise<void> | undefined {
    const refusal = this.refuse(context.deadlineAt)
    if (refusal) {
      this.#tell({ type: 'pushback.refused', retryAfterMs: refusal.retryAfterMs ?? 0 })
      throw refusal
    }
    // Whoever may wait until the floor gets its chance, with half of its patience left for the attempt.
    const spreadMs = Math.min(this.#endsAt - this.#floorAt, (context.deadlineAt - this.#floorAt) / 2)
    const passAt = this.#floorAt + this.#runtime.random() * spreadMs
    if (passAt <= now) return undefined
    this.#tell({ type: 'pushback.waiting', delayMs: passAt - now })
    return this.#sleepUntil(passAt, context)
  }

  async #sleepUntil(passAt: number, context: Context): Promise<void> {
    const floorAt = this.#floorAt
    await this.#runtime.clock.sleep(passAt - this.#runtime.clock.now(), context.signal)
    // Somebody was told a later moment while we waited.
    if (this.#floorAt > floorAt && this.#floorAt > passAt) await this.pass(context)
  }

  #shut(floorAt: number, spreadMs: number): void {
    this.#isHeard = true
    // Each by itself: a floor must hold although a wider spread without one (our own backoff) ends later.
    this.#floorAt = Math.max(this.#floorAt, floorAt)
    this.#endsAt = Math.max(this.#endsAt, floorAt + spreadMs)
  }

  #tell(event: PushbackEvent): void {
    this.#runtime.emit?.(this.#upstream === undefined ? event : { ...event, upstream: this.#upstream })
  }
}
