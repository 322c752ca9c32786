import { afterEach, describe, expect, it, vi } from 'vitest'
import { type EveryOptions, every } from '../../src/core/every.ts'
import { manualClock } from '../../src/core/manual-clock.ts'
import { OptionsError } from '../../src/core/options.ts'
import { seededRandom } from '../../src/core/random.ts'

/** A task that notes when it runs, on a clock of its own. */
function scene(intervalMs: number, options: EveryOptions = {}, takesMs = 0) {
  const clock = manualClock()
  const starts: number[] = []
  let running = 0
  let most = 0
  const task = async (signal: AbortSignal) => {
    starts.push(clock.now())
    most = Math.max(most, ++running)
    try {
      if (takesMs > 0) await clock.sleep(takesMs, signal)
    } finally {
      running--
    }
  }
  const stop = every(intervalMs, task, { clock, random: seededRandom(1), onError: () => {}, ...options })
  return { clock, starts, stop, most: () => most }
}

interface Stalled {
  readonly free: Promise<void>
  hold(): void
  release(): void
}

/** Something that all runs wait for while it is held. */
function stalled(): Stalled {
  let free = Promise.resolve()
  let release = () => {}
  return {
    get free() {
      return free
    },
    hold: () => {
      free = new Promise((resolve) => {
        release = resolve
      })
    },
    release: () => release(),
  }
}

const gapsOf = (starts: number[]) => starts.slice(1).map((start, index) => start - (starts[index] as number))

describe('every', () => {
  it('runs first at its phase, then after each interval', async () => {
    const { clock, starts } = scene(1_000, { phase: 0.25, jitter: 0 })
    await clock.advance(3_500)
    expect(starts).toEqual([250, 1_250, 2_250, 3_250])
  })

  it('draws the phase from the whole interval if none is given', async () => {
    const { clock, starts } = scene(1_000, { jitter: 0, random: () => 0.75 })
    await clock.advance(1_000)
    expect(starts).toEqual([750])
  })

  it('keeps each interval within the jitter, and their mean', async () => {
    const { clock, starts } = scene(1_000, { phase: 0, jitter: 0.1 })
    await clock.advance(2_000_000)
    const gaps = gapsOf(starts)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(900 - 1e-6)
    expect(Math.min(...gaps)).toBeLessThan(901)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1_100 + 1e-6)
    expect(Math.max(...gaps)).toBeGreaterThan(1_099)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    expect(Math.abs(mean - 1_000)).toBeLessThan(10)
  })

  it('varies by a tenth if not told otherwise', async () => {
    const [least, most] = [0, 1 - 1e-9].map((drawn) => scene(1_000, { phase: 0, random: () => drawn }))
    for (const one of [least, most]) await one?.clock.advance(1_200)
    expect([least?.starts, most?.starts.map(Math.round)]).toEqual([
      [0, 900],
      [0, 1_100],
    ])
  })

  it('never runs a fleet in step, not even one that was started in step', async () => {
    const clock = manualClock()
    const random = seededRandom(2)
    const [drawn, forced] = [new Map<number, number>(), new Map<number, number>()]
    const count = (counts: Map<number, number>) => () => {
      const at = Math.floor(clock.now() / 100)
      counts.set(at, (counts.get(at) ?? 0) + 1)
    }
    for (let client = 0; client < 1_000; client++) {
      every(10_000, count(drawn), { clock, random })
      every(10_000, count(forced), { clock, random, phase: 0 })
    }
    await clock.advance(100_000)
    // An even load is 10 in each 100 ms; in step it would be 1,000 in one of them.
    expect(Math.max(...drawn.values())).toBeLessThan(40)
    const inStep = [...forced].map(([at, runs]) => (at < 50 ? 0 : runs))
    expect(Math.max(...inStep)).toBeLessThan(100)
    const inTheEnd = [...forced].map(([at, runs]) => (at < 900 ? 0 : runs))
    expect(Math.max(...inTheEnd)).toBeLessThan(50)
  })

  it('never runs twice at a time: a run that takes longer is followed by the next moment of its rhythm', async () => {
    const { clock, starts, most } = scene(1_000, { phase: 0.1, jitter: 0 }, 2_500)
    await clock.advance(10_000)
    expect(starts).toEqual([100, 3_100, 6_100, 9_100])
    expect(most()).toBe(1)
  })

  it('keeps its rhythm, whatever a run takes', async () => {
    const { clock, starts } = scene(1_000, { phase: 0.1, jitter: 0 }, 400)
    await clock.advance(5_000)
    expect(starts).toEqual([100, 1_100, 2_100, 3_100, 4_100])
  })

  it('does not make up for runs that a sleep of the machine swallowed, and spreads the late one', async () => {
    const { clock, starts } = scene(1_000, { phase: 0, jitter: 0, random: () => 0.25 })
    await clock.advance(1_500)
    await clock.oversleep(60_000)
    await clock.advance(3_000)
    expect(starts).toEqual([0, 1_000, 61_750, 62_000, 63_000, 64_000])
  })

  it('runs where timers are always late', async () => {
    const clock = manualClock()
    let runs = 0
    every(1_000, () => runs++, { clock, random: seededRandom(3) })
    for (let minute = 0; minute < 10; minute++) await clock.oversleep(60_000)
    expect(runs).toBeGreaterThanOrEqual(5)
  })

  it.each<[what: string, stall: (clock: ReturnType<typeof manualClock>, server: Stalled) => Promise<void>]>([
    [
      'a server that held all of it up',
      async (clock, server) => {
        server.hold()
        await clock.advance(60_000)
        server.release()
      },
    ],
    ['a sleep of all its machines', (clock) => clock.oversleep(60_000)],
  ])('does not run a fleet in step after %s', async (_what, stall) => {
    const clock = manualClock()
    const random = seededRandom(4)
    const server = stalled()
    const perTenth = new Map<number, number>()
    for (let client = 0; client < 1_000; client++) {
      const task = () => {
        const tenth = Math.floor(clock.now() / 100)
        perTenth.set(tenth, (perTenth.get(tenth) ?? 0) + 1)
        return server.free
      }
      every(10_000, task, { clock, random })
    }
    await clock.advance(20_000)
    await stall(clock, server)
    perTenth.clear()
    await clock.advance(30_000)
    // An even load is 10 in each 100 ms.
    expect(Math.max(...perTenth.values())).toBeLessThan(40)
    expect([...perTenth.values()].reduce((sum, runs) => sum + runs, 0)).toBeGreaterThan(2_500)
  })
})

