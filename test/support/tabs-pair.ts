import { randomUUID } from 'node:crypto'
import type { Coordination } from '../../src/coordination/coordination.ts'
import type { TabsCoordinationOptions } from '../../src/coordination/tabs/index.ts'
import type { CoordinationPair } from '../../src/testing/coordination-contract/index.ts'

/** Two tabs of one profile, as far as Node has such: its Web Locks and BroadcastChannel are real, and so is the time. */
export function tabsPair(
  build: (options: Partial<TabsCoordinationOptions>) => Coordination,
  { storage, leaseMs = 400 }: { storage?: () => TabsCoordinationOptions['storage']; leaseMs?: number } = {},
): () => Promise<CoordinationPair> {
  return async () => {
    const options = { name: randomUUID(), leaseMs, storage: storage?.() }
    const [a, b] = [build(options), build(options)]
    return {
      a,
      b,
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      end: () => Promise.all([a.close(), b.close()]),
    }
  }
}

/** What tabs share as they share `localStorage`. */
export function storageInMemory(): NonNullable<TabsCoordinationOptions['storage']> {
  const items = new Map<string, string>()
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value) }
}
