import { describe, expect, it, vi } from 'vitest'
import { manualClock } from '../../src/core/manual-clock.ts'

/** A clock, and a way to set timers that note their name and time when they fire. */
function scene() {
  const clock = manualClock()
  const fired: string[] = []
  const set = (name: string, ms: number, then: () => void = () => {}) =>
    clock.setTimer(ms, (lateByMs) => {
      fired.push(`${name} at ${clock.now()}${lateByMs === 0 ? '' : ` late by ${lateByMs}`}`)
      then()
    })
  return { clock, fired, set }
}

describe('manualClock', () => {
  it('stands still until it is moved', async () => {
    const { clock, fired, set } = scene()
    set('a', 0)
    await Promise.resolve()
    expect([clock.now(), fired.length]).toEqual([0, 0])
    await clock.advance(0)
    expect([clock.now(), fired]).toEqual([0, ['a at 0']])
    await clock.advance(2.5)
    expect(clock.now()).toBe(2.5)
  })

  it('fires timers in the order of their time, each at its own moment', async () => {
    const { clock, fired, set } = scene()
    set('c', 30)
    set('a', 10)
    set('b', 20)
    await clock.advance(29)
    expect([clock.now(), fired]).toEqual([29, ['a at 10', 'b at 20']])
    await clock.advance(1)
    expect(fired).toEqual(['a at 10', 'b at 20', 'c at 30'])
  })

  it('fires ties in the order in which they were set', async () => {
    const { clock, fired, set } = scene()
    for (const name of ['a', 'b', 'c', 'd', 'e']) set(name, 5)
    await clock.advance(5)
    expect(fired.map((text) => text[0])).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('lets everything that a timer set off run to its end before the next', async () => {
    const { clock, fired, set } = scene()
    set('a', 10, async () => {
      for (let depth = 0; depth < 50; depth++) await Promise.resolve()
      set('b', 5)
    })
    set('c', 20)
    await clock.advance(20)
    expect(fired).toEqual(['a at 10', 'b at 15', 'c at 20'])
  })

  it('does so even when the next timer of that moment was cancelled', async () => {
    const { clock, fired, set } = scene()
    set('a', 10, async () => {
      for (let depth = 0; depth < 50; depth++) await Promise.resolve()
      set('b', 5)
    })
    set('cancelled', 10)()
    set('c', 20)
    await clock.advance(20)
    expect(fired).toEqual(['a at 10', 'b at 15', 'c at 20'])
  })

  it('lets run what is ready before it moves, and after the last timer', async () => {
    const { clock, fired, set } = scene()
    void Promise.resolve().then(() => set('a', 1))
    await clock.advance(1)
    expect(fired).toEqual(['a at 1'])
    const done = vi.fn()
    set('b', 1, () => void Promise.resolve().then(done))
    await clock.advance(1)
    expect(done).toHaveBeenCalledOnce()
  })

  it('fires a timer that is set for now while now is being run', async () => {
    const { clock, fired, set } = scene()
    set('a', 5, () => set('b', 0, () => set('c', 0)))
    await clock.advance(5)
    expect(fired).toEqual(['a at 5', 'b at 5', 'c at 5'])
  })

  it.each([-5, NaN, -Infinity])('takes %d ms for now, and Infinity for never', async (ms) => {
    const { clock, fired, set } = scene()
    set('a', ms)
    const cancel = set('never', Infinity)
    expect(clock.pending).toBe(1)
    await clock.advance(1e12)
    cancel()
    expect(fired).toEqual(['a at 0'])
  })

  it('hands up what a timer throws', async () => {
    const { clock, set } = scene()
    const error = new Error('in a timer')
    set('a', 5, () => {
      throw error
    })
    await expect(clock.advance(10)).rejects.toBe(error)
  })

  it('never goes back, not even when it is moved twice at once', async () => {
    const { clock } = scene()
    await Promise.all([clock.advance(10), clock.advance(5)])
    expect(clock.now()).toBe(10)
    await clock.advance(-3)
    expect(clock.now()).toBe(10)
    await Promise.all([clock.oversleep(10), clock.oversleep(5)])
    expect(clock.now()).toBe(20)
  })

  it('is apart from every other', async () => {
    const [one, other] = [manualClock(), manualClock()]
    await one.advance(10)
    expect([one.now(), other.now()]).toEqual([10, 0])
  })
})

describe('cancelling', () => {
  it('keeps a timer from firing, and does nothing after that', async () => {
    const { clock, fired, set } = scene()
    const cancels = [set('a', 5), set('b', 5)]
    cancels[0]?.()
    cancels[0]?.()
    expect(clock.pending).toBe(1)
    await clock.advance(5)
    for (const cancel of cancels) cancel()
    expect([fired, clock.pending]).toEqual([['b at 5'], 0])
    set('c', 5)
    expect(clock.pending).toBe(1)
  })

  it('works from within a timer: on itself, on one of the same moment, on a later one', async () => {
    const { clock, fired, set } = scene()
    const cancels: (() => void)[] = []
    const cancelAll = () => {
      for (const cancel of cancels) cancel()
    }
    cancels.push(set('a', 5, cancelAll), set('b', 5), set('c', 9))
    set('d', 9)
    await clock.advance(10)
    expect([fired, clock.pending]).toEqual([['a at 5', 'd at 9'], 0])
  })

  it('is counted by pending', async () => {
    const { clock, set } = scene()
    const cancels = [30, 20, 10].map((ms) => set(String(ms), ms))
    expect(clock.pending).toBe(3)
    cancels[0]?.()
    expect(clock.pending).toBe(2)
    await clock.advance(10)
    expect(clock.pending).toBe(1)
    await clock.advance(20)
    expect(clock.pending).toBe(0)
  })
})

describe('oversleep', () => {
  it('has the time at once, so that every timer is as late as it is', async () => {
    const { clock, fired, set } = scene()
    set('a', 10)
    set('b', 1_000)
    set('c', 5_000)
    await clock.oversleep(2_000)
    expect(fired).toEqual(['a at 2000 late by 1990', 'b at 2000 late by 1000'])
    await clock.advance(3_000)
    expect(fired.at(-1)).toBe('c at 5000')
  })

  it('measures what late timers set from the time of waking', async () => {
    const { clock, fired, set } = scene()
    set('a', 10, () => {
      set('b', 10)
      set('c', 0)
    })
    await clock.oversleep(100)
    expect(fired).toEqual(['a at 100 late by 90', 'c at 100'])
    await clock.advance(10)
    expect(fired.at(-1)).toBe('b at 110')
  })

  it('lets run before the sleep what was ready before it', async () => {
    const { clock, fired, set } = scene()
    void Promise.resolve().then(() => set('a', 10))
    await clock.oversleep(100)
    expect(fired).toEqual(['a at 100 late by 90'])
  })
})
