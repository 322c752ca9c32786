import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { manualClock } from '../../src/core/manual-clock.ts'
import { OptionsError } from '../../src/core/options.ts'
import { seededRandom } from '../../src/core/random.ts'
import { spread } from '../../src/core/spread.ts'

describe('spread', () => {
  it('waits for the drawn share of the window', async () => {
    const clock = manualClock()
    const done = vi.fn()
    void spread(10_000, { random: () => 0.25, clock }).then(done)
    await clock.advance(2_499)
    expect(done).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(done).toHaveBeenCalledExactlyOnceWith(undefined)
  })

  it('lets a fleet that heard the same thing act evenly over all of the window', async () => {
    const clock = manualClock()
    const random = seededRandom(6)
    const perSecond = new Array<number>(10).fill(0)
    for (let client = 0; client < 10_000; client++) {
      void spread(10_000, { random, clock }).then(() => {
        const second = Math.floor(clock.now() / 1_000)
        perSecond[second] = (perSecond[second] ?? 0) + 1
      })
    }
    await clock.advance(10_000)
    expect(perSecond.reduce((sum, count) => sum + count)).toBe(10_000)
    // 1,000 each, and five standard deviations.
    expect(Math.max(...perSecond)).toBeLessThan(1_150)
    expect(Math.min(...perSecond)).toBeGreaterThan(850)
  })

  it('does not wait in a window of 0', async () => {
    const clock = manualClock()
    const done = vi.fn()
    void spread(0, { clock }).then(done)
    await clock.advance(0)
    expect(done).toHaveBeenCalledOnce()
  })

  it('ends at once with the reason of an abort, and leaves nothing behind', async () => {
    const clock = manualClock()
    const controller = new AbortController()
    const reason = new Error('the page is closing')
    const waiting = spread(10_000, { clock, signal: controller.signal }).catch((error) => error)
    await clock.advance(1)
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    expect([clock.pending, getEventListeners(controller.signal, 'abort').length]).toEqual([0, 0])
    await expect(spread(10_000, { clock, signal: controller.signal })).rejects.toBe(reason)
  })

  it.each([-1, NaN, Infinity, '1000', undefined, null])('refuses a window of %o', async (windowMs) => {
    const refused = expect(spread(windowMs as number)).rejects
    await refused.toBeInstanceOf(OptionsError)
    await refused.toMatchObject({ option: 'windowMs' })
  })

  it.each([
    [{ rand: Math.random }, 'spread.rand'],
    [{ random: 0.5 }, 'spread.random'],
    [{ signal: 'now' }, 'spread.signal'],
    [{ clock: () => 0 }, 'spread.clock'],
  ])('refuses %o', async (options, option) => {
    await expect(spread(1, options as never)).rejects.toMatchObject({ code: 'options', option })
  })
})

describe('without options', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  it('takes the platform’s clock and chance', async () => {
    vi.useFakeTimers()
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const done = vi.fn()
    void spread(1_000).then(done)
    await vi.advanceTimersByTimeAsync(499)
    expect(done).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(done).toHaveBeenCalledOnce()
  })
})
