import type { BreakwaterError } from '../../core/error.ts'
import type { Context } from '../../core/layer.ts'
import type { Verdict } from '../../core/outcome.ts'
import { WaitQueue } from '../../core/queue.ts'
import type { Runtime } from '../../core/runtime.ts'
import { BestLatency } from './best-latency.ts'
import { LimitError } from './error.ts'
import { type CallsPerWindow, type LimitOptions, resolveLimit } from './options.ts'
import { Pace } from './pace.ts'

export type LimitEvent =
  | {
      readonly type: 'limit.changed'
      readonly upstream?: string
      readonly limit: number
      readonly reason: 'cut' | 'restart'
    }
  | { readonly type: 'limit.refused'; readonly upstream?: string; readonly queued: number }

/** A limit is cut at most this often, in ms: one stall is seen by every call that was in flight. */
const cutEveryMs = 1_000

/** A success this many times slower than the best says that a queue stands somewhere. */
const slowFactor = 3

/** Below this, in ms, latencies say more about our own event loop than about the server. */
const leastMs = 1

export interface LimiterNeeds {
  upstream?: string
  /** Why a call would be refused behind the queue: then it takes no place and does not wait for one. */
  check?: () => BreakwaterError | undefined
  /** A success within a quarter of this never holds the limit, in ms. */
  patienceMs?: number
}

/**
 * How many calls one server gets from us at a time. It grows while it is used up and answers stay fast, and falls to
 * half of what was in flight when the server stalls: TCP's rule, so that a client that was idle under a high limit
 * reacts just as fast. This, not the retry count, is what lets a server out of a stall that feeds itself.
 */
export class Limiter {
  readonly options: Readonly<LimitOptions>
  readonly #runtime: Runtime
  readonly #needs: LimiterNeeds
  readonly #queue = new WaitQueue()
  readonly #pace: Pace
  #alarm: (() => void) | undefined
  #limit: number
  #inFlight = 0
  /** Until the first cut the limit has no idea of its height, and doubles with every round trip. */
  #searching = true
  #cutAt = -Infinity
  readonly #best = new BestLatency()

  constructor(options: Partial<LimitOptions> | undefined, runtime: Runtime, needs: LimiterNeeds = {}) {
    this.options = resolveLimit(options)
    const { adaptive, initial, min, max } = this.options
    this.#runtime = runtime
    this.#needs = needs
    this.#pace = new Pace(this.options, runtime.clock)
    this.#limit = adaptive ? Math.min(max, Math.max(min, initial)) : max
  }

  get limit(): number {
    return this.#limit
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get queued(): number {
    return this.#queue.size
  }

  /**
   * Whether more than this share of what is allowed is in use. Before its first cut a limit follows the use from below:
   * that it is used up says nothing about the server yet.
   */
  usedBeyond(share: number): boolean {
    return !this.#searching && this.#inFlight > this.#limit * share
  }

  /** Takes a place: at once where one is free (undefined), else a promise for it. */
  enter(context: Context, now?: number): Promise<void> | undefined {
    const refusal = this.#needs.check?.()
    if (refusal) throw refusal
    if (this.#queue.size === 0 && this.#inFlight < this.#allowed && this.#pace.waitMs(now) === 0) {
      this.#start(now)
      return undefined
    }
    if (this.#queue.size >= this.options.queue) {
      const seen = { inFlight: this.#inFlight, queued: this.#queue.size, limit: this.#allowed }
      this.#tell({ type: 'limit.refused', queued: seen.queued })
      throw new LimitError(seen, this.#needs.upstream)
    }
    const turn = this.#queue.wait(context)
    this.#admit()
    return turn
  }

  /** Gives the place back and learns from how the attempt went. */
  leave(verdict: Verdict, durationMs: number, now = this.#runtime.clock.now()): void {
    if (this.options.adaptive) this.#learn(verdict, durationMs, now)
    this.#inFlight--
    this.#admit()
  }

  /** After an outage: start low, so that those who wait come back in steps, none of them refused. */
  restart(): void {
    if (!this.options.adaptive) return
    const { min, max } = this.options
    this.#limit = Math.min(max, Math.max(4, min, this.#limit / 10))
    this.#searching = true
    this.#tell({ type: 'limit.changed', limit: this.#allowed, reason: 'restart' })
    this.#admit()
  }

  /** Sends away everybody who waits. */
  failAll(reason: () => unknown): void {
    this.#queue.failAll(reason)
    this.#alarm?.()
    this.#alarm = undefined
  }

  /** The server announced a quota. */
  learnQuota(quota: CallsPerWindow): void {
    this.#pace.learn(quota)
  }

  get #allowed(): number {
    return Math.floor(this.#limit)
  }

  #start(now?: number): void {
    this.#inFlight++
    this.#pace.take(now)
  }

  #admit(): void {
    while (this.#queue.size > 0 && this.#inFlight < this.#allowed) {
      const refusal = this.#needs.check?.()
      if (refusal) {
        this.failAll(() => this.#needs.check?.() ?? refusal)
        return
      }
      const waitMs = this.#pace.waitMs()
      if (waitMs > 0) {
        this.#admitIn(waitMs)
        return
      }
      // Taken in the name of the one who is woken: nobody who comes in between can have it.
      this.#start()
      this.#queue.wake()
    }
  }

  /** One timer for all who wait; those who came in the meantime find it set. */
  #admitIn(waitMs: number): void {
    const ring = () => {
      this.#alarm = undefined
      this.#admit()
    }
    this.#alarm ??= this.#runtime.clock.setTimer(waitMs, ring, true)
  }

  #learn(verdict: Verdict, durationMs: number, now: number): void {
    if (verdict === 'timeout' || verdict === 'overload') this.#cut(now)
    else if (verdict === 'success') this.#grow(durationMs, now)
  }

  #cut(now: number): void {
    if (now - this.#cutAt < cutEveryMs) return
    this.#cutAt = now
    this.#searching = false
    this.#limit = Math.max(this.options.min, Math.min(this.#limit, this.#inFlight / 2))
    this.#tell({ type: 'limit.changed', limit: this.#allowed, reason: 'cut' })
  }

  #grow(durationMs: number, now: number): void {
    const bestMs = this.#best.add(durationMs, now)
    if (this.#inFlight < this.#allowed) return
    const fast = durationMs <= Math.max(bestMs, leastMs) * slowFactor
    if (this.#searching ? !fast : !fast && durationMs > (this.#needs.patienceMs ?? 0) / 4) return
    this.#limit = Math.min(this.options.max, this.#limit + (this.#searching ? 1 : 1 / this.#limit))
  }

  #tell(event: LimitEvent): void {
    const { upstream } = this.#needs
    this.#runtime.emit?.(upstream === undefined ? event : { ...event, upstream })
  }
}
