import type { Clock } from '../../core/clock.ts'
import { type CallsPerWindow, isQuota, type LimitOptions } from './options.ts'

/** At the start of a ramp this share of the rate is allowed. */
const rampStart = 0.1

/** What is missing of a token after a wait by rounding alone. */
const rounding = 1e-6

/** A shorter wait, in ms, may be less than the clock can tell from none, and would be waited for again and again. */
const shortestMs = 0.001

/** When the next call may start, however many are in flight: a rate, a quota per window, or both. */
export class Pace {
  readonly #options: Readonly<LimitOptions>
  readonly #clock: Clock
  #firstAt: number | undefined
  #tokens: number
  #filledAt: number
  #quota: CallsPerWindow | undefined
  /** When the last `calls` calls started, as a ring. */
  #starts = new Float64Array(0)
  #at = 0

  constructor(options: Readonly<LimitOptions>, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#filledAt = clock.now()
    this.#tokens = options.burst
    if (typeof options.callsPerWindow === 'object') this.#setQuota(options.callsPerWindow)
  }

  /** The server said what it allows. Counts only where the options say that it should, and where it makes sense. */
  learn(quota: CallsPerWindow): void {
    const { callsPerWindow } = this.#options
    if (callsPerWindow !== 'learned' || !isQuota(quota)) return
    if (quota.calls === this.#quota?.calls && quota.windowMs === this.#quota.windowMs) return
    this.#setQuota(quota)
  }

  /** How long until the next call may start, in ms; 0 is now. */
  waitMs(now = this.#now): number {
    return Math.max(this.#untilToken(now), this.#untilQuota(now))
  }

  /** A call starts. */
  take(now = this.#now): void {
    this.#refill(now)
    this.#tokens--
    if (this.#quota === undefined) return
    this.#starts[this.#at] = now
    this.#at = (this.#at + 1) % this.#quota.calls
  }

  /** The clock is asked only where something depends on it. */
  get #now(): number {
    return this.#options.ratePerSecond === Infinity && this.#quota === undefined ? 0 : this.#clock.now()
  }

  #untilToken(now: number): number {
    if (this.#options.ratePerSecond === Infinity) return 0
    this.#refill(now)
    if (this.#tokens >= 1 - rounding) return 0
    return Math.max(shortestMs, ((1 - this.#tokens) / this.#rate(now)) * 1_000)
  }

  #refill(now: number): void {
    const { ratePerSecond, burst } = this.#options
    if (ratePerSecond === Infinity) return
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1_000) * this.#rate(now))
    this.#filledAt = now
  }

  /** Calls per second now: a start-up ramp lets a cold server, or its cold caches, get warm. */
  #rate(now: number): number {
    const { ratePerSecond, rampMs } = this.#options
    this.#firstAt ??= now
    const share = rampMs === 0 ? 1 : Math.min(1, (now - this.#firstAt) / rampMs)
    return ratePerSecond * (rampStart + (1 - rampStart) * share)
  }

  #untilQuota(now: number): number {
    if (this.#quota === undefined) return 0
    // The slot that is next to be written holds the oldest of the last `calls` starts.
    return Math.max(0, (this.#starts[this.#at] ?? -Infinity) + this.#quota.windowMs - now)
  }

  #setQuota(quota: CallsPerWindow): void {
    const kept = [...this.#starts.slice(this.#at), ...this.#starts.slice(0, this.#at)].slice(-quota.calls)
    this.#starts = new Float64Array(quota.calls).fill(-Infinity)
    // The youngest starts count on under the new quota; the ring continues behind them.
    this.#starts.set(kept)
    this.#at = kept.length % quota.calls
    this.#quota = quota
  }
}
