import type { Clause } from '../contract.ts'
import { coordinatorClauses } from './coordinator.ts'
import { type CoordinationPair, type CoordinationScene, setCoordinationScene } from './scene.ts'
import { storeClauses } from './store.ts'

export type { CoordinationPair } from './scene.ts'

/**
 * What every coordination must do, be its place in memory, in a browser or in a Redis. Each clause gets a pair of its
 * own. Give a `leaseMs` of a few hundred where time is real. Give each clause to your test runner:
 *
 * @example
 * for (const { name, run } of coordinationContract(async () => openTwo())) it(name, run)
 */
export function coordinationContract(open: () => Promise<CoordinationPair>): Clause[] {
  const clause = (name: string, check: (scene: CoordinationScene) => Promise<void>): Clause => ({
    name,
    run: async () => {
      const pair = await open()
      try {
        await check(setCoordinationScene(pair))
      } finally {
        await pair.end()
      }
    },
  })
  return Object.entries({ ...storeClauses, ...coordinatorClauses }).map(([name, check]) => clause(name, check))
}
