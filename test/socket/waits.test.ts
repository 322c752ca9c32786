import { describe, expect, it } from 'vitest'
import type { Cause, Loss } from '../../src/socket/classify.ts'
import { drawWait, freshMemory, isProven, learn, type Memory } from '../../src/socket/machine/waits.ts'
import { resolveSocket } from '../../src/socket/resolve-options.ts'

const rules = resolveSocket({})

function lossBy(cause: Cause, more: Partial<Loss> = {}): Loss {
  return { cause, code: 1006, reason: '', wasClean: false, ...more }
}

/** The wait after one more loss, and what is remembered then. */
function waitAfter(loss: Loss, before: Memory = freshMemory(rules, true), chance = 1, hidden = false) {
  const memory = learn(before, loss, rules, false)
  return { memory, ...drawWait(loss, memory, before, rules, hidden, chance) }
}

describe('the first window', () => {
  it.each<[Cause, number]>([
    ['local', 1_000],
    ['drop', 5_000],
    ['refused', 5_000],
    ['auth', 5_000],
    ['restart', 10_000],
    ['overload', 30_000],
    ['timeout', 10_000],
  ])('after %s is %i ms wide, and drawn from as a whole', (cause, width) => {
    expect(waitAfter(lossBy(cause), undefined, 0).delayMs).toBe(0)
    expect(waitAfter(lossBy(cause), undefined, 0.5).delayMs).toBe(width / 2)
    expect(waitAfter(lossBy(cause), undefined, 1).delayMs).toBe(width)
  })

  it('is the one that was given, one for all causes or one each', () => {
    expect(resolveSocket({ firstWindowMs: 70 }).firstWindowMs).toEqual({
      local: 70,
      drop: 70,
      restart: 70,
      overload: 70,
    })
    expect(resolveSocket({ firstWindowMs: { drop: 7 } }).firstWindowMs).toEqual({
      ...rules.firstWindowMs,
      drop: 7,
    })
  })

  it('is a minute at least for a page that nobody looks at', () => {
    expect(waitAfter(lossBy('drop'), undefined, 1, true).delayMs).toBe(60_000)
    expect(waitAfter(lossBy('local'), undefined, 1, true).delayMs).toBe(60_000)
    const wide = waitAfter(lossBy('drop', { hint: { afterMs: 0, withinMs: 90_000 } }), undefined, 1, true)
    expect(wide.delayMs).toBe(90_000)
  })
})

describe('the window after more losses', () => {
  it('doubles with each timeout, to 15 minutes', () => {
    const widths: number[] = []
    let memory = freshMemory(rules, true)
    for (let turn = 0; turn < 9; turn++) {
      const next = waitAfter(lossBy('timeout'), memory)
      memory = next.memory
      widths.push(next.windowMs)
    }
    expect(widths).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 900_000, 900_000])
  })

  it('grows by half with each fast refusal, to a minute', () => {
    const widths: number[] = []
    let memory = freshMemory(rules, true)
    for (let turn = 0; turn < 9; turn++) {
      const next = waitAfter(lossBy('refused'), memory)
      memory = next.memory
      widths.push(Math.round(next.windowMs))
    }
    expect(widths).toEqual([5_000, 7_500, 11_250, 16_875, 25_313, 37_969, 56_953, 60_000, 60_000])
  })

  it.each<[before: string, first: Loss, doubled: number]>([
    ['a drop', lossBy('drop'), 10_000],
    ['a restart', lossBy('restart'), 20_000],
    ['an overload', lossBy('overload'), 60_000],
    ['a hint', lossBy('restart', { hint: { afterMs: 0, withinMs: 55_000 } }), 110_000],
  ])('begins with a timeout where %s had put it, however often the server refused in between', (_, first, doubled) => {
    let { memory } = waitAfter(first)
    for (let refusal = 0; refusal < 8; refusal++) ({ memory } = waitAfter(lossBy('refused'), memory))
    const timeout = waitAfter(lossBy('timeout'), memory)
    expect(timeout.windowMs).toBe(doubled)
    expect(waitAfter(lossBy('timeout'), timeout.memory).windowMs).toBe(2 * doubled)
    // Who is refused again is as gentle as before.
    expect(waitAfter(lossBy('refused'), timeout.memory).windowMs).toBeGreaterThanOrEqual(doubled)
  })

  it('is never narrowed by a refusal where timeouts have made it wide', () => {
    const wide: Memory = { ...freshMemory(rules, true), windowMs: 320_000 }
    expect(waitAfter(lossBy('refused'), wide).windowMs).toBe(320_000)
    expect(waitAfter(lossBy('drop'), wide).windowMs).toBe(320_000)
  })

  it('is not changed by what is our own doing, nor by a dial that was not made', () => {
    const grown: Memory = { ...freshMemory(rules, true), windowMs: 40_000, failures: 3 }
    const local = waitAfter(lossBy('local'), grown)
    expect(local).toMatchObject({ windowMs: 1_000, memory: { windowMs: 40_000, failures: 4 } })
    const held = waitAfter(lossBy('held', { floorMs: 2_000 }), grown)
    expect(held).toMatchObject({ floorMs: 2_000, windowMs: 1_000, memory: grown })
    // Held open by hand: nobody knows for how long.
    expect(waitAfter(lossBy('held'), grown)).toMatchObject({ floorMs: 0, windowMs: 5_000, memory: grown })
  })
})

