import { describe, expect, it } from 'vitest'
import type { PolicyReport } from '../../../src/simulate/report.ts'
import type { ScenarioOptions } from '../../../src/simulate/scenarios/index.ts'
import { simulate } from '../../../src/simulate/simulate.ts'
import { expectEndsWhenAborted, expectNothingLeft, expectSameTwice } from '../../support/storm.ts'

type Given = Omit<ScenarioOptions & { name: 'token' }, 'name'>

/** A hundred instances whose tokens are good for an hour, at a provider that issues two a second. */
const fleet = { clients: 100, rate: 0.1, lifetimes: 1.05 } as const

const hour = 3_600

async function run(given: Given = {}): Promise<Record<string, PolicyReport>> {
  const report = await simulate({ name: 'token', ...fleet, ...given })
  return Object.fromEntries([report, ...report.compared].map((one) => [one.policy, one]))
}

/** The seconds of a curve in which something came, the first and the last. */
function busy({ curves }: PolicyReport): [first: number, last: number] {
  return [curves.arrivals.findIndex((count) => count > 0), curves.arrivals.findLastIndex((count) => count > 0)]
}

describe('a fleet whose tokens end together', () => {
  it('renews ours over a fifth of the lifetime, each once, and no call is without a token', async () => {
    const { breakwater } = (await run()) as { breakwater: PolicyReport }
    const [first, last] = busy(breakwater)
    expect(first).toBeGreaterThanOrEqual(0.69 * hour)
    expect(last).toBeLessThanOrEqual(0.9 * hour)
    expect(breakwater).toMatchObject({ attemptsPerClient: 1, goodputLost: 0, worstWaitMs: 0, wasted: 0 })
    expect(breakwater.peakPerSecond).toBeLessThanOrEqual(3)
    expect(breakwater.t50Ms).toBeGreaterThan(0.78 * hour * 1_000)
    expect(breakwater.t50Ms).toBeLessThan(0.82 * hour * 1_000)
  })

  it('brings everybody who has the same lead to the provider at once', async () => {
    const leads: Record<string, number> = {
      'on-expiry': 0,
      interval: hour / 2,
      'msal-node': 300,
      'google-auth-library': 300,
      'aws-sdk-js': 300,
      'aws-sdk-go': 900,
      'azure-core': 120,
      'oauth2-go': 10,
    }
    const all = await run({ compare: Object.keys(leads) })
    for (const [policy, lead] of Object.entries(leads)) {
      const report = all[policy] as PolicyReport
      const second = hour - lead
      const [first] = busy(report)
      // The tokens were issued in the 2 s before the run began.
      expect(first, policy).toBeGreaterThanOrEqual(second - 3)
      expect(first, policy).toBeLessThanOrEqual(second)
      // All of them within the 10 s between two calls of one instance.
      const together = report.curves.arrivals.slice(second - 3, second + 10).reduce((sum, count) => sum + count, 0)
      expect(together, policy).toBeGreaterThanOrEqual(fleet.clients)
    }
  })

  it('makes calls wait or fail where they must have the new token', async () => {
    const all = await run({ compare: ['on-expiry', 'msal-node', 'aws-sdk-go'] })
    expect(all['on-expiry']?.goodputLost).toBeGreaterThan(0)
    expect(all['on-expiry']?.worstWaitMs).toBeGreaterThan(10_000)
    // Each call that waits makes a request of its own.
    expect(all['msal-node']?.details.issued).toBeGreaterThan(fleet.clients)
    expect(all['aws-sdk-go']?.goodputLost).toBe(0)
  })
})

