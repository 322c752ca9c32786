import { describe, expect, it } from 'vitest'
import type { PolicyReport } from '../../../src/simulate/report.ts'
import type { ScenarioOptions } from '../../../src/simulate/scenarios/index.ts'
import { simulate } from '../../../src/simulate/simulate.ts'
import { expectEndsWhenAborted, expectNothingLeft, expectSameTwice } from '../../support/storm.ts'

type Given = Omit<ScenarioOptions & { name: 'broadcast' }, 'name'>

/** A fleet that its server needs 50 s to serve. */
const clients = 300

async function run(given: Given = {}): Promise<Record<string, PolicyReport>> {
  const report = await simulate({ name: 'broadcast', clients, ...given })
  return Object.fromEntries([report, ...report.compared].map((one) => [one.policy, one]))
}

describe('a change that everybody hears of at once', () => {
  it('is fetched by ours over the window, once each', async () => {
    const { breakwater } = (await run()) as { breakwater: PolicyReport }
    expect(breakwater).toMatchObject({ boundMs: 50_000, attemptsPerClient: 1, wasted: 0, goodputLost: 0 })
    expect(breakwater.tAllMs).toBeGreaterThan(50_000)
    // The window is 1.1 times what the server needs; then the queue that chance has made is empty soon.
    expect(breakwater.tAllMs).toBeLessThan(60_000)
    expect(breakwater.peakOverCapacity).toBeLessThan(3)
  })

  it('brings the others at once, and a server that queues them all serves clients that have left', async () => {
    const all = await run({ runMs: 120_000, compare: ['at-once', 'fixed-delay', 'full-jitter'] })
    for (const policy of ['at-once', 'fixed-delay', 'full-jitter']) {
      expect(all[policy]?.peakPerSecond, policy).toBeGreaterThanOrEqual(clients)
      expect(all[policy]?.t99Ms, policy).toBeNull()
      expect(all[policy]?.wasted, policy).toBeGreaterThan(clients / 2)
    }
    // Its server has 10 s until the first requests have lost their clients.
    expect(all['at-once']?.details.updated).toBeGreaterThan(0.19)
    expect(all['at-once']?.curves.arrivals[0]).toBe(clients)
    expect(all['fixed-delay']?.curves.arrivals.slice(0, 6)).toEqual([0, 0, 0, 0, 0, clients])
  })

  it('costs a server that turns them away a multiple of its work', async () => {
    const all = await run({ server: 'sheds', compare: ['fixed-delay', 'full-jitter'] })
    expect(all.breakwater?.attemptsPerClient).toBeLessThan(1.1)
    expect(all['fixed-delay']?.attemptsPerClient).toBeGreaterThan(4)
    expect(all['full-jitter']?.t99Ms ?? Infinity).toBeGreaterThan(all.breakwater?.t99Ms ?? Infinity)
  })

  it('is a storm of ours as well without a window', async () => {
    const { breakwater } = await run({ windowMs: 0, runMs: 20_000 })
    expect(breakwater?.curves.arrivals[0]).toBe(clients)
    expect(breakwater?.wasted).toBeGreaterThan(0)
  })
})

it('does not run in circles where a refusal on the spot has no window to wait for', async () => {
  const refusing = { clients: 30, capacity: 0.6, server: 'sheds', queueMs: 1, retryAfterMs: 0 } as const
  const report = await simulate({ name: 'broadcast', ...refusing, windowMs: 0, runMs: 60_000 })
  expect(report.partial).toBe(false)
  expect(report.attemptsPerClient).toBeLessThan(60)
})

describe('the broadcast scenario', () => {
  it('works the window out, and says what happened', async () => {
    const { parameters, summary } = await simulate({ name: 'broadcast', clients: 100, capacity: 10 })
    expect(parameters.windowMs).toBe(11_000)
    expect(summary).toMatch(
      /^100 clients told of a change, a server for 10 requests per second, and a window of 11 s for ours: 99 % back after 1\d(\.\d+)? s \(.* 1 attempt each\.$/,
    )
  })

  it('refuses what it cannot be', async () => {
    await expect(simulate({ name: 'broadcast', windowMs: -1 })).rejects.toThrow(/broadcast\.windowMs/)
    await expect(simulate({ name: 'broadcast', server: 'slow' as never })).rejects.toThrow(/one of fifo, sheds/)
  })

  const small = { clients: 40, capacity: 1, loss: 0.05, windowMs: 5_000, runMs: 60_000 } as const

  it('gives the same report for the same seed', async () => {
    await expectSameTwice({ name: 'broadcast', ...small, compare: ['at-once', 'full-jitter'] })
    await expectSameTwice({ name: 'broadcast', ...small, server: 'sheds', compare: ['fixed-delay'] })
  })

  it('ends when it is told to', async () => {
    await expectEndsWhenAborted({ name: 'broadcast', ...small, compare: ['at-once'] })
  })

  it.each(['breakwater', 'at-once'])('leaves nothing behind of %s', async (policy) => {
    await expectNothingLeft('broadcast', small, policy)
  })
})
