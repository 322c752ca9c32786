import { describe, expect, it } from 'vitest'
import type { Coordination, Lease, Stored } from '../../src/coordination/coordination.ts'
import { layeredCoordination } from '../../src/coordination/layered.ts'
import { memoryCoordination } from '../../src/coordination/memory.ts'
import { world } from '../support/world.ts'

/** A wide world that is 10 ms away, and counts what it is asked. */
function far() {
  const runtime = world()
  const asked = { reads: 0, leads: 0 }
  const place = memoryCoordination({ runtime, leaseMs: 900 })
  const wide: Coordination = {
    ...place,
    read: async (key) => {
      asked.reads++
      // What is there when it is asked, told when it has come back.
      const stored = await place.read(key)
      await runtime.clock.sleep(10)
      return stored
    },
    tryLead: async (key) => {
      asked.leads++
      await runtime.clock.sleep(10)
      return place.tryLead(key)
    },
  }
  const near = memoryCoordination({ runtime, leaseMs: 900 })
  return { ...runtime, asked, place, wide, near, layered: layeredCoordination(near, wide) }
}

const kept = (value: string, expected?: Stored['version']) => ({ value, expected, expiresInMs: Infinity })

describe('a process in front of the world', () => {
  it('sends one of a thousand contenders', async () => {
    const { layered, asked, clock } = far()
    const leases = Promise.all(Array.from({ length: 1_000 }, () => layered.tryLead('key')))
    await clock.advance(20)
    expect((await leases).filter((lease) => lease !== undefined)).toHaveLength(1)
    expect(asked.leads).toBe(1)
  })

  it('asks once for a thousand who read at the same time, and once more for those who come later', async () => {
    const { layered, place, asked, clock } = far()
    await place.commit('key', kept('1'))
    const first = Array.from({ length: 1_000 }, () => layered.read('key'))
    await clock.advance(5)
    const later = Array.from({ length: 1_000 }, () => layered.read('key'))
    await clock.advance(30)
    for (const stored of await Promise.all([...first, ...later])) expect(stored?.value).toBe('1')
    expect(asked.reads).toBeLessThanOrEqual(3)
    const again = layered.read('key')
    await clock.advance(20)
    expect((await again)?.value).toBe('1')
  })

  it('gives nobody what was there before they asked', async () => {
    const { layered, place, clock } = far()
    const version = await place.commit('key', kept('old'))
    const before = layered.read('key')
    await clock.advance(5)
    await layered.commit('key', kept('new', version))
    const after = layered.read('key')
    await clock.advance(30)
    expect((await before)?.value).toBe('old')
    expect((await after)?.value).toBe('new')
  })

  it('shares the failure of a read with those who waited for it, and with nobody else', async () => {
    const { near, wide, clock } = far()
    let fails = true
    const read: Coordination['read'] = async (key) => {
      await clock.sleep(10)
      if (fails) throw new Error('away')
      return wide.read(key)
    }
    const layered = layeredCoordination(near, { ...wide, read })
    const failed = Promise.allSettled([layered.read('key'), layered.read('key')])
    await clock.advance(15)
    fails = false
    await clock.advance(30)
    expect((await failed)[0]?.status).toBe('rejected')
    const next = layered.read('key')
    await clock.advance(30)
    expect(await next).toBeUndefined()
  })

  it('lets the next one try when the world refuses or cannot be asked', async () => {
    const { near, wide, place } = far()
    let answer: () => Promise<Lease | undefined> = async () => undefined
    const layered = layeredCoordination(near, { ...wide, tryLead: () => answer() })
    expect(await layered.tryLead('key')).toBeUndefined()
    answer = () => Promise.reject(new Error('away'))
    await expect(layered.tryLead('key')).rejects.toThrow('away')
    answer = () => place.tryLead('key')
    expect(await layered.tryLead('key')).toBeDefined()
  })

  it('loses its lease with that of the world, and then holds up nobody here', async () => {
    const { near, wide, place } = far()
    const lost = new AbortController()
    const lease: Lease = { version: { epoch: 'e', number: 1 }, lost: lost.signal, release: async () => {} }
    const layered = layeredCoordination(near, { ...wide, tryLead: async () => lease })
    const held = await layered.tryLead('key')
    lost.abort('gone')
    expect(held?.lost.reason).toBe('gone')
    expect(await near.tryLead('key')).toBeDefined()
    expect(await place.tryLead('key')).toBeDefined()
  })

  it('gives back a lease of the world that came after its own was lost', async () => {
    const { near, layered, place, clock } = far()
    const late = layered.tryLead('key')
    await clock.advance(5)
    await near.close()
    await clock.advance(20)
    expect((await late)?.lost.aborted).toBe(true)
    expect(await place.tryLead('key')).toBeDefined()
  })
})
