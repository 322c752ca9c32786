import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { Coordination, Version } from '../../src/coordination/coordination.ts'
import { tabsCoordination } from '../../src/coordination/tabs/index.ts'
import { type ManualClock, manualClock } from '../../src/core/manual-clock.ts'

const leaseMs = 900

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

/**
 * Two tabs, and one that is frozen: its clock stands still, so no timer of its own runs, while its locks stay where they
 * are. Time is real, because locks and messages are; what a browser does is held by test/live/tabs-chromium.test.ts.
 */
function profile() {
  const name = randomUUID()
  const clock = manualClock(Date.now())
  const open = (runtime?: { clock: ManualClock }) => {
    const coordination = tabsCoordination({ name, leaseMs, runtime })
    ending.push(() => coordination.close())
    return coordination
  }
  return { name, frozen: open({ clock }), clock, a: open(), b: open() }
}

const kept = (value: string, expected?: Version) => ({ value, expected, expiresInMs: Infinity })

const freeAfter = async (tab: Coordination) => {
  const startedAt = performance.now()
  const verdict = await tab.awaitChange('key', undefined, { timeoutMs: 10_000 })
  return { verdict, ms: performance.now() - startedAt }
}

describe('a tab that leads and is frozen', () => {
  it('holds up the others for one lease, then one of them leads, and it learns of that when it wakes', async () => {
    const { frozen, clock, a, b } = profile()
    const old = await frozen.tryLead('key')
    expect(old).toBeDefined()
    expect(await a.tryLead('key')).toBeUndefined()
    const { verdict, ms } = await freeAfter(a)
    expect(verdict).toBe('free')
    expect(ms).toBeGreaterThan(leaseMs / 2)
    // A look comes at most a second later.
    expect(ms).toBeLessThan(leaseMs + 1_100)
    const lease = await a.tryLead('key')
    expect(lease).toBeDefined()
    expect(lease?.version).not.toEqual(old?.version)
    expect(await b.tryLead('key')).toBeUndefined()
    expect(old?.lost.aborted).toBe(false)

    // It wakes with a renewal that is due, and sees who has passed it by.
    await clock.advance(leaseMs / 3)
    await expect.poll(() => old?.lost.aborted).toBe(true)
    expect(lease?.lost.aborted).toBe(false)
    expect(await b.tryLead('key')).toBeUndefined()
    await lease?.release()
    expect(await b.tryLead('key')).toBeDefined()
  })

  it('has lost its lease when it wakes after it, even if nobody wanted it', async () => {
    const { frozen, clock } = profile()
    const old = await frozen.tryLead('key')
    await clock.oversleep(10 * leaseMs)
    expect(old?.lost.aborted).toBe(true)
  })

  it('is not passed by while it is alive, however long it leads', async () => {
    const { a, b } = profile()
    const lease = await a.tryLead('key')
    const { verdict } = await b
      .awaitChange('key', undefined, { timeoutMs: 3 * leaseMs })
      .then((result) => ({ verdict: result }))
    expect(verdict).toBe('timeout')
    expect(await b.tryLead('key')).toBeUndefined()
    expect(lease?.lost.aborted).toBe(false)
  })

  it('is followed by one at a time, when many have seen it stand still', async () => {
    const { frozen, a, b } = profile()
    await frozen.tryLead('key')
    await Promise.all([freeAfter(a), freeAfter(b)])
    let leads = 0
    for (let round = 0; round < 20; round++) {
      const leases = await Promise.all([a.tryLead('key'), b.tryLead('key')])
      const granted = leases.filter((lease) => lease !== undefined)
      expect(granted.length).toBeLessThanOrEqual(1)
      leads += granted.length
      await granted[0]?.release()
    }
    expect(leads).toBeGreaterThan(10)
  })
})

describe('a tab that has the value and is frozen', () => {
  it('keeps the others from it for one lease; then they go on without it, and it follows when it wakes', async () => {
    const { frozen, clock, a, b } = profile()
    const old = await frozen.commit('key', kept('of the frozen one'))
    await expect(a.read('key')).rejects.toMatchObject({ code: 'coordination', trouble: 'late' })
    expect(await a.commit('key', kept('over it'))).toBeUndefined()
    await expect.poll(() => a.read('key').catch(() => 'silent'), { timeout: 4_000 }).toBeUndefined()
    const version = await a.commit('key', kept('without it'))
    expect(version?.number).toBeGreaterThan(old?.number ?? Infinity)
    expect(await b.read('key')).toMatchObject({ value: 'without it', version })

    await clock.advance(1)
    expect(await frozen.commit('key', kept('late', old))).toBeUndefined()
    const read = frozen.read('key')
    await clock.advance(0)
    expect(await read).toMatchObject({ value: 'without it', version })
  })
})

describe('a tab that is frozen in the middle of a commit', () => {
  it('holds up no read and no lease, and another commit for a second', async () => {
    const { name, a, b } = profile()
    const version = await a.commit('key', kept('before'))
    let thaw: (() => void) | undefined
    const holding = navigator.locks.request(`${name}|key|turn`, () => new Promise<void>((end) => (thaw = end)))
    await expect.poll(() => thaw).toBeDefined()

    const startedAt = performance.now()
    expect(await b.read('key')).toMatchObject({ value: 'before' })
    await (await b.tryLead('key'))?.release()
    expect(await b.awaitChange('key', version, { timeoutMs: 0 })).toBe('free')
    expect(performance.now() - startedAt).toBeLessThan(500)

    expect(await b.commit('key', kept('after', version))).toBeDefined()
    const tookMs = performance.now() - startedAt
    expect(tookMs).toBeGreaterThan(900)
    expect(tookMs).toBeLessThan(2_000)
    const { held = [] } = await navigator.locks.query()
    expect(held.filter((lock) => lock.name?.endsWith('|turn'))).toHaveLength(1)
    thaw?.()
    await holding
  })
})

describe('a tab that closes', () => {
  it('takes its value along, unless another one asked for it', async () => {
    const { frozen, a, b } = profile()
    const version = await frozen.commit('lost', kept('mine'))
    await a.commit('key', kept('ours'))
    expect(await b.read('key')).toMatchObject({ value: 'ours' })
    await Promise.all([frozen.close(), a.close()])
    expect(version).toBeDefined()
    expect(await b.read('lost')).toBeUndefined()
    expect(await b.read('key')).toMatchObject({ value: 'ours' })
  })
})