describe('patience', () => {
  it('is 15 s before the first success and 45 s after it', () => {
    expect(freshMemory(rules, false).patienceMs).toBe(15_000)
    expect(freshMemory(rules, true).patienceMs).toBe(45_000)
    const hasty = resolveSocket({ patienceMs: 2_000 })
    expect(freshMemory(hasty, false).patienceMs).toBe(2_000)
  })

  it('doubles with each timeout to 180 s; that for TCP and TLS by itself, to three times 20 s', () => {
    let whole = freshMemory(rules, true)
    let transport = freshMemory(rules, true)
    const grown: [number, number, number, number][] = []
    for (let turn = 0; turn < 3; turn++) {
      whole = learn(whole, lossBy('timeout'), rules, false)
      transport = learn(transport, lossBy('timeout'), rules, true)
      grown.push([whole.patienceMs, whole.transportMs, transport.patienceMs, transport.transportMs])
    }
    expect(grown).toEqual([
      [90_000, 20_000, 45_000, 40_000],
      [180_000, 20_000, 45_000, 60_000],
      [180_000, 20_000, 45_000, 60_000],
    ])
  })
})

describe('proven uptime', () => {
  it.each([
    [0, 10_000],
    [5_000, 10_000],
    [37_969, 37_969],
    [900_000, 60_000],
  ])('with a window of %i ms is %i ms', (windowMs, needed) => {
    const memory = { ...freshMemory(rules, true), windowMs }
    expect(isProven(needed - 1, memory, rules)).toBe(false)
    expect(isProven(needed, memory, rules)).toBe(true)
  })
})

describe('a hint', () => {
  const known: Memory = freshMemory(rules, true, { afterMs: 2_000, withinMs: 55_000 })

  it('that came while all was well is kept for a crash', () => {
    expect(waitAfter(lossBy('drop'), known)).toMatchObject({ floorMs: 2_000, windowMs: 55_000, delayMs: 57_000 })
    expect(waitAfter(lossBy('restart'), known)).toMatchObject({ floorMs: 2_000, windowMs: 55_000 })
  })

  it('that is known is no answer to overload, to what is our own doing, or to a second loss', () => {
    expect(waitAfter(lossBy('overload'), known)).toMatchObject({ floorMs: 0, windowMs: 30_000 })
    expect(waitAfter(lossBy('local'), known)).toMatchObject({ floorMs: 0, windowMs: 1_000 })
    const second = waitAfter(lossBy('drop'), learn(known, lossBy('drop'), rules, false))
    // The widest that half as much again may come to is a minute.
    expect(second).toMatchObject({ floorMs: 0, windowMs: 60_000 })
  })

  it('of the loss itself goes before the one that is known', () => {
    const loss = lossBy('drop', { hint: { afterMs: 100, withinMs: 700 } })
    expect(waitAfter(loss, known)).toMatchObject({ floorMs: 100, windowMs: 700 })
  })

  it('never makes a floor lower, and is bounded by the widest window', () => {
    const loss = lossBy('overload', { floorMs: 40_000, hint: { afterMs: 100, withinMs: 3_600_000 } })
    expect(waitAfter(loss)).toMatchObject({ floorMs: 40_000, windowMs: 900_000 })
  })

  it('that names a slot is kept to, and a tenth more is drawn', () => {
    const loss = lossBy('restart', { hint: { afterMs: 20_000, withinMs: 0 } })
    expect(waitAfter(loss, undefined, 0).delayMs).toBe(20_000)
    expect(waitAfter(loss, undefined, 1).delayMs).toBe(22_000)
  })

  it('that names a slot again and again does not make a loop of dials', () => {
    for (const afterMs of [0, 1, 50, 999]) {
      const loss = lossBy('restart', { hint: { afterMs, withinMs: 0 } })
      let memory = freshMemory(rules, true)
      const widths: number[] = []
      for (let turn = 0; turn < 14; turn++) {
        const next = waitAfter(loss, memory)
        memory = next.memory
        widths.push(next.delayMs)
      }
      expect(widths.slice(1).every((width, at) => width > (widths[at] ?? 0) || width >= 60_000)).toBe(true)
      expect(widths.at(-1)).toBeGreaterThanOrEqual(60_000)
    }
  })

  it('of no time at all is a second', () => {
    expect(waitAfter(lossBy('drop', { hint: { afterMs: 0, withinMs: 0 } })).delayMs).toBe(1_000)
  })
})

describe('Retry-After', () => {
  it('is a floor, and the whole window of overload lies above it', () => {
    const loss = lossBy('overload', { status: 503, floorMs: 12_000 })
    expect(waitAfter(loss, undefined, 0).delayMs).toBe(12_000)
    expect(waitAfter(loss, undefined, 1).delayMs).toBe(42_000)
  })
})
