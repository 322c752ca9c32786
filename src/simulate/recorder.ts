import type { Curves } from './report.ts'
import type { World } from './world.ts'

/** Counts what arrives at a server and keeps the curves, in seconds since the trouble began. */
export class Recorder {
  readonly #world: World
  #fromMs = 0
  #arrivals: number[] = []
  #total = 0
  readonly #queue: number[] = []
  readonly #recovered: number[] = []

  constructor(world: World) {
    this.#world = world
    world.curves = () => this.curves
  }

  /** The trouble begins: what came before does not count. */
  begin(): void {
    this.#fromMs = this.#world.clock.now()
    this.#arrivals = []
    this.#total = 0
  }

  /** Ms since the trouble began. */
  get atMs(): number {
    return this.#world.clock.now() - this.#fromMs
  }

  /** Something came to the server. */
  arrived(): void {
    const second = Math.floor(this.atMs / 1_000)
    this.#arrivals[second] = (this.#arrivals[second] ?? 0) + 1
    this.#total++
  }

  /** Everything that came. */
  get total(): number {
    return this.#total
  }

  /** The most that came in one second, of those from one up to but not including another. */
  peak(fromSecond = 0, untilSecond = Infinity): number {
    const counts = this.#arrivals.slice(fromSecond, untilSecond)
    return counts.reduce((most, count) => Math.max(most, count ?? 0), 0)
  }

  /** The end of a second: what waits at the server, and the share that has recovered. */
  sample(queue: number, recovered: number): void {
    this.#queue.push(queue)
    this.#recovered.push(Math.round(recovered * 10_000) / 10_000)
  }

  get curves(): Curves {
    const seconds = this.#queue.length
    return {
      arrivals: Array.from({ length: seconds }, (_, second) => this.#arrivals[second] ?? 0),
      queue: [...this.#queue],
      recovered: [...this.#recovered],
    }
  }
}
