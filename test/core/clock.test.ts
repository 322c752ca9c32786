import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'

const longestMs = 2 ** 31 - 1
const dayMs = 86_400_000

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }))
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('now and wallNow', () => {
  it('come from globals that are looked up at each call, so fake ones drive them', () => {
    const [now, wallNow] = [systemClock.now(), systemClock.wallNow()]
    vi.advanceTimersByTime(1_500)
    expect(systemClock.now()).toBe(now + 1_500)
    expect(systemClock.wallNow()).toBe(wallNow + 1_500)
  })

  it('are apart: a calendar that is set back leaves the monotonic time alone', () => {
    const now = systemClock.now()
    vi.setSystemTime(0)
    expect(systemClock.now()).toBe(now)
    expect(systemClock.wallNow()).toBe(0)
  })
})

describe('setTimer', () => {
  it('fires once, after the time and not before', () => {
    const fn = vi.fn()
    systemClock.setTimer(1_000, fn)
    vi.advanceTimersByTime(999)
    expect(fn).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(fn).toHaveBeenCalledExactlyOnceWith(0)
    vi.advanceTimersByTime(10_000)
    expect(fn).toHaveBeenCalledOnce()
  })

  it('can be cancelled, before and after', () => {
    const fn = vi.fn()
    const cancel = systemClock.setTimer(1_000, fn)
    cancel()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(2_000)
    expect(fn).not.toHaveBeenCalled()
    const fired = vi.fn()
    const late = systemClock.setTimer(1, fired)
    vi.advanceTimersByTime(1)
    late()
    expect(fired).toHaveBeenCalledOnce()
  })

  it.each([0, -1, -Infinity, NaN])('%d is as soon as possible', (ms) => {
    const fn = vi.fn()
    systemClock.setTimer(ms, fn)
    expect(fn).not.toHaveBeenCalled()
    vi.advanceTimersByTime(0)
    expect(fn).toHaveBeenCalledExactlyOnceWith(0)
  })

  it('Infinity is never, and sets nothing', () => {
    const fn = vi.fn()
    const cancel = systemClock.setTimer(Infinity, fn)
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(400 * dayMs)
    expect(fn).not.toHaveBeenCalled()
    cancel()
  })

  it.each([longestMs, longestMs + 1, 60 * dayMs, 2 ** 33])('waits %d ms, in legs a platform timer can take', (ms) => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const fn = vi.fn()
    systemClock.setTimer(ms, fn)
    vi.advanceTimersByTime(ms - 1)
    expect(fn).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(fn).toHaveBeenCalledExactlyOnceWith(0)
    expect(Math.max(...set.mock.calls.map(([, leg]) => leg ?? 0))).toBeLessThanOrEqual(longestMs)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('can be cancelled in the second leg', () => {
    const fn = vi.fn()
    const cancel = systemClock.setTimer(60 * dayMs, fn)
    vi.advanceTimersByTime(40 * dayMs)
    cancel()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(40 * dayMs)
    expect(fn).not.toHaveBeenCalled()
  })
})

describe('a timer that the platform fires at the wrong time', () => {
  const fireAt = (ms: number) => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const fn = vi.fn()
    systemClock.setTimer(100, fn)
    now = ms
    vi.runOnlyPendingTimers()
    return { fn, goTo: (later: number) => (now = later) }
  }

  it('says how late it comes, as after a sleep of the machine', () => {
    expect(fireAt(5_100).fn).toHaveBeenCalledExactlyOnceWith(5_000)
  })

  it('is on time when it is early by less than a millisecond, as rounding makes it', () => {
    expect(fireAt(99.5).fn).toHaveBeenCalledExactlyOnceWith(0)
  })

  it('is set again for what is left when it is earlier than that', () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const { fn, goTo } = fireAt(60)
    expect(fn).not.toHaveBeenCalled()
    expect(set.mock.calls.map(([, ms]) => ms)).toEqual([100, 40])
    goTo(103)
    vi.runOnlyPendingTimers()
    expect(fn).toHaveBeenCalledExactlyOnceWith(3)
  })

  it('is late by the whole sleep when that swallowed a leg of a long wait', () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const fn = vi.fn()
    systemClock.setTimer(30 * dayMs, fn)
    now = 50 * dayMs
    vi.runOnlyPendingTimers()
    vi.runOnlyPendingTimers()
    expect(fn).toHaveBeenCalledExactlyOnceWith(20 * dayMs)
  })
})
