import { describe, expect, it, vi } from 'vitest'
import { CoordinationError } from '../../src/coordination/error.ts'
import { profileCoordination } from '../../src/coordination/tabs/tabs.ts'
import { coordinationContract } from '../../src/testing/coordination-contract/index.ts'
import { storageInMemory, tabsPair } from '../support/tabs-pair.ts'

vi.stubGlobal('BroadcastChannel', undefined)

describe('tabs with Web Locks and a storage alone', () => {
  // Nobody tells anybody anything; that is what looking now and then is for.
  const clauses = coordinationContract(tabsPair(profileCoordination, { storage: storageInMemory }))
  for (const { name, run } of clauses.filter((clause) => !clause.name.startsWith('hints '))) it.concurrent(name, run)
})

it('a value that another tab has and cannot hand over is not taken for nothing', async () => {
  const options = { name: 'mute', leaseMs: 300 }
  const [a, b] = [profileCoordination(options), profileCoordination(options)]
  const version = await a.commit('key', { value: 'mine', expected: undefined, expiresInMs: Infinity })
  await expect(b.read('key')).rejects.toBeInstanceOf(CoordinationError)
  expect(await b.commit('key', { value: 'other', expected: undefined, expiresInMs: Infinity })).toBeUndefined()
  expect(await a.read('key')).toMatchObject({ value: 'mine', version })
  await Promise.all([a.close(), b.close()])
})

it('a sandboxed frame has the class and no right to use it', async () => {
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      constructor() {
        throw new DOMException('no', 'SecurityError')
      }
    },
  )
  const coordination = profileCoordination({ name: 'sandboxed' })
  expect(await coordination.read('key')).toBeUndefined()
  await coordination.close()
})
