import { describe, expect, it } from 'vitest'
import { sameVersion, type Version } from '../../src/coordination/coordination.ts'
import { MemoryPlace, memoryCoordination } from '../../src/coordination/memory.ts'
import { ClosedError } from '../../src/core/closed-error.ts'
import { OptionsError } from '../../src/core/options.ts'
import { world } from '../support/world.ts'

function two() {
  const { clock, random } = world()
  const place = new MemoryPlace()
  const make = () => memoryCoordination({ place, leaseMs: 9_000, runtime: { clock, random } })
  return { clock, place, a: make(), b: make() }
}

const write = (value: string, expected?: Version, expiresInMs = Infinity) => ({ value, expected, expiresInMs })

describe('the store', () => {
  it('keeps a value where the version is the one that was read, and only there', async () => {
    const { a, b, clock } = two()
    expect(await a.read('k')).toBeUndefined()
    const first = await a.commit('k', write('1'))
    expect(await b.read('k')).toEqual({ version: first, value: '1', ageMs: 0 })
    expect(await b.commit('k', write('2'))).toBeUndefined()
    const second = await b.commit('k', write('2', first))
    expect(await a.commit('k', write('3', first))).toBeUndefined()
    await clock.advance(70)
    expect(await a.read('k')).toEqual({ version: second, value: '2', ageMs: 70 })
    expect(second?.number).toBeGreaterThan(first?.number ?? Infinity)
  })

  it('forgets a value whose time is over, and what was there is not expected any more', async () => {
    const { a, clock } = two()
    const first = await a.commit('k', write('1', undefined, 1_000))
    await clock.advance(999)
    expect(await a.read('k')).toBeDefined()
    await clock.advance(1)
    expect(await a.read('k')).toBeUndefined()
    expect(await a.commit('k', write('2', first))).toBeUndefined()
    expect(await a.commit('k', write('2'))).toBeDefined()
  })

  it('does not pile up keys that nobody asks for again', async () => {
    const { a, clock, place } = two()
    for (let index = 0; index < 1_000; index++) {
      await a.commit(`k${index}`, write('1', undefined, 500))
      await clock.advance(10)
    }
    expect(place.values.size).toBeLessThan(130)
  })

  it('hints at commits and releases, as long as it is asked to', async () => {
    const { a, b, clock } = two()
    let hints = 0
    const unwatch = b.watch('k', () => hints++)
    await a.commit('other', write('1'))
    await clock.advance(0)
    expect(hints).toBe(0)
    await a.commit('k', write('1'))
    await clock.advance(0)
    await (await a.tryLead('k'))?.release()
    await clock.advance(0)
    expect(hints).toBe(2)
    unwatch()
    await a.commit('k', write('2', (await a.read('k'))?.version))
    await clock.advance(0)
    expect(hints).toBe(2)
  })
})

describe('the coordinator', () => {
  it('lets one lead at a time, and renews for as long as that takes', async () => {
    const { a, b, clock } = two()
    const lease = await a.tryLead('k')
    expect(await a.tryLead('k')).toBeUndefined()
    expect(await b.tryLead('other')).toBeDefined()
    await clock.advance(100_000)
    expect(await b.tryLead('k')).toBeUndefined()
    expect(lease?.lost.aborted).toBe(false)
    await lease?.release()
    const next = await b.tryLead('k')
    expect(sameVersion(next?.version, lease?.version)).toBe(false)
    await lease?.release()
    expect(await a.tryLead('k')).toBeUndefined()
  })

  it('tells a leader who slept past its lease, and lets another one lead', async () => {
    const { a, b, clock } = two()
    const slept = await a.tryLead('k')
    await clock.oversleep(9_000)
    expect(slept?.lost.aborted).toBe(true)
    const next = await b.tryLead('k')
    expect(next).toBeDefined()
    await slept?.release()
    expect(await a.tryLead('k')).toBeUndefined()
  })

  it('waits for a change, a free lease or the end of the wait', async () => {
    const { a, b, clock } = two()
    const lease = await a.tryLead('k')
    const waits = [
      b.awaitChange('k', undefined, { timeoutMs: 5_000 }),
      b.awaitChange('k', undefined, { timeoutMs: 200 }),
    ]
    await clock.advance(200)
    expect(await waits[1]).toBe('timeout')
    const version = await a.commit('k', write('1'))
    expect(await waits[0]).toBe('changed')
    expect(await b.awaitChange('k', undefined, { timeoutMs: 0 })).toBe('changed')
    expect(await b.awaitChange('k', version, { timeoutMs: 0 })).toBe('timeout')
    const last = b.awaitChange('k', version, { timeoutMs: 5_000 })
    await lease?.release()
    expect(await last).toBe('free')
    expect(clock.pending).toBe(0)
  })

  it('sees by its polls what no hint tells: a value whose time is over', async () => {
    const { a, b, clock } = two()
    await a.tryLead('k')
    const version = await a.commit('k', write('1', undefined, 3_000))
    const wait = b.awaitChange('k', version, { timeoutMs: 60_000 })
    await clock.advance(4_000)
    expect(await wait).toBe('changed')
  })

  it('ends a wait at once with the reason of its caller', async () => {
    const { a, b } = two()
    await a.tryLead('k')
    const caller = new AbortController()
    const wait = b.awaitChange('k', undefined, { timeoutMs: Infinity, signal: caller.signal })
    const reason = new Error('left')
    caller.abort(reason)
    await expect(wait).rejects.toBe(reason)
    await expect(b.awaitChange('k', undefined, { timeoutMs: 1, signal: caller.signal })).rejects.toBe(reason)
  })
})

it('a close gives leases back, ends waits and refuses what comes later; others go on', async () => {
  const { a, b, clock } = two()
  const lease = await a.tryLead('k')
  await b.tryLead('other')
  const wait = a.awaitChange('other', undefined, { timeoutMs: 60_000 })
  wait.catch(() => {})
  await a.close()
  await a.close()
  expect(lease?.lost.aborted).toBe(true)
  await expect(wait).rejects.toBeInstanceOf(ClosedError)
  await expect(a.read('k')).rejects.toBeInstanceOf(ClosedError)
  await expect(a.commit('k', write('1'))).rejects.toBeInstanceOf(ClosedError)
  await expect(a.tryLead('k')).rejects.toBeInstanceOf(ClosedError)
  await expect(a.awaitChange('k', undefined, { timeoutMs: 1 })).rejects.toBeInstanceOf(ClosedError)
  expect(await b.tryLead('k')).toBeDefined()
  await b.close()
  expect(clock.pending).toBe(0)
})

it('refuses a lease of no time', () => {
  expect(() => memoryCoordination({ leaseMs: 0 })).toThrow(OptionsError)
})
