import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OptionsError } from '../../../src/core/options.ts'
import { type CallsPerWindow, Limiter, type LimitOptions } from '../../../src/layers/limit/index.ts'
import { resolveLimit } from '../../../src/layers/limit/options.ts'
import { Pace } from '../../../src/layers/limit/pace.ts'
import { type World, world } from '../../support/world.ts'

function paceOf(w: World, options: Partial<LimitOptions>) {
  const pace = new Pace(resolveLimit(options), w.clock)
  /** Starts calls as early as it lets them, and says when that was. */
  const starts = async (calls: number) => {
    const at: number[] = []
    for (let call = 0; call < calls; call++) {
      // A wait that is over must be over: at most a rounding is left.
      for (let wait = pace.waitMs(), turns = 0; wait > 0; wait = pace.waitMs()) {
        expect(++turns).toBeLessThan(20)
        await w.clock.advance(wait)
      }
      pace.take()
      at.push(w.clock.now())
    }
    return at
  }
  return { pace, starts }
}

/** The most calls in any span of this length, its end left out. */
function mostIn(at: readonly number[], spanMs: number): number {
  let most = 0
  let first = 0
  for (const [index, time] of at.entries()) {
    while (time - (at[first] as number) >= spanMs - 1e-6) first++
    most = Math.max(most, index - first + 1)
  }
  return most
}

