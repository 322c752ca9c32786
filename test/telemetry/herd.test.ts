import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/core/outcome.ts'
import { endpoints, type Traced, type TraceShape, trace, watched } from './herd-traces.ts'

const ended = (verdict: Verdict, tookMs: number) => ({ verdict, tookMs })
const fine = [ended('success', 20)]
const steady = (perSecond: number) => () => perSecond

/** Retries of a share of the calls. */
const retried =
  (share: number): NonNullable<TraceShape['attempts']> =>
  (random) =>
    random() < share ? [ended('failure', 20), ...fine] : fine

/** A client that has worked for a minute, and then something that happens. */
const later = (calm: TraceShape['rate'], then: TraceShape['rate']): TraceShape['rate'] => {
  return (second) => (second < 60 ? calm(second) : then(second - 60))
}

describe('a sign of a herd', () => {
  it('is retries that make up more than half of the calls again', async () => {
    const { told } = await watched(trace({ seconds: 30, rate: steady(20), attempts: retried(0.7) }))
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ signature: 'amplification', upstream: 'api.example:443' })
    expect(told[0]?.figure).toBeGreaterThan(1.5)
    expect(told[0]?.figure).toBeLessThan(2)
  })

  it('is many calls that start at once', async () => {
    const shape = { seconds: 70, rate: later(steady(10), (second) => (second === 5 ? 200 : 10)) }
    const { told } = await watched(trace(shape))
    expect(told.map(({ signature }) => signature)).toEqual(['synchronised'])
    expect(told[0]?.figure).toBeGreaterThan(10)
    expect(told[0]?.figure).toBeLessThan(25)
  })

  it('is a burst out of silence, from a client that is not new', async () => {
    const { signatures } = await watched(trace({ seconds: 200, rate: (second) => (second === 190 ? 100 : 0.5) }))
    expect(signatures).toContain('synchronised')
  })

  it.each([
    [20, 0.9],
    [100, 0.75],
    [200, 0.65],
  ])('is a key that most calls share: %d calls a second, %d of them', async (rate, share) => {
    const hot = 'GET https://api.example/secret?token=1234'
    const key = (random: () => number) => (random() < share ? hot : endpoints(1_000)(random, 0))
    const { told } = await watched(trace({ seconds: 60, rate: steady(rate), key }))
    expect(told.map(({ signature }) => signature)).toEqual(['hot-key'])
    expect(told[0]?.figure).toBeGreaterThan(0.5)
    expect(Math.abs((told[0]?.figure ?? 0) - share)).toBeLessThan(0.25)
    expect(told[0]?.keyHash).toMatch(/^[0-9a-f]{8}$/)
    // Never the key itself, nor any part of it that tells.
    expect(JSON.stringify(told)).not.toMatch(/secret|token|1234/)
  })

  it('is answers that become slower while more of them fail', async () => {
    const attempts = (random: () => number, second: number) => {
      if (second < 60) return fine
      return random() < 0.3 ? [ended('timeout', 1_000)] : [ended('success', 200)]
    }
    const { told } = await watched(trace({ seconds: 75, rate: steady(20), attempts }))
    expect(told.map(({ signature }) => signature)).toEqual(['saturation'])
    expect(told[0]?.figure).toBeGreaterThan(2)
  })

  it.each(['amplification', 'synchronised', 'hot-key', 'saturation'] as const)(
    'names a cause and a remedy: %s',
    async (sign) => {
      const shapes: Record<typeof sign, TraceShape> = {
        amplification: { seconds: 30, rate: steady(20), attempts: retried(0.9) },
        synchronised: { seconds: 70, rate: later(steady(5), (second) => (second === 5 ? 200 : 5)) },
        'hot-key': { seconds: 60, rate: steady(100), key: () => 'GET https://api.example/' },
        saturation: {
          seconds: 75,
          rate: steady(20),
          attempts: (_random, second) => (second < 60 ? fine : [ended('overload', 500)]),
        },
      }
      const { told, watch } = await watched(trace(shapes[sign]))
      const event = told.find(({ signature }) => signature === sign)
      expect(event?.cause.length).toBeGreaterThan(20)
      expect(event?.remedy).toMatch(/limit|throttle|budget|singleFlight|spread/)
      expect(watch.signs.length).toBeLessThanOrEqual(1)
    },
  )
})

