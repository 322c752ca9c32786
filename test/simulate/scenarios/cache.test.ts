import { describe, expect, it } from 'vitest'
import type { PolicyReport } from '../../../src/simulate/report.ts'
import type { ScenarioOptions } from '../../../src/simulate/scenarios/index.ts'
import { simulate } from '../../../src/simulate/simulate.ts'
import { expectEndsWhenAborted, expectNothingLeft, expectSameTwice } from '../../support/storm.ts'

type Given = Omit<ScenarioOptions & { name: 'cache' }, 'name'>

/** Four hundred entries before a database that loads twenty a second. */
const fleet = { clients: 20, keys: 20, readsPerSecond: 20 } as const
const entries = fleet.clients * fleet.keys

async function run(given: Given = {}): Promise<Record<string, PolicyReport>> {
  const report = await simulate({ name: 'cache', ...fleet, ...given })
  return Object.fromEntries([report, ...report.compared].map((one) => [one.policy, one]))
}

function sum(counts: readonly number[], from = 0, until = counts.length): number {
  return counts.slice(from, until).reduce((total, count) => total + count, 0)
}

describe('entries that end together', () => {
  it('are loaded by ours before they end, each once, and no read waits', async () => {
    const { breakwater } = (await run({ lifetimes: 1.3 })) as { breakwater: PolicyReport }
    const { arrivals } = breakwater.curves
    // 80 % of a life of 54 to 60 s, counted from within the second before; then the next read.
    expect(sum(arrivals, 0, 42)).toBe(0)
    expect(sum(arrivals, 42, 60)).toBeGreaterThan(0.99 * entries)
    expect(breakwater).toMatchObject({ goodputLost: 0, worstWaitMs: 0, attemptsPerClient: fleet.keys })
    expect(breakwater.details).toMatchObject({ loadsPerEntry: 1, renewed: 1 })
  })

  it('bring everybody to the database at once where all live equally long', async () => {
    const all = await run({ lifetimes: 1.6, compare: ['ttl', 'ttl-single-flight', 'swr', 'xfetch'] })
    for (const policy of ['ttl', 'ttl-single-flight', 'swr']) {
      expect(sum(all[policy]?.curves.arrivals ?? [], 0, 59), policy).toBe(0)
      expect(all[policy]?.peakOverCapacity, policy).toBeGreaterThan(5)
    }
    expect(all.breakwater?.peakOverCapacity).toBeLessThan((all.swr?.peakOverCapacity ?? 0) / 1.5)
    // Each miss is a load: the database never gets out of the queue that its readers make.
    expect(all.ttl?.details.loadsPerEntry).toBeGreaterThan(5)
    expect(all.ttl?.goodputLost).toBeGreaterThan(0.1)
    expect(all.xfetch?.details.loadsPerEntry).toBeGreaterThan(5)
    expect(all['ttl-single-flight']?.details.loadsPerEntry).toBe(1)
    expect(all['ttl-single-flight']?.goodputLost).toBeGreaterThan(0)
    expect(all.swr?.goodputLost).toBe(0)
  })

  it('are loaded once for all caches that share a store', async () => {
    const { breakwater } = await run({ shared: true, lifetimes: 1.3 })
    expect(breakwater?.details.loads).toBe(fleet.keys)
    expect(breakwater?.details.storePeakPerSecond).toBeGreaterThan(0)
    expect(breakwater?.goodputLost).toBe(0)
  })
})

describe('a database that is out of order', () => {
  it('costs no read while an old value will do', async () => {
    // From 42 s to 72 s: fresh until 54 s at the earliest, given for 30 s longer; time for 400 loads.
    const all = await run({ capacity: 60, outageMs: 30_000, lifetimes: 2, compare: ['ttl-single-flight'] })
    expect(all.breakwater?.goodputLost).toBe(0)
    expect(all['ttl-single-flight']?.goodputLost).toBeGreaterThan(0.1)
  })
})

describe('the cache scenario', () => {
  it('begins with nothing if it is told to, and knows how soon all could be there', async () => {
    const report = await simulate({ name: 'cache', ...fleet, start: 'cold', lifetimes: 1, compare: ['ttl'] })
    const [ttl] = report.compared as [PolicyReport]
    expect(report.boundMs).toBe(20_000)
    expect(report.tAllMs).toBeGreaterThan(19_000)
    expect(report.tAllMs).toBeLessThan(23_000)
    expect(ttl.t99Ms ?? Infinity).toBeGreaterThan(report.t99Ms ?? Infinity)
    expect(report.summary).toMatch(
      /^20 processes with 20 keys each with empty caches: .* Time to live, each miss loads: /,
    )
  })

  it('begins when every cache has every value, however slow packets are', async () => {
    const slow = { clients: 5, keys: 20, readsPerSecond: 20, latencyMs: 2_000, patienceMs: 100, lifetimes: 0.5 }
    const report = await simulate({ name: 'cache', ...slow })
    expect(report).toMatchObject({ goodputLost: 0, peakPerSecond: 0, t50Ms: null })
  })

  it('refuses an outage that the run would not see', async () => {
    await expect(simulate({ name: 'cache', outageMs: 1_000, outageAt: 3 })).rejects.toThrow(
      'cache.outageAt wants to be below lifetimes (3)',
    )
    await expect(simulate({ name: 'cache', readsPerSecond: 0 })).rejects.toThrow(/cache\.readsPerSecond/)
  })

  const small = { clients: 5, keys: 5, readsPerSecond: 15, loss: 0.05, lifetimes: 1.5, outageMs: 40_000 } as const

  it('gives the same report for the same seed', async () => {
    await expectSameTwice({ name: 'cache', ...small, compare: ['ttl', 'swr', 'xfetch'] })
    await expectSameTwice({ name: 'cache', ...small, shared: true, start: 'cold' })
  })

  it('ends when it is told to', async () => {
    await expectEndsWhenAborted({ name: 'cache', ...small, compare: ['ttl'] })
    await expectEndsWhenAborted({ name: 'cache', ...small, shared: true })
  })

  it.each(['breakwater', 'ttl', 'swr'])('leaves nothing behind of %s', async (policy) => {
    await expectNothingLeft('cache', small, policy)
    await expectNothingLeft('cache', { ...small, shared: true, lifetimes: 0.72 }, policy)
  })
})