describe('a task that fails', () => {
  it.each<[string, () => unknown]>([
    [
      'throwing',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejecting', () => Promise.reject(new Error('broken'))],
  ])('by %s is heard of, and the next run comes all the same', async (_how, task) => {
    const clock = manualClock()
    const errors: unknown[] = []
    every(1_000, task, { clock, phase: 0, jitter: 0, onError: (error) => errors.push(error) })
    await clock.advance(2_500)
    expect(errors).toEqual([new Error('broken'), new Error('broken'), new Error('broken')])
  })

  it('without a listener is not caught, and the next run comes all the same', async () => {
    const clock = manualClock()
    const runs: unknown[] = []
    const setTimer = vi.fn((_ms: number, run: (lateByMs: number) => void) => {
      if (setTimer.mock.calls.length <= 2) runs.push(run(0))
      return () => {}
    })
    const error = new Error('broken')
    every(1_000, () => Promise.reject(error), { clock: { ...clock, setTimer } })
    await expect(runs[0]).rejects.toBe(error)
    await expect(runs[1]).rejects.toBe(error)
    expect(setTimer).toHaveBeenCalledTimes(3)
  })
})

describe('bad input', () => {
  it.each([0, -1, NaN, Infinity, '1000', undefined, null])('an interval of %o', (intervalMs) => {
    const run = () => every(intervalMs as number, () => {})
    expect(run).toThrow(OptionsError)
    expect(run).toThrow(expect.objectContaining({ option: 'intervalMs', message: expect.stringContaining('above 0') }))
  })

  it.each([
    [{ jitter: -0.1 }, 'every.jitter'],
    [{ jitter: 1.1 }, 'every.jitter'],
    [{ phase: 2 }, 'every.phase'],
    [{ phase: NaN }, 'every.phase'],
    [{ signal: 'now' }, 'every.signal'],
    [{ random: 0.5 }, 'every.random'],
    [{ clock: Date.now }, 'every.clock'],
    [{ onError: true }, 'every.onError'],
    [{ jiter: 0.5 }, 'every.jiter'],
  ])('%o, and nothing is set', (options, option) => {
    const clock = manualClock()
    expect(() => every(1_000, () => {}, { clock, ...options } as never)).toThrow(
      expect.objectContaining({ code: 'options', option }),
    )
    expect(clock.pending).toBe(0)
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
    const task = vi.fn()
    const stop = every(1_000, task)
    await vi.advanceTimersByTimeAsync(2_500)
    expect(task).toHaveBeenCalledTimes(3)
    stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
