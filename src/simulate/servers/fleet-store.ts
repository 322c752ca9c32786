import type { Coordination } from '../../coordination/coordination.ts'
import { MemoryPlace, memoryCoordination } from '../../coordination/memory.ts'
import type { Runtime } from '../../core/runtime.ts'
import type { Network } from '../network.ts'
import type { World } from '../world.ts'

/** A store that a whole fleet shares, a network away from each of its members. */
export class FleetStore {
  /** Commands that it was asked for. */
  commands = 0
  readonly #world: World
  readonly #network: Network
  readonly #place = new MemoryPlace()
  readonly #perSecond: number[] = []

  constructor(world: World, network: Network) {
    this.#world = world
    this.#network = network
  }

  /** Commands in the busiest second. */
  get peakPerSecond(): number {
    return this.#perSecond.reduce((most, count) => Math.max(most, count ?? 0), 0)
  }

  /** What one member of the fleet asks it through. */
  coordination(runtime: Runtime): Coordination {
    const near = memoryCoordination({ place: this.#place, runtime })
    return {
      ...near,
      read: (key) => this.#far(() => near.read(key)),
      commit: (key, write) => this.#far(() => near.commit(key, write)),
      tryLead: (key) => this.#far(() => near.tryLead(key)),
    }
  }

  /** Counts from now on. */
  begin(): void {
    this.commands = 0
    this.#perSecond.length = 0
  }

  async #far<Result>(act: () => Promise<Result>): Promise<Result> {
    const second = Math.floor(this.#world.clock.now() / 1_000)
    this.#perSecond[second] = (this.#perSecond[second] ?? 0) + 1
    this.commands++
    await this.#way()
    const result = await act()
    await this.#way()
    return result
  }

  #way(): Promise<void> {
    return new Promise((resolve) => this.#network.carry(resolve))
  }
}
