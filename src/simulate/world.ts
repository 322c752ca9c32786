import { settled, settledInTurn } from '../core/clock.ts'
import { type ManualClock, manualClock } from '../core/manual-clock.ts'
import { type Random, seededRandom } from '../core/random.ts'
import type { Runtime } from '../core/runtime.ts'
import type { Curves } from './report.ts'

export interface WorldOptions {
  readonly seed: number
  /** Ends the run; what has been counted until then is reported. */
  readonly signal?: AbortSignal | undefined
  /** Told about ten times for each second of the world's time, and as clients are made: how late it is, and what was said of the end. */
  readonly onStep?: ((atMs: number, share: number) => void) | undefined
}

export interface RunOptions {
  /** When it ends at the latest, in ms of the world's time from now. */
  readonly forMs: number
  /** Asked after each step: whether there is nothing more to see. */
  readonly done?: () => boolean
  /** Does something at the end of each whole second since this run began; told how many have passed. */
  readonly eachSecond?: (seconds: number) => void
  /** How far it is, from 0 to 1; by default the share of `forMs`. */
  readonly progress?: () => number
}

/** Ms of the world's time between two looks at the outside: an abort, the progress, the end. */
const stepMs = 100

/** Time and chance of a virtual fleet. Nothing in it happens by itself, and nothing of it leaves. */
export class World {
  readonly clock: ManualClock
  readonly seed: number
  /** The curves so far; who records says what they are. */
  curves: () => Curves = () => ({ arrivals: [], queue: [], recovered: [] })
  readonly #options: WorldOptions

  constructor(options: WorldOptions) {
    this.seed = options.seed
    this.#options = options
    // A turn of the platform's own: whoever wants this to end is not heard in between.
    const goesOn = () => settled().then(() => !this.aborted)
    this.clock = manualClock(undefined, { settle: settledInTurn, goesOn })
  }

  /** Whether the run was ended from outside. */
  get aborted(): boolean {
    return this.#options.signal?.aborted === true
  }

  /** A stream of chance; the same number gives the same stream. Clients count from 0, servers take negative numbers. */
  random(stream: number): Random {
    return seededRandom(this.seed * 2 ** 24 + stream)
  }

  /** What a client is made with: its own chance, and the world's time. */
  runtime(client: number): Runtime {
    return { clock: this.clock, random: this.random(client) }
  }

  /** Does something in so many ms. */
  later(ms: number, act: () => void): () => void {
    return this.clock.setTimer(ms, act)
  }

  /** Does something for each client, and lets the outside breathe between a thousand of them. */
  async forEach(clients: number, act: (client: number) => void): Promise<void> {
    for (let client = 0; client < clients && !this.aborted; client++) {
      act(client)
      if (client % 1_000 !== 999) continue
      await this.clock.advance(0)
      await settled()
      this.#options.onStep?.(this.clock.now(), 0)
    }
  }

  /** Lets time pass until it is over, nothing is left to see, or the outside ends it. */
  async run({ forMs, done, eachSecond, progress }: RunOptions): Promise<void> {
    const { clock } = this
    const fromMs = clock.now()
    for (let passed = 0; passed < forMs && !this.aborted; ) {
      const step = Math.min(stepMs, forMs - passed)
      await clock.advance(fromMs + passed + step - clock.now())
      if (this.aborted) return
      passed += step
      const over = done?.() === true
      // The last second counts, though it may not be a whole one.
      if (passed % 1_000 === 0 || over || passed === forMs) eachSecond?.(Math.ceil(passed / 1_000))
      this.#options.onStep?.(clock.now(), progress?.() ?? passed / forMs)
      if (over) return
    }
  }
}
