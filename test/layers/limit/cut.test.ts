import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../../src/core/outcome.ts'
import type { LimitEvent } from '../../../src/layers/limit/index.ts'
import { world } from '../../support/world.ts'
import { afterCut, fast, limiterOf } from './rounds.ts'

describe('a cut', () => {
  it.each<[Verdict]>([['timeout'], ['overload']])('comes with a %s', (verdict) => {
    const w = world()
    const { limiter, enter, leave } = limiterOf(w, {}, { upstream: 'api.example:443' })
    enter(10)
    leave(1, [verdict, 1_000])
    expect(limiter.limit).toBe(5)
    expect(w.told<LimitEvent>('limit.changed')).toEqual([
      { type: 'limit.changed', limit: 5, reason: 'cut', upstream: 'api.example:443' },
    ])
  })

  it.each<[Verdict]>([['failure'], ['throttled'], ['neutral']])('does not come with a %s', (verdict) => {
    const { round } = limiterOf(world())
    expect(round(8, [verdict, 1_000])).toBe(10)
  })

  it('is to half of what was in flight, so that an idle client with a high limit reacts just as fast', () => {
    const { limiter, enter, leave } = limiterOf(world(), { initial: 500 })
    enter(20)
    leave(1, ['timeout', 1_000])
    expect(limiter.limit).toBe(10)
  })

  it('never raises the limit, however many are still in flight from before', async () => {
    const w = world()
    const { limiter, enter, leave } = limiterOf(w, { initial: 100 })
    enter(100)
    leave(1, ['timeout', 1_000])
    expect(limiter.limit).toBe(50)
    await w.clock.advance(1_000)
    limiter.restart()
    const low = limiter.limit
    expect(low).toBeLessThan(20)
    leave(1, ['timeout', 1_000])
    expect(limiter.limit).toBe(low)
  })

  it('comes once a second at most: one stall is seen by all who were in flight', async () => {
    const w = world()
    const { limiter, enter, leave } = limiterOf(w, { initial: 100 })
    enter(100)
    leave(20, ['timeout', 1_000])
    expect(limiter.limit).toBe(50)
    await w.clock.advance(999)
    leave(1, ['timeout', 1_000])
    expect(limiter.limit).toBe(50)
    await w.clock.advance(1)
    leave(1, ['timeout', 1_000])
    expect(limiter.limit).toBe(79 / 2)
  })

  it('ends at min', async () => {
    const w = world()
    const { round } = limiterOf(w, { min: 2 })
    for (let second = 0; second < 10; second++) {
      expect(round(1, ['timeout', 1_000])).toBeGreaterThanOrEqual(2)
      await w.clock.advance(1_000)
    }
    expect(round(1, ['timeout', 1_000])).toBe(2)
  })

  it('lets nobody in until so many have left', async () => {
    const w = world()
    const { limiter, enter, leave } = limiterOf(w)
    enter(10)
    let entered = false
    const turn = limiter.enter(w.context())?.then(() => {
      entered = true
    })
    leave(1, ['timeout', 1_000])
    leave(4, ['neutral', 10])
    await w.clock.advance(0)
    expect({ entered, inFlight: limiter.inFlight }).toEqual({ entered: false, inFlight: 5 })
    leave(1, ['neutral', 10])
    await turn
    expect(limiter.inFlight).toBe(5)
  })
})

describe('a restart', () => {
  it('begins at a tenth of the limit, and grows as at the start', () => {
    const w = world()
    const { limiter, enter, leave } = afterCut(w, { initial: 20 })
    enter(8)
    leave(8, fast)
    limiter.restart()
    expect(limiter.limit).toBe(4)
    enter(4)
    leave(1, fast)
    expect(limiter.limit).toBe(5)
  })

  it.each([
    [1_000, 2, 100],
    [10, 2, 4],
    [10, 7, 7],
  ])('from %i with a floor of %i is at %i', (initial, min, limit) => {
    const w = world()
    const { limiter } = limiterOf(w, { initial, min })
    limiter.restart()
    expect(limiter.limit).toBe(limit)
    expect(w.events).toEqual([{ type: 'limit.changed', limit, reason: 'restart' }])
  })

  it('never exceeds max', () => {
    const { limiter } = limiterOf(world(), { initial: 3, max: 3 })
    limiter.restart()
    expect(limiter.limit).toBe(3)
  })

  it('lets those who wait come back in steps, and refuses none of them', async () => {
    const w = world()
    const { limiter, enter } = limiterOf(w, { initial: 20 })
    enter(20)
    let entered = 0
    for (let call = 0; call < 200; call++) {
      limiter.enter(w.context())?.then(() => {
        entered++
      })
    }
    limiter.restart()
    const steps: number[] = []
    while (limiter.inFlight > 0) {
      steps.push(limiter.inFlight)
      for (let left = limiter.inFlight; left > 0; left--) limiter.leave('success', 10)
      await w.clock.advance(10)
      if (entered === 200 && limiter.queued === 0) break
    }
    expect(entered).toBe(200)
    for (const [index, step] of steps.entries())
      expect(step).toBeLessThanOrEqual(Math.max(20, 2 * (steps[index - 1] ?? 10)))
  })
})
