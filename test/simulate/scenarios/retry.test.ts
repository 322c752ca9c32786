import { describe, expect, it } from 'vitest'
import type { PolicyReport } from '../../../src/simulate/report.ts'
import type { ScenarioOptions } from '../../../src/simulate/scenarios/index.ts'
import { simulate } from '../../../src/simulate/simulate.ts'
import { expectEndsWhenAborted, expectNothingLeft, expectSameTwice } from '../../support/storm.ts'

type Given = Omit<ScenarioOptions & { name: 'retry' }, 'name'>

/** A hundredth of the field's fleet, with the same rate for each and a server of the same headroom. */
const clients = 10

async function run(given: Given = {}): Promise<Record<string, PolicyReport>> {
  const report = await simulate({ name: 'retry', clients, ...given })
  return Object.fromEntries([report, ...report.compared].map((one) => [one.policy, one]))
}

/** Retry storms, table B: seconds until 95 % succeed, attempts per call, share of calls that succeed. */
const tableB: readonly [policy: string, recovery: number | null, load: number, success: number][] = [
  ['none', 45, 1, 0.401],
  ['ky', 45, 1, 0.401],
  ['ky-timeout', null, 2.96, 0],
  ['cockatiel', null, 3.93, 0],
  ['cockatiel-breaker', 30, 0.88, 0.597],
  ['axios-retry', 45, 1, 0.401],
  ['got', null, 2.93, 0],
  ['undici', 45, 1, 0.401],
  ['aws', 63, 1.03, 0.201],
  ['grpc', null, 3.93, 0],
  ['grpc-throttled', 47, 1, 0.379],
]

describe('a server that freezes for 10 s at 83 % load', () => {
  it('costs the clients of others what the field has measured, and ours next to nothing', async () => {
    const all = await run({ compare: tableB.map(([policy]) => policy) })
    for (const [policy, recovery, load, success] of tableB) {
      const { details, amplification, goodputLost } = all[policy] as PolicyReport
      if (recovery === null) expect(details.recoveryMs, policy).toBeNull()
      else expect(Math.abs((details.recoveryMs ?? Infinity) / 1_000 / recovery - 1), policy).toBeLessThan(0.05)
      // A circuit's probe that comes a moment before the queue is short enough costs its client ten seconds more.
      const most = policy === 'cockatiel-breaker' ? 0.1 : 0.05
      expect(Math.abs(amplification / load - 1), policy).toBeLessThan(most)
      expect(Math.abs(1 - goodputLost - success), policy).toBeLessThan(most)
    }
    const ours = all.breakwater as PolicyReport
    expect(ours.details.recoveryMs).toBeLessThanOrEqual(4_000)
    expect(ours.amplification).toBeLessThanOrEqual(1.01)
    expect(1 - ours.goodputLost).toBeGreaterThan(0.86)
  })

  it('drives a client that never gives up out of all bounds, where it is cut off', async () => {
    const { 'cockatiel-default': endless } = await run({ runMs: 40_000, compare: ['cockatiel-default'] })
    expect(endless?.details.diverged).toBe(1)
    expect(endless?.details.recoveryMs).toBeNull()
    expect(endless?.amplification).toBeGreaterThan(10)
  })

  it('leaves a fleet of slow clients with the throttle sooner than without', async () => {
    const slow = { clients: 250, rate: 0.2, runMs: 60_000 } as const
    const without = (await run(slow)).breakwater as PolicyReport
    const throttled = (await run({ ...slow, throttle: true })).breakwater as PolicyReport
    expect(without.details.recoveryMs ?? Infinity).toBeGreaterThan(throttled.details.recoveryMs ?? Infinity)
    expect(throttled.details.recoveryMs).toBeLessThanOrEqual(30_000)
  })
})

