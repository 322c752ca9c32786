import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../src/core/manual-clock.ts'
import { RollingWindow } from '../../src/core/window.ts'
import { heapGrowth } from './heap-growth.ts'

/** A clock of which only the time matters. */
function timeAt(ms = 0) {
  const clock = { ...manualClock(), at: ms, now: () => clock.at }
  return clock
}

describe('RollingWindow', () => {
  it('counts each kind by itself', () => {
    const window = new RollingWindow(timeAt(), 1_000, 3)
    window.add(0)
    window.add(2, 5)
    window.add(2)
    expect([0, 1, 2].map((kind) => window.total(kind))).toEqual([1, 0, 6])
  })

  it('forgets slice by slice, and nothing before its slice is over', () => {
    const clock = timeAt()
    const window = new RollingWindow(clock, 1_000, 1, 10)
    for (clock.at = 0; clock.at < 1_000; clock.at += 100) window.add(0)
    const totals = [999, 1_000, 1_099, 1_100, 1_899, 1_900].map((at) => {
      clock.at = at
      return window.total(0)
    })
    expect(totals).toEqual([10, 9, 9, 8, 1, 0])
  })

  it('is empty after a pause as long as the span, and works on', () => {
    for (const pause of [1_000, 1_001, 5_000, 1e9]) {
      const clock = timeAt(12_345)
      const window = new RollingWindow(clock, 1_000, 2)
      window.add(0, 7)
      window.add(1, 7)
      clock.at += pause
      expect([window.total(0), window.total(1)]).toEqual([0, 0])
      window.add(1)
      expect([window.total(0), window.total(1)]).toEqual([0, 1])
    }
  })

  it('begins at whatever time the clock shows', () => {
    const clock = timeAt(987_654_321)
    const window = new RollingWindow(clock, 100, 1)
    window.add(0)
    clock.at += 89
    expect(window.total(0)).toBe(1)
  })

  it('keeps the slice in progress beside those before it, until it is as old as they', () => {
    const clock = timeAt(50)
    const window = new RollingWindow(clock, 1_000, 2)
    for (const at of [50, 150, 950]) {
      clock.at = at
      window.add(1)
    }
    expect(window.total(1)).toBe(3)
    clock.at = 1_050
    expect([window.total(0), window.total(1)]).toEqual([0, 2])
    clock.at = 1_899
    expect(window.total(1)).toBe(1)
    clock.at = 1_900
    expect(window.total(1)).toBe(0)
  })

  it('takes the time of somebody who has just read it for its own', () => {
    const clock = timeAt(0)
    const window = new RollingWindow(clock, 1_000, 1)
    window.add(0, 1, 0)
    window.add(0, 2, 500)
    expect([window.total(0, 500), window.total(0, 1_000), window.total(0, 1_500)]).toEqual([3, 2, 0])
    // One that was read before counts with what is in progress.
    window.add(0, 4, 400)
    expect(window.total(0, 1_500)).toBe(4)
  })

  it('is emptied by hand', () => {
    const clock = timeAt()
    const window = new RollingWindow(clock, 1_000, 2)
    window.add(0)
    window.add(1)
    window.clear()
    expect([window.total(0), window.total(1)]).toEqual([0, 0])
    clock.at = 500
    window.add(0)
    expect(window.total(0)).toBe(1)
  })

  it('takes a clock that stands still or goes back for no time passed', () => {
    const clock = timeAt(5_000)
    const window = new RollingWindow(clock, 1_000, 1)
    window.add(0)
    clock.at = 1_000
    window.add(0)
    expect(window.total(0)).toBe(2)
  })

  it('needs no more memory for a million failures than for one', () => {
    const clock = timeAt()
    const window = new RollingWindow(clock, 1e9, 3)
    window.add(0)
    const growth = heapGrowth(() => {
      for (clock.at = 0; clock.at < 1_000_000; clock.at++) window.add(clock.at % 3)
    })
    expect(window.total(0) + window.total(1) + window.total(2)).toBe(1_000_001)
    expect(growth).toBeLessThan(1_000_000)
  })
})

describe('at any time pattern', () => {
  const kinds = 3
  const step = fc.record({
    wait: fc.oneof(
      fc.double({ min: 0, max: 0.2, noNaN: true }).map((spans) => ({ spans })),
      fc.double({ min: 0, max: 2.5, noNaN: true }).map((spans) => ({ spans })),
      fc.nat(30).map((ms) => ({ ms })),
    ),
    kind: fc.nat(kinds - 1),
    count: fc.nat(3),
  })

  it('nothing older than the span counts, and nothing younger than all but one slice is lost', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(1_000_000),
        fc.array(step, { maxLength: 100, size: 'max' }),
        (spanMs, slices, startMs, steps) => {
          const clock = timeAt(startMs)
          const window = new RollingWindow(clock, spanMs, kinds, slices)
          const added: { at: number; kind: number; count: number }[] = []
          for (const { wait, kind, count } of steps) {
            clock.at += 'ms' in wait ? wait.ms : wait.spans * spanMs
            window.add(kind, count)
            added.push({ at: clock.at, kind, count })
            for (let seen = 0; seen < kinds; seen++) {
              const younger = (ageMs: number) =>
                added
                  .filter((one) => one.kind === seen && clock.at - one.at < ageMs)
                  .reduce((sum, one) => sum + one.count, 0)
              // A millionth of a millisecond for what floats lose at the edge of a slice.
              expect(window.total(seen)).toBeLessThanOrEqual(younger(spanMs + 1e-6))
              expect(window.total(seen)).toBeGreaterThanOrEqual(younger(spanMs - spanMs / slices - 1e-6))
            }
          }
        },
      ),
    )
  })
})
