import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Backoff, backoffMs, type Jitter } from '../../src/core/backoff.ts'
import { seededRandom } from '../../src/core/random.ts'

const justBelowOne = 1 - 2 ** -53
const draw = fc.oneof(fc.constantFrom(0, justBelowOne), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
const ms = fc.oneof(fc.nat(100_000), fc.double({ min: 0.001, max: 1e6, noNaN: true }))
const retries = fc.oneof(fc.nat(12), fc.nat(5_000))

/** The widest wait, worked out by doubling one step at a time. */
function ceilingOf({ baseMs, capMs }: Pick<Backoff, 'baseMs' | 'capMs'>, retry: number): number {
  let ceiling = baseMs
  for (let step = 0; step < retry && ceiling < capMs && ceiling > 0; step++) ceiling *= 2
  return Math.min(ceiling, capMs)
}

describe('the ceiling', () => {
  const none = (retry: number, capMs = 20_000) => backoffMs({ baseMs: 50, capMs, jitter: 'none' }, retry, () => 0)

  it('doubles with each retry, counted from 0, up to the cap', () => {
    expect([0, 1, 2, 3, 8, 9, 10].map((retry) => none(retry))).toEqual([50, 100, 200, 400, 12_800, 20_000, 20_000])
  })

  it('is the cap where the base is wider', () => {
    expect(none(0, 20)).toBe(20)
  })

  it('is what a wait without jitter waits, whatever is drawn', () => {
    fc.assert(
      fc.property(ms, ms, retries, draw, (baseMs, capMs, retry, drawn) => {
        expect(backoffMs({ baseMs, capMs, jitter: 'none' }, retry, () => drawn)).toBe(
          ceilingOf({ baseMs, capMs }, retry),
        )
      }),
    )
  })
})

describe('each jitter keeps its bounds', () => {
  const holds = (jitter: Jitter, check: (waited: number, ceiling: number) => void) =>
    fc.assert(
      fc.property(ms, ms, retries, draw, (baseMs, capMs, retry, drawn) => {
        check(
          backoffMs({ baseMs, capMs, jitter }, retry, () => drawn),
          ceilingOf({ baseMs, capMs }, retry),
        )
      }),
    )

  it('full: from 0 up to but not including the ceiling', () => {
    holds('full', (waited, ceiling) => {
      expect(waited).toBeGreaterThanOrEqual(0)
      if (ceiling > 0) expect(waited).toBeLessThan(ceiling)
    })
  })

  it('equal: never less than half the ceiling, never more than all of it', () => {
    holds('equal', (waited, ceiling) => {
      expect(waited).toBeGreaterThanOrEqual(ceiling / 2)
      expect(waited).toBeLessThanOrEqual(ceiling)
    })
  })

  it('decorrelated: from the base to three times the wait before, at most the cap', () => {
    fc.assert(
      fc.property(ms, ms, ms, draw, (baseMs, capMs, previousMs, drawn) => {
        const waited = backoffMs({ baseMs, capMs, jitter: 'decorrelated' }, 0, () => drawn, previousMs)
        expect(waited).toBeGreaterThanOrEqual(Math.min(baseMs, capMs))
        expect(waited).toBeLessThanOrEqual(Math.min(capMs, 3 * Math.max(baseMs, previousMs)))
      }),
    )
  })

  it('decorrelated: a chain of waits stays between base and cap', () => {
    const random = seededRandom(4)
    let waited = 0
    for (let retry = 0; retry < 1_000; retry++) {
      waited = backoffMs({ baseMs: 50, capMs: 20_000, jitter: 'decorrelated' }, retry, random, waited)
      expect(waited).toBeGreaterThanOrEqual(50)
      expect(waited).toBeLessThanOrEqual(20_000)
    }
  })
})

describe('the cap is applied before the draw', () => {
  it.each<[Jitter, number]>([
    ['full', 500],
    ['equal', 750],
    ['decorrelated', 525],
    ['none', 1_000],
  ])('%s: past the cap the middle of the draw is %d ms', (jitter, middle) => {
    expect(backoffMs({ baseMs: 50, capMs: 1_000, jitter }, 30, () => 0.5, 1e6)).toBe(middle)
  })

  it.each<Jitter>(['full', 'equal', 'decorrelated'])('%s: 1,000 clients past the cap wait 1,000 times', (jitter) => {
    const random = seededRandom(3)
    const waits = Array.from({ length: 1_000 }, () => backoffMs({ baseMs: 50, capMs: 1_000, jitter }, 30, random, 1e6))
    expect(new Set(waits).size).toBe(1_000)
  })
})

describe('the draw', () => {
  /** Twenty bins; the sum of squares passes 43.8 for one fair draw in a thousand. */
  const chiSquare = (waits: number[], low: number, high: number): number => {
    const counts = new Array<number>(20).fill(0)
    for (const waited of waits) {
      const bin = Math.floor(((waited - low) / (high - low)) * 20)
      counts[bin] = (counts[bin] ?? 0) + 1
    }
    const fair = waits.length / 20
    return counts.reduce((sum, count) => sum + (count - fair) ** 2 / fair, 0)
  }
  const many = (jitter: Jitter, retry: number) => {
    const random = seededRandom(7)
    return Array.from({ length: 20_000 }, () => backoffMs({ baseMs: 50, capMs: 20_000, jitter }, retry, random))
  }

  it.each([0, 3, 40])('of full jitter covers all of [0, ceiling) evenly at retry %d', (retry) => {
    const ceiling = Math.min(20_000, 50 * 2 ** retry)
    const waits = many('full', retry)
    expect(chiSquare(waits, 0, ceiling)).toBeLessThan(43.8)
    expect(Math.min(...waits)).toBeLessThan(ceiling / 1_000)
    expect(Math.max(...waits)).toBeGreaterThan(ceiling * 0.999)
  })

  it('of equal jitter covers the upper half evenly', () => {
    expect(chiSquare(many('equal', 2), 100, 200)).toBeLessThan(43.8)
  })

  it('of decorrelated jitter spreads the very first wait too: clients that fail together must not return together', () => {
    expect(chiSquare(many('decorrelated', 0), 50, 150)).toBeLessThan(43.8)
  })
})

describe('extreme options give a finite wait', () => {
  const bases = [0, Number.MIN_VALUE, 50, 1e12, Number.MAX_VALUE, Infinity]
  const caps = [0, 5, 20_000, Number.MAX_VALUE, Infinity]
  const counts = [0, 1, 5_000, Number.MAX_SAFE_INTEGER, Infinity]
  const jitters: Jitter[] = ['full', 'equal', 'decorrelated', 'none']

  it.each(jitters)('%s', (jitter) => {
    for (const baseMs of bases)
      for (const capMs of caps)
        for (const retry of counts)
          for (const drawn of [0, 0.5, justBelowOne])
            for (const previousMs of [0, 50, Number.MAX_VALUE, Infinity]) {
              const waited = backoffMs({ baseMs, capMs, jitter }, retry, () => drawn, previousMs)
              expect(Number.isFinite(waited), `${baseMs} ${capMs} ${retry} ${drawn} ${previousMs}: ${waited}`).toBe(
                true,
              )
              expect(waited).toBeGreaterThanOrEqual(0)
              expect(waited).toBeLessThanOrEqual(capMs)
            }
  })

  it('a base of 0 retries at once', () => {
    for (const jitter of jitters) expect(backoffMs({ baseMs: 0, capMs: Infinity, jitter }, 5_000, () => 0.9)).toBe(0)
  })

  it('retry 5000 under an infinite cap waits longer than retry 50', () => {
    const wait = (retry: number) => backoffMs({ baseMs: 50, capMs: Infinity, jitter: 'full' }, retry, () => 0.5)
    expect(wait(5_000)).toBeGreaterThan(wait(50))
  })
})
