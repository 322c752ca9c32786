import { describe, expect, it } from 'vitest'
import { type FleetPlan, runFleet } from '../proofs/fleet/fleet.ts'
import { redis } from '../support/services.ts'

// The short version of `npm run prove:fleet`, which takes five minutes for each. A renewal comes between 0.7 and 0.9 of
// the 4 s, whoever of the eight draws the earliest moment; together that is at least 2.8 s.
const plan: FleetPlan = { members: 8, forMs: 15_000, lifetimeS: 4, leaseMs: 1_000, killEvery: 0, redisRestarts: 0 }
const fewest = plan.forMs / 4_000
const most = 1 + plan.forMs / 2_800

// Not how long a process waits for its core: that nobody waits while a token is good is held in virtual time.
const good = { failedWithValid: [], failedOtherwise: [], repeatedLeases: [] }

describe.skipIf(redis.path === undefined)('8 processes that share a token of 4 s', () => {
  it.concurrent('renew it once for all', async () => {
    const figures = await runFleet(plan)
    expect(figures).toMatchObject(good)
    expect(figures.providerCalls).toBeGreaterThanOrEqual(Math.floor(fewest))
    expect(figures.providerCalls).toBeLessThanOrEqual(Math.ceil(most))
    expect(figures.gets).toBeGreaterThan(1_000)
  })

  it.concurrent('lose a leader in the middle of every second renewal, and nobody notices', async () => {
    const figures = await runFleet({ ...plan, killEvery: 2 })
    expect(figures).toMatchObject(good)
    expect(figures.leadersKilled).toBeGreaterThanOrEqual(1)
    expect(figures.providerCalls).toBeLessThanOrEqual(Math.ceil(most) + figures.leadersKilled)
  })

  it.concurrent('lose Redis again and again, and no caller fails while a token is good', async () => {
    const figures = await runFleet({ ...plan, redisRestarts: 4 })
    expect(figures).toMatchObject({ failedWithValid: [], repeatedLeases: [] })
    // Without Redis each renews for itself, at a moment of its own.
    expect(figures.providerCalls).toBeLessThanOrEqual(Math.ceil(most) + 8 * figures.redisRestarts)
  })
})
