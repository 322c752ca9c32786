import { ClosedError } from '../../core/closed-error.ts'
import { detach } from '../../core/detach.ts'
import { Flight } from '../../core/flight.ts'
import type { Runtime } from '../../core/runtime.ts'
import { Alarm } from './alarm.ts'
import { Held } from './held.ts'
import type { Fresh, GetOptions, Load, Plan, Reason } from './plan.ts'
import { runLoad } from './run-load.ts'

const noOptions: GetOptions = {}

/**
 * A value with a lifetime, renewed before it ends: at a moment of its own, by one load at a time, behind the backs of
 * those who use it.
 *
 * While the value is good, `get` neither waits nor throws. Once there is none, all who ask share one load and its
 * failure. The load belongs to none of them: it runs on when they leave, and in the async context in which this was
 * made. A value that nobody asked for during one whole lifetime is left to lapse, so that an idle fleet costs nothing.
 */
export class Refreshable<Value> {
  readonly #load: Load<Value>
  readonly #plan: Plan<Value>
  readonly #runtime: Runtime
  readonly #detached: ReturnType<typeof detach>
  readonly #alarm: Alarm | undefined
  #held: Held<Value> | undefined
  #flight: Flight<Value> | undefined
  /** Before this no renewal is begun behind the back of anybody. */
  #notBefore = -Infinity
  /** Shared by all who ask before its time is over. */
  #failure: { readonly error: unknown; readonly until: number } | undefined
  #askedAt = -Infinity
  #closed: ClosedError | undefined

