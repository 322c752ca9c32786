// One simulation in a process of its own, its code loaded before it is timed. Asked to count, it counts what happens
// instead: that is the same in each run of the same seed, and counting takes time.
import '../../support/from-source.mjs'
import type { ScenarioOptions } from '../../../src/simulate/index.ts'
import { answer } from '../answer.ts'

const { simulate } = await import('../../../src/simulate/index.ts')
const { World } = await import('../../../src/simulate/world.ts')

export interface SimulationQuestion {
  readonly scenario: ScenarioOptions
  readonly count: boolean
}

export interface Simulation {
  readonly seconds: number
  readonly cpuSeconds: number
  /** Timers that went off; 0 when they were not counted. */
  readonly events: number
}

let events = 0
const counted = new WeakSet<object>()

/** Lets a clock count what it sets off. */
function count({ clock }: { readonly clock: InstanceType<typeof World>['clock'] }): void {
  if (counted.has(clock)) return
  counted.add(clock)
  const { setTimer, sleep } = clock
  clock.setTimer = (ms, act, ...rest) => {
    const counting = (lateByMs: number) => {
      events++
      act(lateByMs)
    }
    return setTimer(ms, counting, ...rest)
  }
  clock.sleep = async (ms, signal) => {
    await sleep(ms, signal)
    events++
  }
}

/** Whatever is the first to be asked of a world: from then on its timers count. */
function countTimers(): void {
  const world = World.prototype
  const { runtime, later, forEach, run } = world
  Object.assign(world, {
    runtime(this: typeof world, client: number) {
      count(this)
      return runtime.call(this, client)
    },
    later(this: typeof world, ms: number, act: () => void) {
      count(this)
      return later.call(this, ms, act)
    },
    forEach(this: typeof world, clients: number, act: (client: number) => void) {
      count(this)
      return forEach.call(this, clients, act)
    },
    run(this: typeof world, options: Parameters<typeof run>[0]) {
      count(this)
      return run.call(this, options)
    },
  })
}

answer(async ({ scenario, count: counting }: SimulationQuestion): Promise<Simulation> => {
  if (counting) countTimers()
  const startedAt = performance.now()
  const before = process.cpuUsage()
  const { partial } = await simulate(scenario)
  const { user, system } = process.cpuUsage(before)
  const seconds = (performance.now() - startedAt) / 1_000
  if (partial) throw new Error('the simulation was ended before its time')
  if (counting && events === 0) throw new Error('nothing happened in the simulation')
  return { seconds, cpuSeconds: (user + system) / 1e6, events }
})
