import { describe, expect, it } from 'vitest'
import { type Rotation, type RotationOptions, rotate } from './rotation.ts'

/** `BREAKWATER_INTERLEAVINGS=200000` runs as many as the issue asks for; some twenty minutes. */
const interleavings = Number(process.env.BREAKWATER_INTERLEAVINGS ?? 1_000)

async function many(count: number, options: RotationOptions) {
  const sum = { twice: 0, presented: 0, given: 0, told: {} as Record<string, number>, failedSeeds: [] as number[] }
  for (let seed = 1; seed <= count; seed++) {
    const one: Rotation = await rotate(seed, options)
    sum.twice += one.twice
    sum.presented += one.presented
    sum.given += one.given
    if (one.twice > 0) sum.failedSeeds.push(seed)
    for (const [reason, times] of Object.entries(one.told)) sum.told[reason] = (sum.told[reason] ?? 0) + times
  }
  return sum
}

describe('exclusive', () => {
  it('never presents a refresh token twice, whatever times out, crashes, sleeps, fails or comes late', async () => {
    const sum = await many(interleavings, {})
    expect(sum.failedSeeds).toEqual([])
    // All of it happened, or the above says nothing.
    expect(sum.presented).toBeGreaterThan(interleavings)
    expect(sum.given).toBeGreaterThan(5 * interleavings)
    expect(sum.told['unknown-outcome']).toBeGreaterThan(interleavings)
    expect(sum.told.coordination).toBeGreaterThan(0)
    if (interleavings > 10_000) console.log(JSON.stringify(sum))
  }, 3_600_000)

  it('renews in every lifetime on a good day, once for all tabs', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { twice, presented, given, told } = await rotate(seed, { trouble: 0, steps: 40 })
      expect({ twice, told }).toEqual({ twice: 0, told: {} })
      // 40 steps of half a lifetime on the average, and the tabs renew at the first of their moments.
      expect(presented).toBeGreaterThan(12)
      expect(presented).toBeLessThan(40)
      expect(given).toBeGreaterThan(40)
    }
  })
})

it('presents one again where the provider documents a leeway, and only within that', async () => {
  let again = 0
  for (let seed = 1; seed <= 300; seed++) {
    const { twice, longestMs } = await rotate(seed, { reuseLeewayMs: 20_000 })
    again += twice
    expect(longestMs).toBeLessThan(20_000)
  }
  expect(again).toBeGreaterThan(20)
})

it('this test would see a second presentation: without the marks there are plenty', async () => {
  expect((await many(50, { mode: 'efficiency' })).failedSeeds.length).toBeGreaterThan(10)
})