describe('a rate', () => {
  it('spaces calls out evenly, from the first one on', async () => {
    const at = await paceOf(world(), { ratePerSecond: 10 }).starts(20)
    for (const [index, time] of at.entries()) expect(time).toBeCloseTo(index * 100, 6)
  })

  it.each([0.1, 0.3, 3, 7, 33, 333, 1_000 / 3, 12_345.678])(
    'of %d a second is kept at any time of the day',
    async (ratePerSecond) => {
      for (const startAt of [0, 1e6 / 3, 1e9 / 7]) {
        const w = world()
        await w.clock.advance(startAt)
        const at = await paceOf(w, { ratePerSecond }).starts(200)
        expect((at.at(-1) ?? 0) - startAt).toBeCloseTo((199 / ratePerSecond) * 1_000, 1)
      }
    },
  )

  it('lets a burst start at once, and again only after a pause', async () => {
    const w = world()
    const { starts } = paceOf(w, { ratePerSecond: 10, burst: 5 })
    expect(await starts(5)).toEqual([0, 0, 0, 0, 0])
    expect(await starts(1)).toEqual([100])
    await w.clock.advance(10_000)
    const at = await starts(7)
    expect(at.slice(0, 5)).toEqual(Array(5).fill(10_100))
    expect(at[5]).toBeCloseTo(10_200, 6)
  })

  it('holds in any span of time: no more than the burst and what the rate gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ ratePerSecond: fc.integer({ min: 1, max: 500 }), burst: fc.integer({ min: 1, max: 20 }) }),
        fc.array(fc.nat(300), { maxLength: 60, size: 'max' }),
        async ({ ratePerSecond, burst }, pauses) => {
          const w = world()
          const { starts } = paceOf(w, { ratePerSecond, burst })
          const at: number[] = []
          for (const pause of pauses) {
            await w.clock.advance(pause)
            at.push(...(await starts(1)))
          }
          for (const spanMs of [10, 100, 1_000]) {
            expect(mostIn(at, spanMs)).toBeLessThanOrEqual(Math.ceil((spanMs / 1_000) * ratePerSecond) + burst)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('a ramp', () => {
  const inSecond = (at: readonly number[], second: number) =>
    at.filter((time) => time >= second * 1_000 && time < (second + 1) * 1_000).length

  it('rises from a tenth to all of the rate', async () => {
    const at = await paceOf(world(), { ratePerSecond: 100, rampMs: 10_000 }).starts(1_000)
    const seen = [0, 4, 9, 11].map((second) => inSecond(at, second))
    for (const [index, expected] of [14, 50, 95, 100].entries()) {
      expect(Math.abs((seen[index] ?? 0) - expected)).toBeLessThanOrEqual(6)
    }
  })

  it('begins with the first call, however long ago the client was built', async () => {
    const w = world()
    const { starts } = paceOf(w, { ratePerSecond: 100, rampMs: 10_000 })
    await w.clock.advance(3_600_000)
    const at = (await starts(100)).map((time) => time - 3_600_000)
    expect(inSecond(at, 0)).toBeLessThan(20)
  })
})

describe('a quota', () => {
  it('is never exceeded in any span of its length, whenever the calls come', async () => {
    let waited = 0
    await fc.assert(
      fc.asyncProperty(
        fc.record({ calls: fc.integer({ min: 1, max: 12 }), windowMs: fc.integer({ min: 1, max: 2_000 }) }),
        fc.array(fc.nat(400), { maxLength: 120, size: 'max' }),
        async (callsPerWindow, pauses) => {
          const w = world()
          const { starts, pace } = paceOf(w, { callsPerWindow })
          const at: number[] = []
          for (const pause of pauses) {
            await w.clock.advance(pause)
            waited += pace.waitMs() > 0 ? 1 : 0
            at.push(...(await starts(1)))
          }
          expect(mostIn(at, callsPerWindow.windowMs)).toBeLessThanOrEqual(callsPerWindow.calls)
        },
      ),
      { numRuns: 60 },
    )
    expect(waited).toBeGreaterThan(100)
  })

  it('lets all of its calls start at once, and the next one a window later', async () => {
    const { starts } = paceOf(world(), { callsPerWindow: { calls: 3, windowMs: 1_000 } })
    expect(await starts(7)).toEqual([0, 0, 0, 1_000, 1_000, 1_000, 2_000])
  })

  it('and a rate hold together', async () => {
    const { starts } = paceOf(world(), { ratePerSecond: 10, callsPerWindow: { calls: 3, windowMs: 1_000 } })
    const at = await starts(6)
    expect(at.map(Math.round)).toEqual([0, 100, 200, 1_000, 1_100, 1_200])
  })
})

describe('what the server says of its quota', () => {
  const quota = (calls: number, windowMs: number): CallsPerWindow => ({ calls, windowMs })

  it('counts only where the options ask for it', async () => {
    for (const [callsPerWindow, expected] of [
      ['learned', [0, 0, 1_000, 1_000]],
      [undefined, [0, 0, 0, 0]],
      [quota(3, 50), [0, 0, 0, 50]],
    ] as const) {
      const { pace, starts } = paceOf(world(), { callsPerWindow })
      pace.learn(quota(2, 1_000))
      expect(await starts(4)).toEqual(expected)
    }
  })

  it('keeps the calls in memory that were made before', async () => {
    for (const [next, expected] of [
      [quota(2, 1_000), [1_000, 1_000]],
      [quota(3, 1_000), [1_000, 1_000]],
      [quota(5, 1_000), [0, 0, 1_000]],
      [quota(3, 2_000), [2_000, 2_000]],
    ] as const) {
      const { pace, starts } = paceOf(world(), { callsPerWindow: 'learned' })
      pace.learn(quota(4, 1_000))
      expect(await starts(3)).toEqual([0, 0, 0])
      pace.learn(next)
      expect(await starts(expected.length)).toEqual(expected)
    }
  })

  it('is kept in any span, whatever other quotas were said in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ calls: fc.integer({ min: 1, max: 8 }), pause: fc.nat(300) }), {
          maxLength: 80,
          size: 'max',
        }),
        async (steps) => {
          const w = world()
          const { pace, starts } = paceOf(w, { callsPerWindow: 'learned' })
          const at: number[] = []
          for (const { calls, pause } of steps) {
            await w.clock.advance(pause)
            pace.learn(quota(calls, 500))
            at.push(...(await starts(1)))
            const now = w.clock.now()
            // What was allowed before may have been more; the new quota counts those that it can still see.
            const since = at.filter((time) => time > now - 500 + 1e-6).length
            expect(since).toBeLessThanOrEqual(Math.max(calls, 1))
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it.each([
    [0, 1_000],
    [-1, 1_000],
    [1.5, 1_000],
    [Number.NaN, 1_000],
    [1e9, 1_000],
    [Infinity, 1_000],
    [2, 0],
    [2, -1],
    [2, Number.NaN],
    [2, Infinity],
  ])('is not believed where it makes no sense: %d calls in %d ms', async (calls, windowMs) => {
    const { pace, starts } = paceOf(world(), { callsPerWindow: 'learned' })
    pace.learn(quota(calls, windowMs))
    expect(await starts(5)).toEqual([0, 0, 0, 0, 0])
  })
})

describe('bad options', () => {
  it.each<[string, Partial<Record<keyof LimitOptions, unknown>>]>([
    ['no rate at all', { ratePerSecond: 0 }],
    ['a rate that is no number', { ratePerSecond: Number.NaN }],
    ['a burst of none', { burst: 0 }],
    ['an endless burst', { burst: Infinity }],
    ['a ramp that never ends', { rampMs: Infinity }],
    ['a quota of no calls', { callsPerWindow: { calls: 0, windowMs: 1_000 } }],
    ['a quota of half a call', { callsPerWindow: { calls: 1.5, windowMs: 1_000 } }],
    ['a quota of too many calls', { callsPerWindow: { calls: 1e9, windowMs: 1_000 } }],
    ['a quota in no time', { callsPerWindow: { calls: 1, windowMs: 0 } }],
    ['a quota for ever', { callsPerWindow: { calls: 1, windowMs: Infinity } }],
    ['a quota with a misspelt name', { callsPerWindow: { calls: 1, windowMs: 1, window: 1 } }],
    ['a quota that is null', { callsPerWindow: null }],
    ['a quota of another word', { callsPerWindow: 'server' }],
    ['a place that is held until whenever', { until: 'end' }],
  ])('are an OptionsError: %s', (_what, options) => {
    expect(() => new Limiter(options as Partial<LimitOptions>, world())).toThrow(OptionsError)
  })
})
