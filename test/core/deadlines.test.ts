import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { type Due, deadlinesOf } from '../../src/core/deadlines.ts'
import { manualClock } from '../../src/core/manual-clock.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function due(clock: Clock, ms: number, expire: () => void): Due {
  return { dueAt: clock.now() + ms, expire, previous: undefined, next: undefined, chain: undefined }
}

/** The deadlines of a clock of its own, and what has ended when. */
function held(clock = manualClock()) {
  const deadlines = deadlinesOf(clock)
  const ended: [name: string | number, at: number][] = []
  const add = (name: string | number, ms: number, then?: () => void) => {
    const member = due(clock, ms, () => {
      ended.push([name, clock.now()])
      then?.()
    })
    deadlines.add(member, ms)
    return () => deadlines.remove(member, ms)
  }
  return { clock, deadlines, ended, add }
}

describe('all deadlines of a clock', () => {
  it('are the same for all who ask', () => {
    const [one, other] = [manualClock(), manualClock()]
    expect(deadlinesOf(one)).toBe(deadlinesOf(one))
    expect(deadlinesOf(one)).not.toBe(deadlinesOf(other))
  })

  it('need one timer however many wait, and none when nobody does', () => {
    const { clock, add } = held()
    const leaves = Array.from({ length: 1_000 }, (_, index) => add(index, 1_000 + (index % 7)))
    expect(clock.pending).toBe(1)
    for (const leave of leaves) leave()
    expect(clock.pending).toBe(0)
  })

  it('end each at its own time, those of one moment in the order of coming', async () => {
    const { clock, ended, add } = held()
    add('long', 300)
    add('short', 100)
    await clock.advance(50)
    add('shorter', 50)
    add('last', 251)
    await clock.advance(1_000)
    expect(ended).toEqual([
      ['short', 100],
      ['shorter', 100],
      ['long', 300],
      ['last', 301],
    ])
    expect(clock.pending).toBe(0)
  })

  it('end whoever is due where the machine has slept, the earliest first', async () => {
    const { clock, ended, add } = held()
    for (const ms of [300, 100, 200]) add(ms, ms)
    await clock.oversleep(250)
    expect(ended).toEqual([
      [100, 250],
      [200, 250],
    ])
    await clock.advance(50)
    expect(ended.at(-1)).toEqual([300, 300])
  })

  it('end the others although one throws', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { clock, ended, add } = held()
    const error = new Error('broken')
    add('first', 100, () => {
      throw error
    })
    add('second', 100)
    await clock.advance(100)
    expect(ended.map(([name]) => name)).toEqual(['first', 'second'])
    expect(reported.mock.calls.flat()).toContain(error)
  })

  it('may take others out and add more when they end, even such as are due at once', async () => {
    const { clock, ended, add } = held()
    add('first', 100, () => {
      leave()
      add('at once', 0.0001)
      add('soon', 10)
    })
    const leave = add('second', 100)
    add('third', 100)
    await clock.advance(200)
    expect(ended.map(([name]) => name)).toEqual(['first', 'third', 'at once', 'soon'])
    expect(clock.pending).toBe(0)
  })

  it('look for empty lists seldom, however many durations there are', async () => {
    const walks = vi.spyOn(Map.prototype, Symbol.iterator)
    const { clock, ended, add } = held()
    for (let ms = 0; ms < 5_000; ms++) add(ms, 1_000 + ms / 10)
    expect(walks.mock.calls.length).toBeLessThan(20)
    walks.mockRestore()
    const looks = vi.spyOn(Map.prototype, 'values')
    await clock.oversleep(10_000)
    expect(looks.mock.calls.length).toBeLessThan(10)
    looks.mockRestore()
    expect(ended).toHaveLength(5_000)
    for (let round = 0; round < 1_000; round++) add('gone', round + 0.5)()
    expect(clock.pending).toBe(0)
  })

  it('end exactly those who stay, at their times and in their order, at any pattern', async () => {
    const step = fc.record({ wait: fc.nat(40), ms: fc.integer({ min: 1, max: 60 }), stays: fc.option(fc.nat(60)) })
    const run = async (steps: { wait: number; ms: number; stays: number | null }[]) => {
      const { clock, ended, add } = held()
      const expected: [number, number][] = []
      for (const [index, { wait, ms, stays }] of steps.entries()) {
        const leave = add(index, ms)
        if (stays === null || stays >= ms) expected.push([index, clock.now() + ms])
        // Never at the moment of its end.
        if (stays !== null) clock.setTimer(stays + 0.5, leave)
        await clock.advance(wait)
      }
      await clock.advance(1_000)
      const byEnd = (list: [number | string, number][]) => list.toSorted((a, b) => a[1] - b[1])
      expect(ended).toEqual(byEnd(ended))
      expect(new Map(ended)).toEqual(new Map(expected))
      expect(clock.pending).toBe(0)
    }
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 15 }), run), { numRuns: 40 })
  })
})

describe("on the platform's clock", () => {
  it('lie set when nobody waits, and are set no second time for the next', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const set = vi.spyOn(globalThis, 'setTimeout')
    const { add } = held(systemClock as never)
    for (let call = 0; call < 100; call++) add(call, 1_000)()
    expect([vi.getTimerCount(), set.mock.calls.length]).toEqual([1, 1])
  })

  it('end none early', () => {
    vi.useFakeTimers()
    const { ended, add } = held(systemClock as never)
    const start = performance.now()
    add('half', 100.5)
    vi.advanceTimersByTime(100)
    expect(ended).toEqual([])
    vi.advanceTimersByTime(2)
    expect(ended[0]?.[1]).toBeGreaterThanOrEqual(start + 100.5)
  })

  it('end by fake timers that came after a call, whether that has ended or hangs', () => {
    for (const hangs of [false, true]) {
      const before = held(systemClock as never)
      const leave = before.add('real', 60_000)
      if (!hangs) leave()
      vi.useFakeTimers()
      expect(before.deadlines.stand).toBe(false)
      const { ended, add } = held(systemClock as never)
      add('fake', 60_000)
      vi.advanceTimersByTime(59_999)
      expect(ended).toEqual([])
      vi.advanceTimersByTime(2)
      expect(ended.map(([name]) => name)).toEqual(['fake'])
      vi.useRealTimers()
      leave()
    }
  })

  it('keep no process alive when a call ends under fake timers that came after it', () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const leave = held(systemClock as never).add('real', 60_000)
    const timer = set.mock.results[0]?.value as NodeJS.Timeout
    expect(timer.hasRef()).toBe(true)
    vi.useFakeTimers()
    leave()
    expect(timer.hasRef()).toBe(false)
  })

  it('are on real time again when fake timers have gone with a call that hangs', () => {
    vi.useFakeTimers()
    held(systemClock as never).add('forgotten', 1)
    vi.useRealTimers()
    const set = vi.spyOn(globalThis, 'setTimeout')
    const leave = held(systemClock as never).add('real', 60_000)
    expect(set).toHaveBeenCalledOnce()
    leave()
  })
})
