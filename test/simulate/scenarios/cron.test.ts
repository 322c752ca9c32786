import { describe, expect, it } from 'vitest'
import type { PolicyReport } from '../../../src/simulate/report.ts'
import type { ScenarioOptions } from '../../../src/simulate/scenarios/index.ts'
import { simulate } from '../../../src/simulate/simulate.ts'
import { expectEndsWhenAborted, expectNothingLeft, expectSameTwice } from '../../support/storm.ts'

type Given = Omit<ScenarioOptions & { name: 'cron' }, 'name'>

const clients = 300

async function run(given: Given = {}): Promise<Record<string, PolicyReport>> {
  const report = await simulate({ name: 'cron', clients, ...given })
  return Object.fromEntries([report, ...report.compared].map((one) => [one.policy, one]))
}

describe('a job that every instance runs at midnight', () => {
  it('is a herd on time, and no load at all with a rhythm for each', async () => {
    const all = await run({ compare: ['cron', 'cron-ky', 'cron-p-retry', 'cron-jitter'] })
    const ours = all.breakwater as PolicyReport
    expect(ours.details).toEqual({ jobsDone: clients, jobsFailed: 0 })
    expect(ours.peakOverCapacity).toBeLessThan(1.2)
    expect([ours.amplification, ours.wasted, ours.goodputLost]).toEqual([1, 0, 0])
    // The jobs come over the whole interval, evenly.
    expect(ours.t50Ms).toBeGreaterThan(25_000)
    expect(ours.t50Ms).toBeLessThan(35_000)
    for (const policy of ['cron', 'cron-ky', 'cron-p-retry']) {
      expect(all[policy]?.peakPerSecond, policy).toBeGreaterThanOrEqual(clients)
      expect(all[policy]?.wasted, policy).toBeGreaterThan(0)
    }
    expect(all.cron?.goodputLost).toBeGreaterThan(0.5)
    expect(all['cron-p-retry']?.amplification).toBeGreaterThan(2)
    expect(all['cron-jitter']).toMatchObject({ goodputLost: 0, wasted: 0 })
  })

  it('that must run soon after it is spread over what the server needs', async () => {
    const { breakwater, cron } = (await run({ how: 'spread', compare: ['cron'] })) as Record<string, PolicyReport>
    expect(breakwater?.tAllMs).toBeLessThan(38_000)
    expect(breakwater?.goodputLost).toBe(0)
    expect(breakwater?.peakOverCapacity).toBeLessThan(1.5)
    expect(cron?.peakOverCapacity).toBeGreaterThan(5)
  })

  it('on time is a herd of ours as well, which its calls cannot mend', async () => {
    const { breakwater } = await run({ how: 'on-time' })
    expect(breakwater?.peakPerSecond).toBeGreaterThanOrEqual(clients)
  })

  it('is told so by a server that sheds', async () => {
    const all = await run({ server: 'sheds', how: 'on-time', compare: ['cron', 'cron-ky'] })
    expect(all.cron?.goodputLost).toBeGreaterThan(0.9)
    expect(all.breakwater?.goodputLost).toBeLessThan(all['cron-ky']?.goodputLost ?? 0)
  })
})

describe('the cron scenario', () => {
  it('works capacity and window out, and says what happened', async () => {
    const { parameters, summary } = await simulate({ name: 'cron', clients: 60, compare: ['cron'] })
    expect(parameters.capacity).toBe(6)
    expect(parameters.spreadMs).toBeCloseTo(33_000, 5)
    expect(summary).toMatch(
      /^60 instances with a job every 60 s\. Breakwater: 100 % of the jobs succeed, [\d.]+ × what/,
    )
    expect(summary).toContain(' cron, plain fetch: ')
  })

  it('refuses a window that is longer than the interval', async () => {
    const refused = simulate({ name: 'cron', spreadMs: 61_000 })
    await expect(refused).rejects.toThrow('cron.spreadMs must be at most the interval, 60000 ms')
  })

  const small = { name: 'cron', clients: 50, loss: 0.02 } as const

  it('gives the same report for the same seed', () => expectSameTwice({ ...small, compare: ['cron', 'cron-jitter'] }))

  it('ends when it is told to', () => expectEndsWhenAborted({ ...small, compare: ['cron'] }))

  it.each(['breakwater', 'cron-p-retry'])('leaves nothing of %s behind', (policy) =>
    expectNothingLeft('cron', { clients: 50 }, policy),
  )
})
