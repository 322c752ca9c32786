import { World } from '../../src/simulate/world.ts'
import { ReliableSocket, type SocketOptions } from '../../src/socket/index.ts'
import type { ManualClock } from '../../src/testing/index.ts'
import { Harbour, type HarbourOptions } from './harbour.ts'

export interface SocketFleetOptions {
  sockets: number
  seed?: number
  harbour: HarbourOptions
  /** What each socket is made with. */
  options?: (index: number) => Partial<SocketOptions>
  /** Processes that the sockets are in; each has one if absent. */
  processes?: number
  /** What the server says to whoever comes, also before the trouble. */
  greet?: Harbour['greet']
}

export interface StormReport {
  /** Seconds until so much of the fleet was back; Infinity if never. */
  readonly t50: number
  readonly t99: number
  readonly all: number
  /** The most dials in any second. */
  readonly peak: number
  /** Dials per socket. */
  readonly attempts: number
  /** Handshakes served for clients that had left, per socket. */
  readonly wasted: number
  /** Share of the fleet that is back. */
  readonly back: number
}

/** Sockets of the real class in virtual time, all at one harbour. */
export class SocketFleet {
  readonly clock: ManualClock
  readonly harbour: Harbour
  readonly sockets: ReliableSocket[] = []
  /** When each was open again; NaN while it is not. */
  readonly #backAt: Float64Array

  constructor({ sockets, seed = 1, harbour, options, processes = sockets, greet }: SocketFleetOptions) {
    const world = new World({ seed })
    this.clock = world.clock
    this.harbour = new Harbour(world, harbour)
    this.harbour.greet = greet
    this.#backAt = new Float64Array(sockets).fill(Number.NaN)
    const runtimes = Array.from({ length: processes }, (_, index) => world.runtime(index))
    for (let index = 0; index < sockets; index++) {
      const runtime = runtimes[index % processes]
      const transport = this.harbour.openTransport
      const socket = new ReliableSocket('ws://harbour.test/', [], { runtime, transport, ...options?.(index) })
      socket.addEventListener('open', () => {
        this.#backAt[index] = this.clock.now()
      })
      socket.addEventListener('close', () => {
        this.#backAt[index] = Number.NaN
      })
      this.sockets.push(socket)
    }
  }

  /** Everybody is there, and has been for long enough to count. */
  async settle(forMs = 12_000): Promise<void> {
    const { perSecond } = this.harbour
    this.harbour.perSecond = Infinity
    await this.clock.advance(forMs)
    this.harbour.perSecond = perSecond
  }

  /** Lets something happen, and waits until all are back, for `leastMs` at least and `runMs` at most. */
  async storm(act: () => void, runMs = 900_000, leastMs = 0): Promise<StormReport> {
    const { clock, harbour } = this
    const from = clock.now()
    harbour.forget()
    act()
    await clock.advance(1)
    while (clock.now() - from < runMs && (this.away > 0 || clock.now() - from < leastMs)) await clock.advance(1_000)
    return this.report(from)
  }

  get away(): number {
    let away = 0
    for (const at of this.#backAt) if (Number.isNaN(at)) away++
    return away
  }

  report(from: number): StormReport {
    const { harbour, sockets } = this
    const took = [...this.#backAt].filter((at) => at >= from).map((at) => (at - from) / 1_000)
    took.sort((a, b) => a - b)
    const quantile = (share: number) => took[Math.ceil(share * sockets.length) - 1] ?? Infinity
    return {
      t50: quantile(0.5),
      t99: quantile(0.99),
      all: quantile(1),
      peak: busiestSecond(harbour.dials),
      attempts: harbour.dials.length / sockets.length,
      wasted: harbour.wasted / sockets.length,
      back: took.length / sockets.length,
    }
  }
}

/** The most moments in any span of one second. */
function busiestSecond(moments: readonly number[]): number {
  let most = 0
  let first = 0
  for (let last = 0; last < moments.length; last++) {
    while ((moments[last] as number) - (moments[first] as number) >= 1_000) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}
