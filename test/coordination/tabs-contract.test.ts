import { describe, expect, it } from 'vitest'
import { profileCoordination, tabsCoordination } from '../../src/coordination/tabs/tabs.ts'
import { coordinationContract } from '../../src/testing/coordination-contract/index.ts'
import { storageInMemory, tabsPair } from '../support/tabs-pair.ts'

describe('tabs with Web Locks and BroadcastChannel', () => {
  for (const { name, run } of coordinationContract(tabsPair(profileCoordination))) it.concurrent(name, run)
})

describe('tabs with a process in front', () => {
  for (const { name, run } of coordinationContract(tabsPair(tabsCoordination))) it.concurrent(name, run)
})

describe('tabs with a storage', () => {
  for (const { name, run } of coordinationContract(tabsPair(profileCoordination, { storage: storageInMemory })))
    it.concurrent(name, run)
})

it('a version is numbered by the time, so that what a tab knew an hour ago is never the newest', async () => {
  for (const storage of [undefined, storageInMemory]) {
    const { a, end } = await tabsPair(profileCoordination, { ...(storage && { storage }) })()
    const before = Math.floor(Date.now())
    const version = await a.commit('key', { value: '1', expected: undefined, expiresInMs: Infinity })
    expect(version?.number).toBeGreaterThanOrEqual(before)
    const next = await a.commit('key', { value: '2', expected: version, expiresInMs: Infinity })
    expect(next?.number).toBeGreaterThan(version?.number ?? Infinity)
    await end()
  }
})
