import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type EveryOptions, every } from '../../src/core/every.ts'
import { manualClock } from '../../src/core/manual-clock.ts'

/** A task every second that notes when it runs, on a clock of its own. */
function scene(options: EveryOptions) {
  const clock = manualClock()
  const starts: number[] = []
  const stop = every(1_000, () => starts.push(clock.now()), { clock, ...options })
  return { clock, starts, stop }
}

describe('every ends', () => {
  const nothingLeft = (clock: ReturnType<typeof manualClock>, signal?: AbortSignal) => {
    expect(clock.pending).toBe(0)
    if (signal) expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  }

  it('by the function that it returned', async () => {
    const { signal } = new AbortController()
    const { clock, starts, stop } = scene({ phase: 0, jitter: 0, signal })
    await clock.advance(1_500)
    stop()
    nothingLeft(clock, signal)
    stop()
    await clock.advance(10_000)
    expect(starts).toEqual([0, 1_000])
  })

  it('by its signal', async () => {
    const controller = new AbortController()
    const { clock, starts } = scene({ phase: 0.5, signal: controller.signal })
    controller.abort()
    nothingLeft(clock, controller.signal)
    await clock.advance(10_000)
    expect(starts).toEqual([])
  })

  it('before it begins, on a signal that has aborted', async () => {
    const { clock, starts, stop } = scene({ phase: 0, signal: AbortSignal.abort() })
    nothingLeft(clock)
    stop()
    await clock.advance(10_000)
    expect(starts).toEqual([])
  })

  it('in the middle of a run, which is told the reason and not followed by another', async () => {
    const clock = manualClock()
    const controller = new AbortController()
    const reason = new Error('enough')
    let told: unknown
    let runs = 0
    const task = async (signal: AbortSignal) => {
      runs++
      await clock.sleep(5_000, signal).catch((error) => {
        told = error
      })
    }
    every(1_000, task, { clock, phase: 0, signal: controller.signal })
    await clock.advance(100)
    controller.abort(reason)
    await clock.advance(60_000)
    expect(told).toBe(reason)
    expect(runs).toBe(1)
    nothingLeft(clock, controller.signal)
  })

  it('from within its own task', async () => {
    const clock = manualClock()
    let runs = 0
    const stop = every(1_000, () => void (++runs === 2 && stop()), { clock })
    await clock.advance(60_000)
    expect(runs).toBe(2)
    nothingLeft(clock)
  })
})
