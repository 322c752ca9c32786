import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/core/random.ts'
import { refreshAfterMs, retryAfterFailureMs, sharedFailureMs } from '../../src/refresh/refresh-time.ts'
import { type LoadContext, type Plan, Refreshable } from '../../src/refresh/refreshable/index.ts'
import { tokenSourceDefaults } from '../../src/refresh/token-options.ts'
import { manualClock } from '../../src/testing/index.ts'

const instances = 50_000
const hourMs = 3_600_000

/** `BREAKWATER_FLEET_HOURS=24` runs the whole day, a minute or so. */
const hours = Number(process.env.BREAKWATER_FLEET_HOURS ?? 4)

interface Outage {
  readonly fromMs: number
  readonly untilMs: number
}

/** A fleet of instances that start together, each with a one-hour token of its own; what the provider sees per second. */
async function fleet(forHours: number, outage?: Outage) {
  const clock = manualClock()
  const perSecond = new Uint32Array((forHours * hourMs) / 1_000 + 1)
  let expired = 0
  const down = () => outage !== undefined && clock.now() >= outage.fromMs && clock.now() < outage.untilMs
  const load = async ({ previous, leftMs }: LoadContext<number>) => {
    // It comes to renew what has ended already.
    if (previous !== undefined && leftMs === 0) expired++
    const second = Math.floor(clock.now() / 1_000)
    perSecond[second] = (perSecond[second] ?? 0) + 1
    if (down()) throw new Error('down')
    return { value: second, issuedAt: clock.now(), lifetimeMs: hourMs }
  }
  const random = seededRandom(5)
  const plan: Plan<number> = {
    timeoutMs: 30_000,
    timed: true,
    keepFresh: true,
    graceMs: 0,
    refreshAfterMs: ({ lifetimeMs }) => refreshAfterMs(lifetimeMs, tokenSourceDefaults, random()),
    retryMs: (lifetimeMs, leftMs) => retryAfterFailureMs(lifetimeMs, leftMs, random),
    failureMs: () => sharedFailureMs(random),
  }
  const run = <Value>(fn: () => Value) => fn()
  const all = Array.from({ length: instances }, () => new Refreshable<number>(load, plan, { clock, random }, run))
  await Promise.all(all.map((one) => one.get()))
  await clock.advance(forHours * hourMs)
  for (const one of all) {
    if (one.peek() === undefined) expired++
    one.close('the fleet')
  }
  return { perSecond, expired }
}

const busiest = (perSecond: Uint32Array, from: number, to: number) => Math.max(...perSecond.subarray(from, to))

describe('50,000 instances that start together, in virtual time', () => {
  it('renew over the window, and further apart each hour', async () => {
    const { perSecond } = await fleet(hours)
    const total = perSecond.subarray(1).reduce((sum, count) => sum + count, 0)
    const first = busiest(perSecond, 1, 3_600)
    const hourlyMean = instances / 3_600
    if (process.env.BREAKWATER_FIGURES) console.log(`${(first / hourlyMean).toFixed(2)} × the hourly mean`)
    expect(first / hourlyMean).toBeLessThanOrEqual(7.8)
    expect(busiest(perSecond, (hours - 1) * 3_600, hours * 3_600)).toBeLessThan(0.75 * first)
    // What jitter costs: a renewal each 0.8 hours instead of each hour.
    expect(total / instances / hours).toBeLessThan(1.3)
  }, 1_800_000)

  it('live through ten minutes without a provider, and do not fall upon it after', async () => {
    const from = Number(process.env.BREAKWATER_OUTAGE_FROM ?? 0.7) * hourMs
    const { perSecond, expired } = await fleet(1.25, { fromMs: from, untilMs: from + 600_000 })
    const after = busiest(perSecond, (from + 600_000) / 1_000, 4_500)
    if (process.env.BREAKWATER_FIGURES)
      console.log(`${after} in the busiest second after the outage, ${expired} expired`)
    expect(expired).toBe(0)
    expect(after).toBeLessThanOrEqual(700)
  }, 1_800_000)
})
