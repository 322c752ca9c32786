import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/core/random.ts'
import { earlyMs, napMs, refreshAfterMs, retryAfterFailureMs, sharedFailureMs } from '../../src/refresh/refresh-time.ts'

const hour = 3_600_000
const usual = { window: [0.7, 0.9], hardMs: 60_000 } as const

describe('when to renew', () => {
  it('is drawn evenly from the window of the lifetime', () => {
    expect(refreshAfterMs(hour, usual, 0)).toBe(0.7 * hour)
    expect(refreshAfterMs(hour, usual, 0.5)).toBe(0.8 * hour)
    expect(refreshAfterMs(hour, usual, 1)).toBeCloseTo(0.9 * hour)
  })

  it('keeps the tail free: a minute, or a tenth of a short life', () => {
    expect(refreshAfterMs(hour, { window: [0.99, 1], hardMs: 60_000 }, 1)).toBe(hour - 60_000)
    expect(refreshAfterMs(4_000, { window: [0.9, 1], hardMs: 60_000 }, 1)).toBe(3_600)
  })

  it('heeds the server, and comes later than it says and never sooner', () => {
    expect(refreshAfterMs(hour, usual, 0, hour / 2)).toBe(hour / 2)
    expect(refreshAfterMs(hour, usual, 1, hour / 2)).toBeCloseTo(0.7 * hour)
    expect(refreshAfterMs(hour, usual, 1, 0.85 * hour)).toBe(hour - 60_000)
  })

  it.each([[2 * hour], [hour], [-1], [Number.NaN]])('does not heed a time outside of the lifetime (%s)', (told) => {
    expect(refreshAfterMs(hour, usual, 0.5, told)).toBe(0.8 * hour)
  })

  it('is never for a value that does not end, unless the server says when', () => {
    expect(refreshAfterMs(Infinity, usual, 0.5)).toBe(Infinity)
    expect(refreshAfterMs(Infinity, usual, 0.5, hour)).toBe(hour)
  })

  it('lies within the lifetime and before its tail, whatever is asked', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e11, noNaN: true }),
        fc.tuple(share, share),
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        share,
        fc.option(fc.double({ min: 0, max: 1e11, noNaN: true }), { nil: undefined }),
        (lifetimeMs, shares, hardMs, unit, told) => {
          const window = [Math.min(...shares), Math.max(...shares)] as const
          const at = refreshAfterMs(lifetimeMs, { window, hardMs }, unit, told)
          const latest = lifetimeMs - Math.min(hardMs, 0.1 * lifetimeMs)
          expect(at).toBeGreaterThanOrEqual(0)
          expect(at).toBeLessThanOrEqual(latest * (1 + 1e-12))
          if (told !== undefined && told < latest) expect(at).toBeGreaterThanOrEqual(told)
        },
      ),
    )
  })

  it('with a phase, instances run apart by the whole of their difference at every renewal', () => {
    const renewedAt = (phase: number, renewals: number) => renewals * refreshAfterMs(hour, usual, phase)
    expect(renewedAt(1, 10) - renewedAt(0, 10)).toBeCloseTo(10 * 0.2 * hour)
  })
})

describe('after a failure', () => {
  const most = () => 1 - Number.EPSILON
  const least = () => 0

  it('waits a quarter of what remains, between the floor and five minutes, and half of that is drawn', () => {
    expect(retryAfterFailureMs(hour, 720_000, least)).toBe(90_000)
    expect(retryAfterFailureMs(hour, 720_000, most)).toBeCloseTo(180_000)
    expect(retryAfterFailureMs(hour, hour, most)).toBeCloseTo(300_000)
    expect(retryAfterFailureMs(hour, 1_000, most)).toBeCloseTo(60_000)
    expect(retryAfterFailureMs(hour, 0, least)).toBe(30_000)
    expect(retryAfterFailureMs(4_000, 0, most)).toBeCloseTo(200)
  })

  it('never comes back before a Retry-After, nor together with the others', () => {
    expect(retryAfterFailureMs(hour, 0, least, 400_000)).toBe(400_000)
    expect(retryAfterFailureMs(hour, 0, most, 400_000)).toBeCloseTo(480_000)
    expect(retryAfterFailureMs(hour, hour, most, 1_000)).toBeCloseTo(300_000)
    expect(retryAfterFailureMs(hour, 0, least, 1e12)).toBe(hour)
    expect(retryAfterFailureMs(hour, 0, least, Number.NaN)).toBe(30_000)
  })

  it('is told to all for 1 to 5 s, or for as long as the server said', () => {
    expect([sharedFailureMs(least), sharedFailureMs(most)]).toEqual([1_000, expect.closeTo(5_000)])
    expect(sharedFailureMs(least, 30_000)).toBe(30_000)
  })
})

describe('XFetch', () => {
  it.each([
    [0.5, 7.39],
    [1, 2.72],
    [2, 1.65],
  ])('with β = %s one value is loaded %s times, whatever the rate of reads', (beta, expected) => {
    const random = seededRandom(1)
    const costMs = 200
    const rounds = 400
    for (const readEveryMs of [0.2, 2]) {
      let loads = 0
      for (let round = 0; round < rounds; round++) {
        let landsAt = Infinity
        for (let at = -20 * beta * costMs; at < landsAt; at += readEveryMs) {
          if (at + earlyMs(costMs, beta, random) < 0) continue
          loads++
          landsAt = Math.min(landsAt, at + costMs)
        }
      }
      expect(loads / rounds / expected).toBeCloseTo(1, 0)
      expect(Math.abs(loads / rounds / expected - 1)).toBeLessThan(0.15)
    }
  })

  it('is always some finite time before the end', () => {
    expect(earlyMs(200, 1, () => 0)).toBe(-0)
    expect(earlyMs(200, 1, () => 1 - 2 ** -53)).toBeGreaterThan(0)
    expect(Number.isFinite(earlyMs(200, 1, () => 1 - 2 ** -53))).toBe(true)
  })
})

it('a timer never sleeps so long that nobody looks at the calendar', () => {
  expect([napMs(-5), napMs(1_000), napMs(30 * 24 * hour)]).toEqual([0, 1_000, 900_000])
})