describe('other troubles', () => {
  it('an outage ends with few attempts more than there are calls', async () => {
    const all = await run({ trouble: 'outage', runMs: 30_000, compare: ['none', 'p-retry'] })
    expect(all.breakwater?.details.recoveryMs).toBeLessThanOrEqual(5_000)
    expect(all.breakwater?.peakOverCapacity).toBeLessThan(1.4)
    expect(all.none?.details.recoveryMs).toBe(0)
    // Whoever was refused comes back by a power of two, so everybody who was refused comes back together.
    expect(all['p-retry']?.peakOverCapacity).toBeGreaterThan(1.5)
  })

  it('half of its capacity is not enough, and ours loses no more than plain calls', async () => {
    const all = await run({ trouble: 'half', runMs: 40_000, compare: ['none', 'ky-timeout'] })
    const lost = (policy: string) => all[policy]?.goodputLost ?? Number.NaN
    expect(lost('breakwater')).toBeLessThan(lost('none'))
    expect(lost('ky-timeout')).toBeGreaterThan(0.8)
    expect(all.breakwater?.wasted).toBeLessThan(all.none?.wasted ?? 0)
  })

  it('a server that sheds keeps most of its capacity for those it serves', async () => {
    const all = await run({ server: 'sheds', runMs: 30_000, compare: ['none', 'ky'] })
    for (const [policy, { details }] of Object.entries(all)) {
      expect(details.recoveryMs, policy).toBeLessThanOrEqual(5_000)
    }
  })

  it('no trouble but errors: retries get through them', async () => {
    const all = await run({ outageMs: 0, errors: 0.2, runMs: 30_000, compare: ['none', 'ky', 'grpc-throttled'] })
    const success = (policy: string) => 1 - (all[policy]?.goodputLost ?? Number.NaN)
    expect(success('breakwater')).toBeGreaterThan(0.975)
    expect(all.breakwater?.amplification).toBeLessThan(1.25)
    expect(success('none')).toBeCloseTo(0.8, 1)
    expect(success('ky')).toBeGreaterThan(0.985)
    // One failure in five keeps its bucket where it pays for nothing.
    expect(success('grpc-throttled')).toBeLessThan(0.85)
  })
})

describe('the retry scenario', () => {
  it('works the capacity out, and says what happened', async () => {
    const { parameters, summary, curves } = await simulate({
      name: 'retry',
      clients: 10,
      outageMs: 2_000,
      runMs: 30_000,
      compare: ['none', 'ky-timeout'],
    })
    expect(parameters.capacity).toBe(120)
    expect(summary).toMatch(/^100 calls per second from 10 clients, and a server for 120 that is frozen for 2 s: over /)
    expect(summary).toContain('plain fetch: over ')
    expect(curves.recovered).toHaveLength(30)
  })

  it('names no bound: a call that began in the trouble may outlast it', async () => {
    const patient = { outageMs: 3_000, runMs: 20_000, attemptMs: 60_000 }
    const report = await simulate({ name: 'retry', clients: 4, ...patient })
    expect(report).toMatchObject({ tAllMs: 0, boundMs: null, goodputLost: 0 })
  })

  it('refuses a headroom that makes a capacity of no number', async () => {
    await expect(simulate({ name: 'retry', headroom: 1e308 })).rejects.toThrow('retry.headroom wants a number')
  })

  it('refuses a trouble that outlasts the run', async () => {
    const refused = simulate({ name: 'retry', outageMs: 20_000, runMs: 10_000 })
    await expect(refused).rejects.toThrow('retry.outageMs must be over before the run is, at 10000 ms')
  })

  const small = { name: 'retry', clients: 4, runMs: 20_000, settleMs: 4_000, loss: 0.01, errors: 0.01 } as const

  it('gives the same report for the same seed', () =>
    expectSameTwice({ ...small, compare: ['cockatiel-breaker', 'aws'] }))

  it('ends when it is told to', () => expectEndsWhenAborted({ ...small, compare: ['ky'] }))

  it.each(['breakwater', 'p-retry', 'cockatiel-breaker'])('leaves nothing of %s behind', (policy) =>
    expectNothingLeft('retry', { clients: 4, runMs: 20_000, settleMs: 4_000 }, policy),
  )
})
