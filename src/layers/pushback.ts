import { backoffMs } from '../core/backoff.ts'
import { BreakwaterError } from '../core/error.ts'
import type { Context, Layer } from '../core/layer.ts'
import { listOf, number, type Rules, resolve, statusList } from '../core/options.ts'
import { type Hint, hintHeaders } from '../core/retry-after.ts'
import type { Runtime } from '../core/runtime.ts'

export interface PushbackOptions {
  /**
   * The longest hint that is waited for, in ms; a call fails at once while a longer one stands.
   * @default 300000
   */
  maxMs: number
  /**
   * How much later than the hint callers may come, as a share of it (and at least 1 s): the wait above the floor is
   * drawn from it. 0 leaves the second.
   * @default 0.2
   */
  jitter: number
  /**
   * Answers that close the gate, whichever of `headers` they carry. Any other answer that is worth a retry closes it
   * with a `Retry-After`.
   * @default [429, 503]
   */
  statuses: readonly number[]
  /**
   * Where a hint is looked for, in order; other names are read as `Retry-After` is.
   * @default ['retry-after', 'ratelimit', 'ratelimit-reset', 'x-ratelimit-reset', 'x-ratelimit-retry-after']
   */
  headers: readonly string[]
}

export const pushbackDefaults: Readonly<PushbackOptions> = {
  maxMs: 300_000,
  jitter: 0.2,
  statuses: [429, 503],
  headers: hintHeaders,
}

const rules: Rules<PushbackOptions> = {
  maxMs: number(0, Number.MAX_VALUE),
  jitter: number(0, Number.MAX_VALUE),
  statuses: statusList,
  headers: listOf('lower-case header names', (item) => typeof item === 'string' && /^[a-z0-9-]+$/.test(item)),
}

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
  #floorAt = -Infinity
  #spreadMs = 0
  #hintEndsAt = -Infinity
  #unhinted = 0

  constructor(options: Partial<PushbackOptions> | undefined, runtime: Runtime, upstream?: string) {
    this.options = resolve('pushback', pushbackDefaults, rules, options)
    this.#runtime = runtime
    this.#upstream = upstream
  }

  /** How long the gate stays shut, in ms; 0 when it is open. */
  get shutForMs(): number {
    return Math.max(0, this.#floorAt - this.#runtime.clock.now())
  }

  /** The server named a time. */
  close(hint: Hint): void {
    const { clock } = this.#runtime
    const { maxMs, jitter } = this.options
    const floorAt = clock.now() + Math.min(hint.afterMs, maxMs)
    this.#unhinted = 0
    if (floorAt >= this.#floorAt) this.#hintEndsAt = clock.now() + hint.afterMs
    this.#shut(floorAt, Math.max(jitter * Math.min(hint.afterMs, maxMs), leastSpreadMs))
    this.#tell({ type: 'pushback.received', hintMs: hint.afterMs, header: hint.header })
  }

  /** The server throttled us and named no time (or a browser hid it): our own backoff, wider each time. */
  closeUnhinted(): void {
    this.#shut(this.#runtime.clock.now(), backoffMs(ownBackoff, this.#unhinted++, this.#runtime.random))
    this.#tell({ type: 'pushback.received' })
  }

  /** The server serves us again. */
  served(): void {
    this.#unhinted = 0
  }

  /** Why a call with this deadline cannot wait for the gate, if it cannot. */
  refuse(deadlineAt: number): PushbackError | undefined {
    const now = this.#runtime.clock.now()
    if (now >= this.#floorAt) return undefined
    // A hint beyond maxMs stands past its floor: it is not waited for, however patient the caller.
    if (this.#floorAt < deadlineAt && this.#hintEndsAt <= this.#floorAt) return undefined
    return new PushbackError(Math.max(this.#hintEndsAt, this.#floorAt) - now, this.#upstream)
  }

  /** Undefined when the call may pass now, else a promise for its moment. Throws when it cannot wait that long. */
  pass(context: Context): Promise<void> | undefined {
    const now = this.#runtime.clock.now()
    if (now >= this.#floorAt + this.#spreadMs) return undefined
    return this.#wait(context, now)
  }

  #wait(context: Context, now: number): Promise<void> | undefined {
    const refusal = this.refuse(context.deadlineAt)
    if (refusal) {
      this.#tell({ type: 'pushback.refused', retryAfterMs: refusal.retryAfterMs ?? 0 })
      throw refusal
    }
    // Whoever may wait until the floor gets its chance, with half of its patience left for the attempt.
    const spreadMs = Math.min(this.#spreadMs, (context.deadlineAt - this.#floorAt) / 2)
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
    if (floorAt + spreadMs <= this.#floorAt + this.#spreadMs) return
    this.#floorAt = Math.max(floorAt, this.#floorAt)
    this.#spreadMs = spreadMs
  }

  #tell(event: PushbackEvent): void {
    this.#runtime.emit?.(this.#upstream === undefined ? event : { ...event, upstream: this.#upstream })
  }
}

export interface PushbackNeeds<Req, Res> {
  /** Whether this value pushes back: a hint read from it, `'unhinted'`, or not at all; `'served'` is a success. */
  read: (value: Res, request: Req) => Hint | 'unhinted' | 'served' | undefined
  /** A gate that others pass too; the layer makes its own if absent. */
  gate?: Gate
}

/**
 * Holds every call to a server back for as long as the server asked any of them, and lets them come back spread out.
 *
 * @throws PushbackError at once where the caller's deadline ends before the gate opens
 */
export function pushback<Req, Res>(options: Partial<PushbackOptions>, needs: PushbackNeeds<Req, Res>): Layer<Req, Res> {
  const resolved = needs.gate?.options ?? resolve('pushback', pushbackDefaults, rules, options)
  const { read } = needs
  let shared = needs.gate
  return (next, runtime) => {
    shared ??= new Gate(resolved, runtime)
    const gate = shared
    const send: typeof next = (request, context) =>
      next(request, context).then((value) => {
        const said = read(value, request)
        if (said === 'served') gate.served()
        else if (said === 'unhinted') gate.closeUnhinted()
        else if (said !== undefined) gate.close(said)
        return value
      })
    return async (request, context) => {
      const turn = gate.pass(context)
      if (turn !== undefined) await turn
      return send(request, context)
    }
  }
}
