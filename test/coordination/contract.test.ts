import { describe, it } from 'vitest'
import { layeredCoordination } from '../../src/coordination/layered.ts'
import { MemoryPlace, memoryCoordination } from '../../src/coordination/memory.ts'
import { coordinationContract } from '../../src/testing/coordination-contract/index.ts'
import { world } from '../support/world.ts'

function inMemory() {
  const runtime = world()
  const place = new MemoryPlace()
  const leaseMs = 900
  return {
    pass: (ms: number) => runtime.clock.advance(ms),
    one: () => memoryCoordination({ leaseMs, place, runtime }),
    near: () => memoryCoordination({ leaseMs, runtime }),
  }
}

describe('coordination in memory', () => {
  const open = async () => {
    const { one, pass } = inMemory()
    const [a, b] = [one(), one()]
    return { a, b, pass, end: () => Promise.all([a.close(), b.close()]) }
  }
  for (const { name, run } of coordinationContract(open)) it(name, run)
})

describe('layered coordination', () => {
  const open = async () => {
    const { one, near, pass } = inMemory()
    const [a, b] = [layeredCoordination(near(), one()), layeredCoordination(near(), one())]
    return { a, b, pass, end: () => Promise.all([a.close(), b.close()]) }
  }
  for (const { name, run } of coordinationContract(open)) it(name, run)
})
