import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/core/outcome.ts'
import { DeadlineError } from '../../src/layers/deadline/index.ts'
import { type HedgeOptions, Hedger } from '../../src/layers/hedge/index.ts'
import { world } from '../support/world.ts'
import { failing, race, takes } from './hedge-race.ts'

/** Spends what is left of the budget, and says how much it was. */
function drain(hedger: Hedger): number {
  let hedges = 0
  while (hedger.spend() === undefined) hedges++
  return hedges
}

/** What a hedger has saved up when it begins. */
function savedStart(): number {
  const hedger = new Hedger({})
  observe(hedger, 10)
  return drain(hedger)
}

/** More calls than any median that is compared is made of. */
const many = 1_024

function observe(hedger: Hedger, durationMs: number, calls = many): void {
  for (let call = 0; call < calls; call++) hedger.observe(durationMs)
}

describe('before enough calls were seen', () => {
  it.each<[string, Partial<HedgeOptions>, number]>([
    ['by default', {}, 50],
    ['as the options say', { minSamples: 5 }, 5],
    ['with a fixed wait as well', { delayMs: 20 }, 50],
  ])('none is hedged: %s', (_how, options, samples) => {
    const hedger = new Hedger(options)
    observe(hedger, 10, samples - 1)
    expect([hedger.begin(), hedger.spend()]).toEqual([undefined, 'samples'])
    observe(hedger, 10, 1)
    expect(hedger.begin()).toBeGreaterThan(0)
    expect(hedger.spend()).toBeUndefined()
  })

  it('a cold layer sends each call once, learns from it, and hedges when it is warm', async () => {
    const w = world()
    const hedger = new Hedger({ minSamples: 3 })
    for (let call = 0; call < 3; call++) {
      const { below, result } = race(w, [takes(w, 10, 'cold')], { hedger })
      await w.clock.advance(10)
      await result
      expect(below.requests).toHaveLength(1)
    }
    const { below, result } = race(w, [takes(w, 500, 'slow'), takes(w, 10, 'fast')], { hedger })
    await w.clock.advance(30)
    expect((await result).name).toBe('fast')
    expect(below.requests).toHaveLength(2)
  })
})

describe('the wait', () => {
  it.each([
    [0.5, 50],
    [0.95, 95],
    [0.99, 99],
  ])('is the observed percentile %d', (percentile, expected) => {
    const hedger = new Hedger({ percentile })
    for (let ms = 1; ms <= 100; ms++) hedger.observe(ms)
    expect(Math.abs((hedger.begin() ?? 0) / expected - 1)).toBeLessThan(0.03)
  })

  it('follows a server that becomes slower', () => {
    const hedger = new Hedger({})
    observe(hedger, 10, 1_000)
    observe(hedger, 100, 1_000)
    expect(hedger.begin()).toBeGreaterThan(95)
  })

  it('is fixed where the options say so, 0 too', () => {
    for (const delayMs of [0, 33]) {
      const hedger = new Hedger({ delayMs })
      observe(hedger, 10)
      expect(hedger.begin()).toBe(delayMs)
    }
  })
})

describe('what is observed', () => {
  /** The durations that one call of these copies leaves in the hedger. */
  async function observed(how: 'cold' | 'warm', steps: (w: ReturnType<typeof world>) => Parameters<typeof race>[1]) {
    const w = world()
    const hedger = new Hedger({ delayMs: 20 })
    if (how === 'warm') observe(hedger, 10)
    const seen: number[] = []
    hedger.observe = (durationMs) => void seen.push(durationMs)
    const { result, controller } = race(w, steps(w), { hedger })
    await w.clock.advance(500)
    controller.abort('left')
    await result.catch(() => {})
    return seen
  }
  const slow = (ms: number) => (w: ReturnType<typeof world>) => [takes(w, ms, 'primary'), takes(w, 1_000, 'hedge')]
  const ends = (ms: number, verdict: Verdict) => (w: ReturnType<typeof world>) => [
    takes(w, ms, 'primary', 'heeds', { verdict }),
    takes(w, 100, 'hedge'),
  ]

  it.each(['cold', 'warm'] as const)('is how long a primary took that won: %s', async (how) => {
    expect(await observed(how, slow(15))).toEqual([15])
  })

  it('is its own time where it won over its hedge', async () => {
    expect(await observed('warm', slow(70))).toEqual([70])
  })

  it('is the time until it was overtaken', async () => {
    expect(await observed('warm', (w) => [takes(w, 400, 'primary'), takes(w, 30, 'hedge')])).toEqual([50])
  })

  it.each(['cold', 'warm'] as const)('is a timeout: %s', async (how) => {
    const error = new DeadlineError('attempt', 15)
    expect(await observed(how, (w) => [failing(w, 15, error)])).toEqual([15])
  })

  it('is a timeout of the primary and not the time of the hedge that won after it', async () => {
    const error = new DeadlineError('attempt', 60)
    expect(await observed('warm', (w) => [failing(w, 60, error), takes(w, 100, 'hedge')])).toEqual([60])
  })

  it.each<Verdict>(['failure', 'throttled', 'overload', 'neutral'])(
    'is not a fast answer that is none: %s',
    async (verdict) => {
      expect(await observed('cold', ends(5, verdict))).toEqual([])
      expect(await observed('warm', ends(5, verdict))).toEqual([])
      // Nor is it the hedge that won after it: of that primary it says nothing.
      expect(await observed('warm', ends(30, verdict))).toEqual([])
    },
  )

  it.each(['cold', 'warm'] as const)('is not a call whose caller left: %s', async (how) => {
    expect(await observed(how, slow(800))).toEqual([])
  })

  it('is not how long a hedge took that timed out', async () => {
    const late = new DeadlineError('attempt', 40)
    const broken = new Error('broken')
    expect(await observed('warm', (w) => [failing(w, 30, broken), failing(w, 40, late)])).toEqual([])
  })
})

