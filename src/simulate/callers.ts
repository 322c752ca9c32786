import { Goodput } from './goodput.ts'
import type { Curves } from './report.ts'
import type { World } from './world.ts'

/** Ms of the world's time between two looks at whose turn it is. */
const turnMs = 100

export interface CallersOptions {
  readonly clients: number
  /** How often each of them calls. */
  readonly perSecond: number
  /** Who waits for longer has no use for what comes, in ms. */
  readonly patienceMs: number
  /** Makes a call; gives whether what came was any good. */
  call(client: number): Promise<boolean>
}

/** Those who want something of their client again and again, each at moments of its own, and how they fare. */
export class Callers {
  readonly goodput: Goodput
  readonly #world: World
  readonly #options: CallersOptions
  /** Since when each client has gone without what it asked for. */
  readonly #without: Float64Array
  #longestMs = 0
  #cancel = () => {}

  constructor(world: World, options: CallersOptions) {
    this.goodput = new Goodput(world)
    this.#world = world
    this.#options = options
    this.#without = new Float64Array(options.clients).fill(Number.NaN)
  }

  start(): void {
    const { clients, perSecond } = this.#options
    // Of calls that are closer than a turn, a few are made together.
    const times = Math.ceil((perSecond * turnMs) / 1_000)
    const everyMs = (1_000 * times) / perSecond
    const turns = Math.max(1, Math.round(everyMs / turnMs))
    const random = this.#world.random(-5)
    const whose = Array.from({ length: turns }, (): number[] => [])
    for (let client = 0; client < clients; client++) whose[Math.floor(random() * turns)]?.push(client)
    let turn = 0
    const next = () => {
      for (const client of whose[turn++ % turns] ?? []) for (let time = 0; time < times; time++) this.#call(client)
      this.#cancel = this.#world.later(everyMs / turns, next)
    }
    this.goodput.begin()
    next()
  }

  /** Nobody calls any more; who waits still gets what he waits for, if it comes in time. */
  async stop(): Promise<void> {
    this.#cancel()
    this.goodput.end()
    const done = () => this.goodput.pending === 0
    if (!done()) await this.#world.run({ forMs: this.#options.patienceMs, done, progress: () => 1 })
  }

  /** The longest that any client went without, in ms; one that still does counts until now. */
  get longestMs(): number {
    const now = this.#world.clock.now()
    return Math.round(this.#without.reduce((longest, since) => Math.max(longest, now - since || 0), this.#longestMs))
  }

  #call(client: number): void {
    const { clock } = this.#world
    const { call, patienceMs } = this.#options
    const askedAt = clock.now()
    const told = this.goodput.call()
    if (Number.isNaN(this.#without[client])) this.#without[client] = askedAt
    const ended = (good: boolean) => {
      const now = clock.now()
      told(good && now - askedAt <= patienceMs)
      if (!good) return
      this.#longestMs = Math.max(this.#longestMs, now - (this.#without[client] as number) || 0)
      this.#without[client] = Number.NaN
    }
    call(client).then(ended, () => ended(false))
  }
}

/** Curves whose last one is the share of each second's calls that were served; where nobody called, nothing was lost. */
export function withGoodput({ arrivals, queue }: Curves, { curve }: Goodput): Curves {
  return { arrivals, queue, recovered: queue.map((_, second) => curve[second] ?? 1) }
}
