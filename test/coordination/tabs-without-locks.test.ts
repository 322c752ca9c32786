import { describe, expect, it, vi } from 'vitest'
import { profileCoordination, tabsCoordination } from '../../src/coordination/tabs/tabs.ts'
import { coordinationContract } from '../../src/testing/coordination-contract/index.ts'
import { storageInMemory, tabsPair } from '../support/tabs-pair.ts'

// As on a page served over plain http.
vi.stubGlobal('navigator', {})

describe('tabs with BroadcastChannel alone', () => {
  for (const { name, run } of coordinationContract(tabsPair(profileCoordination, { leaseMs: 2_000 })))
    it.concurrent(name, run)
})

describe('tabs with BroadcastChannel and a storage', () => {
  for (const { name, run } of coordinationContract(
    tabsPair(tabsCoordination, { storage: storageInMemory, leaseMs: 2_000 }),
  )) {
    it.concurrent(name, run)
  }
})

it('a tab that can talk to nobody agrees with itself at once', async () => {
  vi.stubGlobal('BroadcastChannel', undefined)
  const alone = tabsCoordination({ name: 'alone' })
  const lease = await alone.tryLead('key')
  expect(lease).toBeDefined()
  expect(await alone.tryLead('key')).toBeUndefined()
  const version = await alone.commit('key', { value: 'kept', expected: undefined, expiresInMs: Infinity })
  expect(await alone.read('key')).toMatchObject({ value: 'kept', version })
  await lease?.release()
  expect(await alone.awaitChange('key', version, { timeoutMs: 0 })).toBe('free')
  await alone.close()
})
