import { describe, it } from 'vitest'
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
