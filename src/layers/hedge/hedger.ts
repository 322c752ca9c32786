import { resolve } from '../../core/options.ts'
import { QuantileSketch } from '../../core/quantile.ts'
import { type HedgeOptions, hedgeDefaults, hedgeRules } from './options.ts'

/** Why a hedge was not sent, by the figures of its own. */
export type HedgerRefusal = 'samples' | 'budget' | 'load'

/** The median of this many calls is "recent". */
const recentCalls = 128

/** The best is the lowest of smoothed medians: the lowest of raw ones is an accident, and 1.25 times it no load at all. */
const smoothing = 0.3

/** Above this much of the best median, the server is busy and a hedge would make it worse. */
const busyFactor = 1.25

/** The best median rises by this much with every new one, so that a server which is slower for good is hedged again. */
const bestDrift = 1.002

/** Latencies follow a changed server within this many calls. */
const halfLife = 1_000

/** Hedges that can be saved up. */
const mostSaved = 50

/**
 * When to hedge one server, and whether: how long its calls take, what is left of the budget of hedges, and whether the
 * server has room. Without that gate hedging feeds on itself: at 60 to 80 % load a fixed delay ends with every request
 * sent twice.
 */
export class Hedger {
  readonly options: Readonly<HedgeOptions>
  readonly #latency = new QuantileSketch(halfLife)
  #recent: number[] = []
  #recentMs = 0
  #smoothMs = 0
  #bestMs = Infinity
  #seen = 0
  #saved = mostSaved

  constructor(options: Partial<HedgeOptions> | undefined) {
    this.options = resolve('hedge', hedgeDefaults, hedgeRules, options)
  }

  /** A call begins: it earns its share of a hedge. Returns how long to wait for it, in ms; undefined for no hedge yet. */
  begin(): number | undefined {
    this.#saved = Math.min(mostSaved, this.#saved + this.options.ratio)
    if (this.#seen < this.options.minSamples) return undefined
    return this.options.delayMs ?? this.#latency.quantile(this.options.percentile)
  }

  /** Pays for a hedge, or says why none is sent. */
  spend(): HedgerRefusal | undefined {
    if (this.#seen < this.options.minSamples) return 'samples'
    if (this.#recentMs > this.#bestMs * busyFactor) return 'load'
    if (this.#saved < 1) return 'budget'
    this.#saved--
    return undefined
  }

  /** How long a primary took: until it won, timed out, or was overtaken by its hedge. Not: until it failed fast. */
  observe(durationMs: number): void {
    this.#seen++
    this.#latency.add(durationMs)
    this.#recent.push(durationMs)
    if (this.#recent.length < recentCalls) return
    this.#recent.sort((a, b) => a - b)
    this.#recentMs = this.#recent[recentCalls / 2] ?? 0
    this.#smoothMs += (this.#smoothMs === 0 ? 1 : smoothing) * (this.#recentMs - this.#smoothMs)
    this.#bestMs = Math.min(this.#bestMs * bestDrift, this.#smoothMs)
    this.#recent = []
  }
}
