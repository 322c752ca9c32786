import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../../src/core/outcome.ts'
import { Limiter } from '../../../src/layers/limit/index.ts'
import { world } from '../../support/world.ts'
import { afterCut, type Ending, fast, limiterOf } from './rounds.ts'

describe('growth', () => {
  it('is one for each success that comes while all places are taken, until the first cut', () => {
    const { limiter, enter, leave } = limiterOf(world())
    enter(10)
    leave(1, fast)
    expect(limiter.limit).toBe(11)
    enter(2)
    leave(1, fast)
    expect(limiter.limit).toBe(12)
  })

  it('doubles the limit with every full round trip', () => {
    const w = world()
    const { limiter, enter } = limiterOf(w)
    for (const expected of [20, 40, 80]) {
      const running = limiter.limit
      enter(running)
      for (let call = 0; call < running; call++) {
        limiter.leave('success', 10)
        limiter.enter(w.context())
        limiter.enter(w.context())
      }
      expect(limiter.limit).toBe(expected)
      while (limiter.inFlight > 0) limiter.leave('neutral', 10)
    }
  })

  it('does not happen while there are places to spare', () => {
    const { round } = limiterOf(world())
    expect(round(9, fast)).toBe(10)
  })

  it('is one for each full round trip after the first cut', () => {
    const w = world()
    const { limiter, enter, leave } = afterCut(w)
    enter(10)
    leave(1, fast)
    expect(limiter.limit).toBeCloseTo(10.1)
    for (let call = 0; call < 9; call++) {
      enter(1)
      leave(1, fast)
    }
    expect(limiter.limit).toBeGreaterThan(10.9)
    expect(limiter.limit).toBeLessThanOrEqual(11)
  })

  it('ends at max', () => {
    const { round } = limiterOf(world(), { max: 10 })
    for (let time = 0; time < 10; time++) expect(round(10, fast)).toBe(10)
  })

  it.each<[Verdict]>([['failure'], ['throttled'], ['neutral']])('is nothing that a %s brings', (verdict) => {
    expect(limiterOf(world()).round(10, [verdict, 10])).toBe(10)
  })
})

describe('a slow success', () => {
  it('holds the limit while it is searched for', () => {
    const { limiter, enter, leave } = limiterOf(world())
    enter(10)
    leave(1, ['success', 31])
    expect(limiter.limit).toBe(10)
    enter(1)
    leave(1, ['success', 30])
    expect(limiter.limit).toBe(11)
  })

  it('holds it after a cut as well, but not within a quarter of the patience of an attempt', () => {
    const { limiter, enter, leave } = afterCut(world(), {}, { patienceMs: 1_000 })
    enter(10)
    leave(1, ['success', 251])
    expect(limiter.limit).toBe(10)
    enter(1)
    leave(1, ['success', 250])
    expect(limiter.limit).toBeGreaterThan(10)
  })

  it('is fast again when the server has been that slow for two minutes', async () => {
    const w = world()
    const { limiter, enter, leave } = limiterOf(w)
    const slow: Ending = ['success', 100]
    enter(10)
    for (let minute = 0; minute < 2; minute++) {
      leave(1, slow)
      expect(limiter.limit).toBe(10)
      await w.clock.advance(60_001)
      enter(1)
    }
    leave(1, slow)
    enter(1)
    leave(1, slow)
    expect(limiter.limit).toBeGreaterThan(10)
  })
})

describe('the height at the start', () => {
  it.each([
    [{}, 64],
    [{ initial: 1_000_000 }, 1_000],
    [{ initial: 1 }, 3],
    [{ initial: 10, max: 5 }, 5],
    [{ max: 2 }, 2],
  ])('with %j is %i', (options, limit) => {
    expect(new Limiter(options, world()).limit).toBe(limit)
  })
})
