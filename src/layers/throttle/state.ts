import { BreakwaterError } from '../../core/error.ts'
import type { Priority } from '../../core/layer.ts'
import { resolve } from '../../core/options.ts'
import type { Verdict } from '../../core/outcome.ts'
import type { Runtime } from '../../core/runtime.ts'
import { RollingWindow } from '../../core/window.ts'
import { type ThrottleOptions, throttleDefaults, throttleRules } from './options.ts'

/** The server has lately taken too little of what we ask; this call was not sent, to let it recover. */
export class ThrottledError extends BreakwaterError {
  static readonly code = 'throttled'
  override readonly name = 'ThrottledError'
  /** What refused it: too few accepts, or timeouts in a row. */
  readonly reason: ThrottleReason

  constructor(reason: ThrottleReason, upstream?: string) {
    super('throttled', reason === 'accepts' ? 'the server takes too few of our calls' : 'the last calls timed out', {
      upstream,
    })
    this.reason = reason
  }
}

export type ThrottleReason = 'accepts' | 'timeouts'

export interface ThrottleEvent {
  readonly type: 'throttle.refused'
  readonly upstream?: string
  readonly reason: ThrottleReason
  readonly priority: Priority
}

/** The first to be refused comes first; the window counts calls by this order. */
const order: readonly Priority[] = ['background', 'low', 'normal', 'high', 'critical']
const accepted = order.length

/** Each timeout halves what passes, down to a quarter; after five seconds it counts half. */
const gateFloor = 1 / 4
const evidenceHalfLifeMs = 5_000

/**
 * What one server has lately made of our calls, and so how many of the next ones are worth sending.
 *
 * Accepts against requests is the adaptive throttling of the Google SRE book ("Handling Overload"), with the refusals
 * taken from the least important calls first. The timeout gate is for fleets whose clients call once a second or less:
 * no limit on calls in flight bites there, and only sending less ends a stall.
 */
export class Throttle {
  readonly #options: Readonly<ThrottleOptions>
  readonly #runtime: Runtime
  readonly #upstream: string | undefined
  readonly #window: RollingWindow
  readonly #bornAt: number
  #timeouts = 0
  #timeoutAt = 0

  constructor(options: Partial<ThrottleOptions> | undefined, runtime: Runtime, upstream?: string) {
    this.#options = resolve('throttle', throttleDefaults, throttleRules, options)
    this.#runtime = runtime
    this.#upstream = upstream
    this.#window = new RollingWindow(runtime.clock, this.#options.windowMs, order.length + 1)
    this.#bornAt = runtime.clock.now()
  }

  /** Counts the call, and says why it must not be sent, if so. */
  admit(priority: Priority): ThrottledError | undefined {
    const { random } = this.#runtime
    const reason =
      random() < this.#rejection(priority) ? 'accepts' : random() >= this.#passing() ? 'timeouts' : undefined
    this.#window.add(order.indexOf(priority))
    if (reason === undefined) return undefined
    this.#tell(reason, priority)
    return new ThrottledError(reason, this.#upstream)
  }

  /** How an attempt ended. */
  learn(verdict: Verdict): void {
    if (verdict === 'success') {
      this.#window.add(accepted)
      this.#timeouts = 0
    } else if (verdict === 'timeout' && this.#options.timeoutGate) {
      this.#timeouts = Math.min(2, this.#timeouts + 1)
      this.#timeoutAt = this.#runtime.clock.now()
    }
  }

  /** The share of calls of this priority to refuse. */
  #rejection(priority: Priority): number {
    const { k, maxRejection, minPerSecond, windowMs } = this.#options
    let requests = 0
    for (let rank = 0; rank < order.length; rank++) requests += this.#window.total(rank)
    const seconds = Math.min(windowMs, Math.max(1_000, this.#runtime.clock.now() - this.#bornAt)) / 1_000
    if (requests / seconds < minPerSecond) return 0
    const surplus = ((requests - k * this.#window.total(accepted)) * requests) / (requests + 1)
    let left = surplus
    for (let rank = 0; rank < order.length && left > 0; rank++) {
      const calls = this.#window.total(rank)
      if (order[rank] === priority) return Math.min(maxRejection, left / Math.max(1, calls))
      left -= calls * maxRejection
    }
    return 0
  }

  /** The share of calls that the timeout gate lets pass. */
  #passing(): number {
    if (this.#timeouts === 0) return 1
    const evidence = this.#timeouts * 0.5 ** ((this.#runtime.clock.now() - this.#timeoutAt) / evidenceHalfLifeMs)
    return Math.max(gateFloor, 0.5 ** evidence)
  }

  #tell(reason: ThrottleReason, priority: Priority): void {
    const upstream = this.#upstream
    this.#runtime.emit?.({
      type: 'throttle.refused',
      reason,
      priority,
      ...(upstream !== undefined && { upstream }),
    } as ThrottleEvent)
  }
}
