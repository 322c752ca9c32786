import type { World } from './world.ts'

/** How long each of some calls took, all of them kept: a percentile that is far out needs every one. */
export class Latencies {
  readonly #world: World
  readonly #startedAt: number[] = []
  /** NaN as long as it runs. */
  readonly #tookMs: number[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** A call begins. The function returned ends it and says how long it took, in ms. */
  begin(): () => number {
    const now = this.#world.clock.now()
    const index = this.#startedAt.push(now) - 1
    this.#tookMs[index] = Number.NaN
    return () => {
      const tookMs = this.#world.clock.now() - now
      this.#tookMs[index] = tookMs
      return tookMs
    }
  }

  /** Calls that have begun. */
  get count(): number {
    return this.#startedAt.length
  }

  /**
   * What each of these shares of the calls did not exceed, in ms to the hundredth; `null` without calls. One that still
   * runs counts with the time that it has run.
   */
  quantiles(...shares: readonly number[]): (number | null)[] {
    const now = this.#world.clock.now()
    const sorted = Float64Array.from(this.#tookMs, (tookMs, index) =>
      Number.isNaN(tookMs) ? now - (this.#startedAt[index] ?? now) : tookMs,
    ).sort()
    return shares.map((share) => {
      const tookMs = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
      return tookMs === undefined ? null : Math.round(tookMs * 100) / 100
    })
  }
}
