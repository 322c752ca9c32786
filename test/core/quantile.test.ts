import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QuantileSketch } from '../../src/core/quantile.ts'
import { seededRandom } from '../../src/core/random.ts'
import { heapGrowth } from './heap-growth.ts'

const shortestMs = 0.01
const longestMs = 100_000
const within = (ms: number) => Math.min(longestMs, Math.max(shortestMs, ms))

/** Each turns even chance into durations from 10 µs to 100 s. */
const distributions: Record<string, (random: () => number) => number> = {
  'even over everything': (random) => shortestMs + random() * (longestMs - shortestMs),
  'even over the decades': (random) => shortestMs * (longestMs / shortestMs) ** random(),
  exponential: (random) => within(-80 * Math.log(1 - random())),
  'log-normal': (random) =>
    within(30 * Math.exp(1.5 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))),
  'heavy tail': (random) => within(5 / (1 - random()) ** 1.2),
  'a cache and its misses': (random) => (random() < 0.9 ? 0.05 + random() * 0.02 : 900 + random() * 300),
  'all alike': () => 12.5,
  'whole milliseconds': (random) => 1 + Math.floor(random() * 40),
}

describe('QuantileSketch', () => {
  describe.each(Object.entries(distributions))('%s', (_name, draw) => {
    const random = seededRandom(11)
    const sketch = new QuantileSketch()
    const durations = Array.from({ length: 10_000 }, () => draw(random))
    for (const ms of durations) sketch.add(ms)
    durations.sort((a, b) => a - b)

    it.each([0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1])('p%d is within 2 %%', (q) => {
      const exact = durations[Math.max(0, Math.ceil(q * durations.length) - 1)] as number
      expect(Math.abs((sketch.quantile(q) as number) - exact) / exact).toBeLessThanOrEqual(0.02)
    })
  })

  it('is within 2 % for any one duration from 10 µs to 100 s', () => {
    const duration = fc.oneof(
      fc.constantFrom(shortestMs, longestMs),
      fc.double({ min: 0, max: 1, noNaN: true }).map((share) => within(shortestMs * 1e7 ** share)),
    )
    fc.assert(
      fc.property(duration, fc.double({ min: 0, max: 1, noNaN: true }), (ms, q) => {
        const sketch = new QuantileSketch()
        sketch.add(ms)
        expect(Math.abs((sketch.quantile(q) as number) - ms) / ms).toBeLessThanOrEqual(0.02)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never falls while the share grows, and stays between the least and the greatest', () => {
    const shares = Array.from({ length: 21 }, (_, index) => index / 20)
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e5, noNaN: true }), { minLength: 1 }), (durations) => {
        const sketch = new QuantileSketch()
        for (const ms of durations) sketch.add(ms)
        const quantiles = shares.map((q) => sketch.quantile(q) as number)
        expect(quantiles).toEqual(quantiles.toSorted((a, b) => a - b))
        expect(quantiles[0]).toBeGreaterThanOrEqual(Math.min(...durations) * 0.98)
        expect(quantiles[20]).toBeLessThanOrEqual(Math.max(...durations) * 1.02)
      }),
    )
  })

  it('says nothing without samples', () => {
    const sketch = new QuantileSketch()
    expect(sketch.count).toBe(0)
    expect(sketch.quantile(0.5)).toBeUndefined()
  })

  it.each([
    [0, shortestMs],
    [-5, shortestMs],
    [0.0001, shortestMs],
    [NaN, shortestMs],
    [1e9, longestMs],
    [Infinity, longestMs],
  ])('counts %d ms at the end of its range', (ms, end) => {
    const sketch = new QuantileSketch()
    sketch.add(ms)
    expect(sketch.count).toBe(1)
    expect(sketch.quantile(0.5)).toBeGreaterThanOrEqual(end)
    expect(sketch.quantile(0.5)).toBeLessThanOrEqual(end * 1.06)
  })

  it('counts what is no number as the shortest, next to others', () => {
    const sketch = new QuantileSketch()
    for (const ms of [NaN, 100, 100]) sketch.add(ms)
    expect(sketch.quantile(0)).toBe(shortestMs)
    expect(Math.abs((sketch.quantile(0.4) as number) - 100)).toBeLessThanOrEqual(2)
  })

  it('needs no more memory for a million samples than for one', () => {
    const random = seededRandom(5)
    const sketch = new QuantileSketch(1_000)
    sketch.add(1)
    const growth = heapGrowth(() => {
      for (let sample = 0; sample < 1_000_000; sample++) sketch.add(random() * 1e5)
    })
    expect(sketch.count).toBeGreaterThan(0)
    expect(growth).toBeLessThan(1_000_000)
  })
})

describe('fading', () => {
  const fill = (sketch: QuantileSketch, ms: number, times: number) => {
    for (let sample = 0; sample < times; sample++) sketch.add(ms)
  }

  it('counts everything so far half when the half-life is full', () => {
    const sketch = new QuantileSketch(100)
    fill(sketch, 10, 99)
    expect(sketch.count).toBe(99)
    fill(sketch, 10, 1)
    expect(sketch.count).toBe(50)
    fill(sketch, 10, 100)
    expect(sketch.count).toBe(75)
  })

  it('weighs old samples by their share', () => {
    const sketch = new QuantileSketch(100)
    fill(sketch, 10, 100)
    fill(sketch, 1_000, 60)
    // 50 of the old against 60 of the new.
    expect(sketch.quantile(0.44)).toBeCloseTo(10, 0)
    expect(Math.abs((sketch.quantile(0.5) as number) - 1_000)).toBeLessThan(20)
  })

  it('forgets a slow hour; without it, the hour stays', () => {
    const [fading, keeping] = [new QuantileSketch(100), new QuantileSketch()]
    for (const sketch of [fading, keeping]) {
      fill(sketch, 5_000, 500)
      fill(sketch, 10, 2_000)
    }
    expect(fading.quantile(1)).toBeLessThan(10.2)
    expect(keeping.quantile(0.9)).toBeGreaterThan(4_900)
  })

  it('never counts more than twice the half-life', () => {
    const sketch = new QuantileSketch(50)
    for (let sample = 0; sample < 5_000; sample++) {
      sketch.add(sample)
      expect(sketch.count).toBeLessThanOrEqual(100)
    }
  })
})