describe('a provider that is out of order', () => {
  it.each(['503', 'refusing', 'black-hole'] as const)('for 10 min (%s) takes no token from ours', async (outageBy) => {
    const { breakwater } = await run({ outageBy, outageMs: 600_000, outageAt: 0.7 })
    expect(breakwater).toMatchObject({ goodputLost: 0, worstWaitMs: 0 })
    expect(breakwater?.details).toMatchObject({ heldEndedToken: 0, renewed: 1 })
    expect(breakwater?.attemptsPerClient).toBeGreaterThan(1)
  })

  it('takes it from those who come late', async () => {
    const outage = { outageBy: '503', outageMs: 600_000, outageAt: 0.9 } as const
    const all = await run({ ...outage, compare: ['aws-sdk-js', 'aws-sdk-go', 'azure-core'] })
    expect(all.breakwater?.goodputLost).toBe(0)
    // It fails calls while their token is still good; another one sends tokens that have ended.
    expect(all['aws-sdk-js']?.goodputLost).toBeGreaterThan(0.05)
    expect(all['aws-sdk-js']?.details.heldEndedToken).toBe(0)
    expect(all['aws-sdk-go']?.details.heldEndedToken).toBeGreaterThan(0)
    // Every 3 s from each instance, from 2 min before the end on.
    expect(all['azure-core']?.attemptsPerClient).toBeGreaterThan(35)
  })

  it('costs calls where it outlasts the lifetime, and they are counted', async () => {
    const { breakwater } = await run({
      clients: 50,
      lifetimes: 1.2,
      outageBy: 'refusing',
      outageMs: 2_400_000,
      outageAt: 0.5,
    })
    expect(breakwater?.goodputLost).toBeGreaterThan(0.03)
    expect(breakwater?.worstWaitMs).toBeGreaterThan(600_000)
    expect(breakwater?.details.heldEndedToken).toBe(0)
  })
})

describe('the token scenario', () => {
  it('renews once for a fleet that shares a store', async () => {
    const { breakwater } = await run({ shared: true, lifetimes: 2.2 })
    expect(breakwater?.details.issued).toBeLessThanOrEqual(4)
    expect(breakwater?.details.issued).toBeGreaterThanOrEqual(2)
    expect(breakwater?.details).toMatchObject({ renewed: 1 })
    expect(breakwater?.details.storePeakPerSecond).toBeGreaterThan(0)
    expect(breakwater?.goodputLost).toBe(0)
  })

  it('says in a sentence what happened', async () => {
    const { summary, parameters } = await simulate({ name: 'token', ...fleet, compare: ['on-expiry'] })
    expect(parameters.capacity).toBe(2)
    expect(summary).toMatch(/^100 instances with tokens for 60 min: .* no call without a token\. Fetched anew once /)
  })

  it('begins when everybody has a token, however slow packets are', async () => {
    const slow = { clients: 50, lifetimeMs: 900_000, rate: 0.2, latencyMs: 3_000, lifetimes: 1.5 }
    const { breakwater } = await run(slow)
    expect(breakwater?.goodputLost).toBe(0)
    expect(breakwater?.t50Ms).toBeGreaterThan(0.6 * 900_000)
  })

  it('refuses an outage that the run would not see', async () => {
    await expect(simulate({ name: 'token', outageMs: 1_000, outageAt: 2 })).rejects.toThrow(
      'token.outageAt wants to be below lifetimes (1.5)',
    )
    await expect(simulate({ name: 'token', capacity: 0 })).rejects.toThrow(/token\.capacity/)
    await expect(simulate({ name: 'token', compare: ['nobody'] })).rejects.toThrow(/token\.compare knows on-expiry/)
  })

  const small = { clients: 20, rate: 0.05, loss: 0.05, outageMs: 900_000, outageAt: 0.8, lifetimes: 1.1 } as const

  it('gives the same report for the same seed', async () => {
    await expectSameTwice({ name: 'token', ...small, compare: ['aws-sdk-go', 'azure-core'] })
    await expectSameTwice({ name: 'token', ...small, shared: true })
  })

  it('ends when it is told to', async () => {
    await expectEndsWhenAborted({ name: 'token', ...small, compare: ['msal-node'] })
    await expectEndsWhenAborted({ name: 'token', ...small, shared: true })
  })

  it.each(['breakwater', 'interval', 'azure-core'])('leaves nothing behind of %s', async (policy) => {
    await expectNothingLeft('token', small, policy)
    await expectNothingLeft('token', { ...small, shared: true }, policy)
  })
})