  /** @param detached runs the load in a context that is no caller's; that of here and now if absent */
  constructor(load: Load<Value>, plan: Plan<Value>, runtime: Runtime, detached = detach()) {
    this.#load = load
    this.#plan = plan
    this.#runtime = runtime
    this.#detached = detached
    if (plan.timed)
      this.#alarm = new Alarm(
        runtime.clock,
        () => this.#dueMs(),
        () => this.#due(),
      )
  }

  get({ signal, minValidMs = 0 }: GetOptions = noOptions): Promise<Value> {
    const held = this.#held
    // The whole path of who waits with others: it must cost next to nothing.
    if (held === undefined && signal === undefined && this.#flight) return this.#flight.join()
    if (signal?.aborted) return Promise.reject(signal.reason)
    const { clock } = this.#runtime
    const now = clock.now()
    this.#askedAt = now
    if (held !== undefined && !held.rejected && this.#closed === undefined) {
      const ageMs = held.ageMs(clock, now)
      const leftMs = held.lifetimeMs - ageMs
      const lastsEnough = leftMs >= Math.min(minValidMs, held.lifetimeMs / 2)
      if (leftMs > 0 && (lastsEnough || (now < this.#notBefore && this.#flight === undefined))) {
        if (ageMs >= held.refreshAfterMs && now >= this.#notBefore) this.#start('renewal')
        return held.promise
      }
    }
    return this.#wait(signal, now)
  }

  /** The value, if it is good. To ask for it so does not keep it fresh. */
  peek(): Value | undefined {
    return this.#remainingMs > 0 ? this.#held?.value : undefined
  }

  /** The value and its age, unless it was found to be no good. */
  get current(): { readonly value: Value; readonly ageMs: number; readonly lifetimeMs: number } | undefined {
    if (this.#held === undefined || this.#held.rejected) return undefined
    const { value, lifetimeMs } = this.#held
    return { value, ageMs: this.#held.ageMs(this.#runtime.clock), lifetimeMs }
  }

  /** Whether a load is under way. */
  get loading(): boolean {
    return this.#flight !== undefined
  }

  /** Loads it anew behind the backs of its callers, unless it is too soon after a failure. */
  renew(): void {
    if (this.#closed === undefined && this.#runtime.clock.now() >= this.#notBefore) this.#start('renewal')
  }

  /** This value is no good, if it is still the one: who asks next waits for another. */
  reject(value: Value): void {
    if (this.#held?.value !== value) return
    this.#held.rejected = true
    if (this.#failure?.until !== Infinity) this.#failure = undefined
    this.#alarm?.clear()
  }

  /** Takes a value that came another way, unless it is older than the one there is. */
  put(fresh: Fresh<Value>): boolean {
    const held = this.#held
    if (this.#closed || (held !== undefined && fresh.issuedAt < held.issuedAt)) return false
    const { clock } = this.#runtime
    this.#held = new Held(fresh, this.#plan.refreshAfterMs(fresh), clock)
    this.#notBefore = -Infinity
    this.#failure = undefined
    this.#alarm?.set()
    return true
  }

  /** Ends loads and timers; who waits, and whoever asks later, gets a `ClosedError`. */
  close(what: string): void {
    if (this.#closed) return
    this.#closed = new ClosedError(what)
    this.#alarm?.clear()
    this.#flight?.abort(this.#closed)
  }

  get #remainingMs(): number {
    return this.#closed ? 0 : (this.#held?.leftMs(this.#runtime.clock) ?? 0)
  }

  #wait(signal: AbortSignal | undefined, now: number): Promise<Value> {
    if (this.#closed) return Promise.reject(this.#closed)
    if (this.#flight === undefined) {
      const held = this.#held
      if (this.#failure && now < this.#failure.until) {
        return held?.serves(this.#runtime.clock, this.#plan.graceMs)
          ? held.promise
          : Promise.reject(this.#failure.error)
      }
      this.#start(held === undefined ? 'first' : held.rejected ? 'rejected' : 'renewal')
    }
    return (this.#flight as Flight<Value>).join(signal)
  }

  #start(reason: Reason): void {
    if (this.#flight) return
    this.#alarm?.clear()
    const over = () => {
      if (this.#flight === flight) this.#flight = undefined
    }
    const flight: Flight<Value> = new Flight((signal) => this.#detached(() => this.#work(signal, reason)), over)
    this.#flight = flight
    // One who never leaves, so that the last caller's abort does not end what the next one needs.
    flight.join().catch(() => {})
  }

  async #work(signal: AbortSignal, reason: Reason): Promise<Value> {
    const { clock } = this.#runtime
    const startedAt = clock.now()
    const landed = (fresh: Fresh<Value>) => {
      if (this.put(fresh)) this.#plan.changed?.(fresh.value, reason, clock.now() - startedAt)
    }
    try {
      const { value: previous, issuedAt = -Infinity } = this.#held ?? {}
      const about = { clock, reason, previous, issuedAt, signal }
      const leftMs = () => this.#remainingMs
      const loaded = await runLoad({ load: this.#load, plan: this.#plan, ...about, leftMs, late: landed })
      if ('value' in loaded) {
        landed(loaded)
        return this.#remainingMs > 0 ? (this.#held as Held<Value>).value : loaded.value
      }
      this.#notBefore = clock.now() + loaded.lookAgainInMs
      this.#alarm?.set()
      return (this.#held as Held<Value>).value
    } catch (error) {
      return this.#fail(error, reason)
    }
  }

  /** What a failure leaves to its callers: the old value, as long as it serves, or the error. */
  #fail(error: unknown, reason: Reason): Value {
    if (this.#closed) throw this.#closed
    const [plan, held, { clock }] = [this.#plan, this.#held, this.#runtime]
    const now = clock.now()
    const leftMs = this.#remainingMs
    const serves = held?.serves(clock, plan.graceMs) === true
    const failureMs = plan.failureMs(error, serves)
    const retryMs = Math.max(held ? plan.retryMs(held.lifetimeMs, leftMs, error) : 0, leftMs === 0 ? failureMs : 0)
    this.#notBefore = now + retryMs
    if (leftMs === 0 || failureMs === Infinity) this.#failure = { error, until: now + failureMs }
    this.#alarm?.set()
    plan.failed?.(error, reason, retryMs)
    if (held && serves) return held.value
    throw error
  }

  /** Until the next renewal, in ms. */
  #dueMs(): number {
    if (!this.#held || this.#closed) return Infinity
    return Math.max(this.#held.dueMs(this.#runtime.clock), this.#notBefore - this.#runtime.clock.now())
  }

  /** The moment of the next renewal has come; it is no use to anybody if nobody asked for a whole lifetime. */
  #due(): void {
    const idleMs = this.#runtime.clock.now() - this.#askedAt
    if (this.#plan.keepFresh || idleMs < (this.#held?.lifetimeMs ?? 0)) this.#start('renewal')
  }
}
