import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { settled, systemClock } from '../../src/core/clock.ts'

const dayMs = 86_400_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('sleep', () => {
  const left = (signal: AbortSignal) => ({
    timers: vi.getTimerCount(),
    listeners: getEventListeners(signal, 'abort').length,
  })

  it('ends after its time and leaves no timer and no listener', async () => {
    const { signal } = new AbortController()
    const woke = vi.fn()
    const sleep = systemClock.sleep(1_000, signal).then(woke)
    await vi.advanceTimersByTimeAsync(999)
    expect(woke).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await sleep
    expect(woke).toHaveBeenCalledExactlyOnceWith(undefined)
    expect(left(signal)).toEqual({ timers: 0, listeners: 0 })
  })

  it('needs no signal', async () => {
    const sleep = systemClock.sleep(5)
    vi.advanceTimersByTime(5)
    await expect(sleep).resolves.toBeUndefined()
  })

  it.each([{ reason: new Error('enough') }, { reason: 'a text' }, { reason: 0 }])(
    'ends at once with the very reason of an abort: $reason',
    async ({ reason }) => {
      const controller = new AbortController()
      const sleep = systemClock.sleep(60 * dayMs, controller.signal).catch((caught) => ({ caught }))
      vi.advanceTimersByTime(30 * dayMs)
      controller.abort(reason)
      expect(left(controller.signal)).toEqual({ timers: 0, listeners: 0 })
      expect((await sleep) as { caught: unknown }).toEqual({ caught: reason })
    },
  )

  it('hands up the same object as reason, not one like it', async () => {
    const controller = new AbortController()
    const sleep = systemClock.sleep(10, controller.signal).catch((caught) => caught)
    controller.abort()
    expect(await sleep).toBe(controller.signal.reason)
  })

  it('does not begin on a signal that has aborted', async () => {
    const reason = new Error('before')
    const signal = AbortSignal.abort(reason)
    await expect(systemClock.sleep(1_000, signal)).rejects.toBe(reason)
    expect(left(signal)).toEqual({ timers: 0, listeners: 0 })
  })

  it('of Infinity waits for the abort', async () => {
    const controller = new AbortController()
    const ended = vi.fn()
    const sleep = systemClock.sleep(Infinity, controller.signal).catch(ended)
    await vi.advanceTimersByTimeAsync(400 * dayMs)
    expect(ended).not.toHaveBeenCalled()
    controller.abort('now')
    await sleep
    expect(ended).toHaveBeenCalledExactlyOnceWith('now')
    expect(left(controller.signal)).toEqual({ timers: 0, listeners: 0 })
  })

  it.each([NaN, -5, 0])('of %d ends at the next turn', async (ms) => {
    const sleep = systemClock.sleep(ms)
    vi.advanceTimersByTime(0)
    await expect(sleep).resolves.toBeUndefined()
  })

  it('of 1,000 callers on one signal hangs one listener on it', async () => {
    const controller = new AbortController()
    const sleeps = Array.from({ length: 1_000 }, () => systemClock.sleep(1_000, controller.signal))
    expect(left(controller.signal)).toEqual({ timers: 1_000, listeners: 1 })
    controller.abort('all')
    const ends = await Promise.allSettled(sleeps)
    expect(new Set(ends.map((end) => end.status === 'rejected' && end.reason))).toEqual(new Set(['all']))
    expect(left(controller.signal)).toEqual({ timers: 0, listeners: 0 })
  })
})

describe('settled', () => {
  beforeEach(() => void vi.useRealTimers())
  afterEach(() => void vi.unstubAllGlobals())

  it.each(['with setImmediate', 'without it, as in browsers'])('lets reactions of any depth run, %s', async (where) => {
    if (where !== 'with setImmediate') vi.stubGlobal('setImmediate', undefined)
    let depth = 0
    const dig = async (): Promise<void> => {
      for (; depth < 1_000; depth++) await Promise.resolve()
    }
    void dig()
    await settled()
    expect(depth).toBe(1_000)
  })
})
