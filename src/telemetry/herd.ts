import type { Verdict } from '../core/outcome.ts'
import type { Runtime } from '../core/runtime.ts'
import { RollingWindow } from '../core/window.ts'
import type { HerdSign, HerdSignature } from '../upstream/health.ts'
import { HotKey } from './hot-key.ts'

export type HerdEvent = HerdSign & { readonly type: 'herd.detected'; readonly upstream: string }

const about: Readonly<Record<HerdSignature, { cause: string; remedy: string }>> = {
  amplification: {
    cause: 'retries make up a large part of what is sent; something below or above may retry as well',
    remedy: 'budget.perSuccess and retry.attempts; switch off the retries of SDKs that sit on top',
  },
  synchronised: {
    cause: 'many calls start at once: a timer that all share, a broadcast, or a cache that emptied',
    remedy: 'every() for periodic work, spread() for a reaction to a broadcast, limit.ratePerSecond',
  },
  'hot-key': {
    cause: 'most calls ask for the same thing',
    remedy: 'singleFlight, or a cache in front',
  },
  saturation: {
    cause: 'answers become slower and fail more often at the same time: the server has more than it can do',
    remedy: 'limit (is it switched off?), throttle, a lower hedge.ratio',
  },
}

const spanMs = 10_000
const minuteMs = 60_000
const lookEveryMs = 1_000

/** The same sign is told again only after this long. */
const quietMs = 60_000

const amplified = 1.5
const burstFactor = 5
const hotShare = 0.5
const slowerFactor = 2
const failingShare = 0.05

/** Too few to tell. */
const leastCalls = 20

const calls = 0
const first = 1
const extra = 2
const ended = 3
const failed = 4
const durationMs = 5
const kinds = 6

/** Watches what goes to one upstream for the signs of a herd. It counts, and looks once a second; it changes nothing. */
export class HerdWatch {
  readonly #runtime: Runtime
  readonly #upstream: string
  readonly #recent: RollingWindow
  readonly #minute: RollingWindow
  readonly #second: RollingWindow
  readonly #hotKey = new HotKey()
  readonly #bornAt: number
  readonly #signs = new Map<HerdSignature, { sign: HerdSign; seenAt: number; toldAt: number }>()
  #lookedAt: number
  #peak = 0
  #burst = 0

  constructor(runtime: Runtime, upstream: string) {
    this.#runtime = runtime
    this.#upstream = upstream
    this.#bornAt = runtime.clock.now()
    this.#lookedAt = this.#bornAt
    this.#recent = new RollingWindow(runtime.clock, spanMs, kinds)
    this.#minute = new RollingWindow(runtime.clock, minuteMs, kinds)
    this.#second = new RollingWindow(runtime.clock, lookEveryMs, 1)
  }

  /** A call begins. @param key what it asks for; only a hash of it is kept, and that only for some */
  called(key: string, now = this.#runtime.clock.now()): void {
    this.#recent.add(calls, 1, now)
    this.#minute.add(calls, 1, now)
    this.#second.add(calls, 1, now)
    this.#hotKey.add(key)
    this.#feelBurst(now)
    if (now - this.#lookedAt >= lookEveryMs) this.#look(now)
  }

  attempted(isExtra: boolean, now?: number): void {
    this.#recent.add(isExtra ? extra : first, 1, now)
  }

  answered(verdict: Verdict, tookMs: number, now = this.#runtime.clock.now()): void {
    const isFailure = verdict !== 'success' && verdict !== 'neutral'
    count(this.#recent, tookMs, isFailure, now)
    count(this.#minute, tookMs, isFailure, now)
  }

  /** The signs of the last ten seconds. */
  get signs(): readonly HerdSign[] {
    const since = this.#runtime.clock.now() - spanMs
    return [...this.#signs.values()].filter(({ seenAt }) => seenAt >= since).map(({ sign }) => sign)
  }

  #look(now: number): void {
    const amplification = this.#amplification()
    if (amplification > amplified) this.#see('amplification', amplification)
    if (this.#burst > burstFactor) this.#see('synchronised', this.#burst)
    this.#peak = 0
    this.#burst = 0
    const { top } = this.#hotKey
    if (top && top.share > hotShare + top.doubt) this.#see('hot-key', top.share, top.hash)
    const slower = this.#saturation()
    if (slower > slowerFactor) this.#see('saturation', slower)
    this.#hotKey.fade(now - this.#lookedAt)
    this.#lookedAt = now
  }

  #amplification(): number {
    const sent = this.#recent.total(first)
    return sent < leastCalls ? 1 : (sent + this.#recent.total(extra)) / sent
  }

  /**
   * Calls of the fullest second since the last look over those of a mean second before. It is reckoned at
   * that moment: a burst is over long before the next look, and after a pause what came before it would be forgotten.
   */
  #feelBurst(now: number): void {
    const burst = this.#second.total(calls, now)
    if (burst <= this.#peak) return
    this.#peak = burst
    const seconds = Math.min(minuteMs, now - this.#bornAt) / 1_000
    // A client that has just started has no past to be compared with.
    if (seconds < 10 || burst < leastCalls) return
    const usual = (this.#minute.total(calls) - burst) / (seconds - 1)
    // Traffic that rises out of silence is far above its minute as well, but not above the seconds just before.
    const justBefore = (this.#recent.total(calls) - burst) / (spanMs / 1_000 - 1)
    this.#burst = Math.max(this.#burst, burst / Math.max(usual, justBefore, 1))
  }

  /** How much slower answers became, while failures became more frequent too; 0 if they did not. */
  #saturation(): number {
    const recent = this.#recent.total(ended)
    const older = this.#minute.total(ended) - recent
    if (recent < leastCalls || older < leastCalls) return 0
    const failing = this.#recent.total(failed) / recent
    const failedBefore = (this.#minute.total(failed) - this.#recent.total(failed)) / older
    if (failing < failingShare || failing < failedBefore * slowerFactor) return 0
    const took = this.#recent.total(durationMs) / recent
    return took / Math.max((this.#minute.total(durationMs) - this.#recent.total(durationMs)) / older, 0.1)
  }

  #see(signature: HerdSignature, figure: number, keyHash?: string): void {
    const now = this.#runtime.clock.now()
    const sign: HerdSign = { signature, figure, ...about[signature], ...(keyHash === undefined ? {} : { keyHash }) }
    const toldAt = this.#signs.get(signature)?.toldAt ?? -Infinity
    const tell = now - toldAt >= quietMs
    this.#signs.set(signature, { sign, seenAt: now, toldAt: tell ? now : toldAt })
    if (!tell || this.#runtime.emit === undefined) return
    const event: HerdEvent = { type: 'herd.detected', upstream: this.#upstream, ...sign }
    this.#runtime.emit(event)
  }
}

function count(window: RollingWindow, tookMs: number, isFailure: boolean, now: number): void {
  window.add(ended, 1, now)
  window.add(durationMs, tookMs, now)
  if (isFailure) window.add(failed, 1, now)
}