describe('the budget of hedges', () => {
  it('is a share of the calls, and a start that is saved', async () => {
    const start = savedStart()
    let spent = 0
    await fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.boolean(), { maxLength: 500, size: 'max' }),
        (ratio, slow) => {
          const hedger = new Hedger({ ratio, minSamples: 1 })
          hedger.observe(10)
          let hedges = 0
          for (const [index, isSlow] of slow.entries()) {
            hedger.begin()
            if (isSlow && hedger.spend() === undefined) hedges++
            expect(hedges).toBeLessThanOrEqual(ratio * (index + 1) + start + 1e-9)
          }
          spent += hedges
        },
      ),
    )
    expect(spent).toBeGreaterThan(100)
  })

  it('is spent to the end, tells so, and comes back with calls', () => {
    const hedger = new Hedger({ ratio: 0.25 })
    observe(hedger, 10)
    expect(drain(hedger)).toBeGreaterThanOrEqual(10)
    expect(hedger.spend()).toBe('budget')
    for (let call = 0; call < 4; call++) hedger.begin()
    expect([hedger.spend(), hedger.spend()]).toEqual([undefined, 'budget'])
  })

  it('saves up no more than its start', () => {
    const hedger = new Hedger({ ratio: 1 })
    observe(hedger, 10)
    for (let call = 0; call < 1_000; call++) hedger.begin()
    expect(drain(hedger)).toBe(savedStart())
  })

  it('that is empty refuses the hedge and says so; the call goes on alone', async () => {
    const w = world()
    const hedger = new Hedger({ delayMs: 20, ratio: 0 })
    observe(hedger, 10)
    drain(hedger)
    const { below, result } = race(w, [takes(w, 100, 'slow')], { hedger })
    await w.clock.advance(100)
    expect((await result).name).toBe('slow')
    expect(below.requests).toHaveLength(1)
    expect(w.events).toEqual([{ type: 'hedge.refused', reason: 'budget', upstream: 'api.example:443' }])
  })
})

describe('a server without room', () => {
  it.each([
    [12, undefined],
    [13, 'load'],
    [100, 'load'],
  ])('is one whose median has risen from 10 to %d ms', (ms, refusal) => {
    const hedger = new Hedger({})
    observe(hedger, 10)
    expect(hedger.spend()).toBeUndefined()
    observe(hedger, ms)
    expect(hedger.spend()).toBe(refusal)
  })

  it('is not one that has a few slow calls', () => {
    const hedger = new Hedger({})
    observe(hedger, 10)
    for (let call = 0; call < many; call++) hedger.observe(call % 3 === 0 ? 1_000 : 10)
    expect(hedger.spend()).toBeUndefined()
  })

  it('gets hedges again when it is as fast as before, and after long when it stays slower', () => {
    const hedger = new Hedger({})
    observe(hedger, 10)
    observe(hedger, 20)
    expect(hedger.spend()).toBe('load')
    observe(hedger, 10)
    expect(hedger.spend()).toBeUndefined()
    observe(hedger, 14, 200 * many)
    expect(hedger.spend()).toBeUndefined()
  })

  it('is not paid for', () => {
    const hedger = new Hedger({})
    observe(hedger, 10)
    observe(hedger, 100)
    for (let call = 0; call < 100; call++) expect(hedger.spend()).toBe('load')
    observe(hedger, 10)
    expect(drain(hedger)).toBe(savedStart())
  })
})
