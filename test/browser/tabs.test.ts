import { describe, it } from 'vitest'
import { tabsCoordination } from '../../src/coordination/tabs/index.ts'
import { profileCoordination } from '../../src/coordination/tabs/tabs.ts'
import { coordinationContract } from '../../src/testing/coordination-contract/index.ts'

function pair(build: typeof tabsCoordination, storage?: Storage) {
  return async () => {
    const options = { name: crypto.randomUUID(), leaseMs: 1_500, storage }
    const [a, b] = [build(options), build(options)]
    return {
      a,
      b,
      pass: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
      end: () => Promise.all([a.close(), b.close()]),
    }
  }
}

describe("with a browser's own Web Locks and BroadcastChannel", () => {
  for (const { name, run } of coordinationContract(pair(profileCoordination))) it.concurrent(name, run)
})

describe('with localStorage', () => {
  for (const { name, run } of coordinationContract(pair(tabsCoordination, localStorage))) it.concurrent(name, run)
})
