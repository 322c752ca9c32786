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

/** What comes within so long is counted together: windows of many upstreams do not fit into a processor's cache. */
const sliceMs = lookEveryMs / 10

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
  /** Since `countedAt`: calls begun, first and further attempts, how many ended and failed, and how long they took. */
  #calls = 0
  #first = 0
  #extra = 0
  #ended = 0
  #failed = 0
  #durationMs = 0
  #countedAt: number
  #slice: number
  #lookedAt: number
  #peak = 0
  #burst = 0

  constructor(runtime: Runtime, upstream: string) {
    this.#runtime = runtime
    this.#upstream = upstream
    this.#bornAt = runtime.clock.now()
    this.#lookedAt = this.#bornAt
    this.#countedAt = this.#bornAt
    this.#slice = Math.floor(this.#bornAt / sliceMs)
    this.#recent = new RollingWindow(runtime.clock, spanMs, kinds)
    this.#minute = new RollingWindow(runtime.clock, minuteMs, kinds)
    this.#second = new RollingWindow(runtime.clock, lookEveryMs, 1)
  }

  /** A call begins. @param key what it asks for; only a hash of it is kept, and that only for some */
  called(key: string, now = this.#runtime.clock.now()): void {
    const turns = Math.floor(now / sliceMs) !== this.#slice
    if (turns) this.#count(now)
    this.#calls++
    this.#hotKey.add(key)
    if (turns && now - this.#lookedAt >= lookEveryMs) this.#look(now)
  }

  attempted(isExtra: boolean, now = this.#runtime.clock.now()): void {
    if (Math.floor(now / sliceMs) !== this.#slice) this.#count(now)
    if (isExtra) this.#extra++
    else this.#first++
  }

  answered(verdict: Verdict, tookMs: number, now = this.#runtime.clock.now()): void {
    if (Math.floor(now / sliceMs) !== this.#slice) this.#count(now)
    this.#ended++
    this.#durationMs += tookMs
    if (verdict !== 'success' && verdict !== 'neutral') this.#failed++
  }

  /** The signs of the last ten seconds. */
  get signs(): readonly HerdSign[] {
    const since = this.#runtime.clock.now() - spanMs
    return [...this.#signs.values()].filter(({ seenAt }) => seenAt >= since).map(({ sign }) => sign)
  }

  /** Puts what came since the last time into the windows, all of it at that time: a slice is as long as their shortest. */
  #count(now: number): void {
    const at = this.#countedAt
    for (const window of [this.#recent, this.#minute]) {
      window.add(calls, this.#calls, at)
      window.add(first, this.#first, at)
      window.add(extra, this.#extra, at)
      window.add(ended, this.#ended, at)
      window.add(failed, this.#failed, at)
      window.add(durationMs, this.#durationMs, at)
    }
    this.#second.add(calls, this.#calls, at)
    if (this.#calls > 0) this.#feelBurst(at)
    this.#calls = this.#first = this.#extra = this.#ended = this.#failed = this.#durationMs = 0
    this.#countedAt = now
    this.#slice = Math.floor(now / sliceMs)
  }

  #look(now: number): void {
    this.#count(now)
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
    const usual = (this.#minute.total(calls, now) - burst) / (seconds - 1)
    // Traffic that rises out of silence is far above its minute as well, but not above the seconds just before.
    const justBefore = (this.#recent.total(calls, now) - burst) / (spanMs / 1_000 - 1)
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