describe('ordinary traffic', () => {
  const traces: [string, TraceShape][] = [
    ['steady and busy', { seconds: 600, rate: steady(100) }],
    ['steady, a call each second or two', { seconds: 3_600, rate: steady(0.7) }],
    ['steady, and just enough to be counted', { seconds: 1_800, rate: steady(21) }],
    ['ramp up', { seconds: 300, rate: (second) => 5 + second }],
    ['ramp down', { seconds: 300, rate: (second) => 305 - second }],
    ['night and day', { seconds: 2_400, rate: (second) => 30 * (1 - Math.cos((second / 1_200) * 2 * Math.PI)) }],
    [
      'a small client that asks for a page of 15 now and then',
      { seconds: 3_600, rate: (second) => (second % 47 === 0 ? 15 : 0), even: true },
    ],
    ['a client that has just started, with a burst', { seconds: 90, rate: (second) => (second === 0 ? 150 : 15) }],
    ['a few endpoints, each asked for as often', { seconds: 1_200, rate: steady(12), key: endpoints(3) }],
    ['two endpoints', { seconds: 1_200, rate: steady(60), key: endpoints(2) }],
    [
      'a dashboard that asks for the same four in turn',
      { seconds: 900, rate: steady(40), even: true, key: (_random, nth) => `GET /${nth % 4}` },
    ],
    [
      'a popular page, but not for most',
      { seconds: 600, rate: steady(100), key: (random) => (random() < 0.4 ? 'GET /' : endpoints(100)(random, 0)) },
    ],
    ['one call in ten is retried', { seconds: 600, rate: steady(30), attempts: retried(0.1) }],
    [
      'one in twenty fails, always',
      {
        seconds: 600,
        rate: steady(30),
        attempts: (random) => [random() < 0.05 ? ended('failure', 20) : ended('success', 20)],
      },
    ],
    [
      'answers become slower, and none fails',
      { seconds: 200, rate: steady(30), attempts: (_random, second) => [ended('success', second < 100 ? 20 : 100)] },
    ],
    [
      'a fifth fails as ever, and answers become slower',
      {
        seconds: 200,
        rate: steady(30),
        attempts: (random, second) => [ended(random() < 0.2 ? 'failure' : 'success', second < 100 ? 20 : 100)],
      },
    ],
    [
      'more fail, fast',
      {
        seconds: 200,
        rate: steady(30),
        attempts: (random, second) => [second >= 100 && random() < 0.3 ? ended('failure', 10) : ended('success', 20)],
      },
    ],
    [
      'busy, then a night of silence, then a single call',
      { seconds: 2_000, rate: (second) => (second < 600 ? 100 : second === 1_999 ? 1 : 0) },
    ],
    [
      'busy, a pause, and back by and by',
      { seconds: 1_000, rate: (second) => (second < 300 ? 60 : second < 500 ? 0 : Math.min(60, (second - 500) / 2)) },
    ],
  ]

  it.each(traces)('shows none: %s', async (_what, shape) => {
    for (const seed of [1, 2, 3]) {
      const { told, watch } = await watched(trace(shape, seed))
      expect(told.map(({ signature, figure }) => [signature, figure])).toEqual([])
      expect(watch.signs).toEqual([])
    }
  })
})

describe('the same sign', () => {
  const storm = (seconds: number) => trace({ seconds, rate: steady(20), attempts: retried(0.9) })

  it('is told once a minute as long as it lasts', async () => {
    const { signatures } = await watched(storm(190))
    expect(signatures).toEqual(['amplification', 'amplification', 'amplification', 'amplification'])
  })

  it('stands in the health for ten seconds, and then no more', async () => {
    const { watch, w } = await watched(storm(30))
    expect(watch.signs.map(({ signature }) => signature)).toEqual(['amplification'])
    const endedAt = w.clock.now()
    Object.assign(w.clock, { now: () => endedAt + 12_000 })
    expect(watch.signs).toEqual([])
  })

  it('is found where nobody listens too', async () => {
    const calls: Traced[] = storm(30)
    const { watch, w } = await watched([])
    Object.assign(w, { emit: undefined })
    for (const { atMs, key, attempts } of calls) {
      Object.assign(w.clock, { now: () => atMs })
      watch.called(key)
      for (const [index, { verdict, tookMs }] of attempts.entries()) {
        watch.attempted(index > 0)
        watch.answered(verdict, tookMs)
      }
    }
    expect(watch.signs).toHaveLength(1)
    expect(() => JSON.stringify(watch.signs)).not.toThrow()
  })
})
