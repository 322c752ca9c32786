import { describe, expect, it } from 'vitest'
import type { Context } from '../../src/core/layer.ts'
import { Gate, PushbackError, type PushbackEvent, type PushbackOptions } from '../../src/layers/pushback/index.ts'
import { type World, world } from '../support/world.ts'

const second = 1_000

function hint(afterMs: number) {
  return { afterMs, header: 'retry-after' }
}

function gateOf(w: World, options?: Partial<PushbackOptions>) {
  const gate = new Gate(options, w, 'api.example:443')
  /** A call at the gate: the moment it passed, or the error that it got. */
  const knock = (given?: Partial<Context>) => {
    const seen: { passedAt?: number; error?: unknown } = {}
    const come = async () => {
      await gate.pass(w.context(given))
      seen.passedAt = w.clock.now()
    }
    come().catch((error) => {
      seen.error = error
    })
    return seen
  }
  return { gate, knock }
}

describe('a hint', () => {
  it('is the floor of all waits, and those who waited come spread above it', async () => {
    const w = world()
    const { gate, knock } = gateOf(w)
    gate.close(hint(30 * second))
    const calls = Array.from({ length: 50 }, () => knock())
    await w.clock.advance(120 * second)
    const moments = calls.map(({ passedAt }) => passedAt ?? Number.NaN).sort((a, b) => a - b)
    expect(moments[0]).toBeGreaterThanOrEqual(30 * second)
    expect(moments[49]).toBeLessThan(36 * second)
    expect(new Set(moments).size).toBe(50)
    // No second of the six gets more than twice its share.
    for (let from = 30; from < 36; from++) {
      const together = moments.filter((moment) => Math.floor(moment / second) === from).length
      expect(together).toBeLessThan(17)
    }
  })

  it('is spread over a second at least', async () => {
    const w = world(0.999)
    const { gate, knock } = gateOf(w)
    gate.close(hint(second))
    const call = knock()
    await w.clock.advance(10 * second)
    expect(call.passedAt).toBeCloseTo(1999)
  })

  it('of 0 ms is spread as well', async () => {
    const w = world(0.5)
    const { gate, knock } = gateOf(w)
    gate.close(hint(0))
    const call = knock()
    await w.clock.advance(10 * second)
    expect(call.passedAt).toBe(500)
  })

  it('is told once, and so is every wait', async () => {
    const w = world(0.5)
    const { gate, knock } = gateOf(w)
    gate.close(hint(10 * second))
    knock()
    const upstream = 'api.example:443'
    expect(w.events).toEqual([
      { type: 'pushback.received', hintMs: 10 * second, header: 'retry-after', upstream },
      { type: 'pushback.waiting', delayMs: 11 * second, upstream },
    ])
  })

  it('shuts the gate for as long as it says', async () => {
    const w = world()
    const { gate } = gateOf(w)
    expect(gate.shutForMs).toBe(0)
    gate.close(hint(10 * second))
    await w.clock.advance(4 * second)
    expect(gate.shutForMs).toBe(6 * second)
    await w.clock.advance(7 * second)
    expect(gate.shutForMs).toBe(0)
  })

  it('that comes later and is longer moves those on who wait', async () => {
    const w = world()
    const { gate, knock } = gateOf(w)
    gate.close(hint(10 * second))
    const calls = Array.from({ length: 50 }, () => knock())
    const impatient = knock({ deadlineAt: 20 * second })
    await w.clock.advance(5 * second)
    gate.close(hint(30 * second))
    await w.clock.advance(30 * second - 1)
    expect(calls.every(({ passedAt }) => passedAt === undefined)).toBe(true)
    expect(impatient.error).toBeInstanceOf(PushbackError)
    await w.clock.advance(60 * second)
    const moments = calls.map(({ passedAt }) => passedAt ?? Number.NaN)
    expect(Math.min(...moments)).toBeGreaterThanOrEqual(35 * second)
    expect(Math.max(...moments)).toBeLessThan(41 * second)
  })

  it('that is shorter never shortens one that stands', async () => {
    const w = world(0)
    const { gate, knock } = gateOf(w)
    gate.close(hint(30 * second))
    gate.close(hint(5 * second))
    const call = knock()
    await w.clock.advance(60 * second)
    expect(call.passedAt).toBe(30 * second)
  })
})

describe('a newcomer', () => {
  it('passes with a chance that rises evenly while the spread runs, and waits within it otherwise', async () => {
    const w = world()
    const { gate, knock } = gateOf(w)
    gate.close(hint(10 * second))
    for (const share of [0.25, 0.5, 0.75]) {
      await w.clock.advance((10 + 2 * share) * second - w.clock.now())
      const calls = Array.from({ length: 400 }, () => knock())
      await w.clock.advance(0)
      const passed = calls.filter(({ passedAt }) => passedAt !== undefined).length
      expect(passed).toBeGreaterThan(400 * (share - 0.1))
      expect(passed).toBeLessThan(400 * (share + 0.1))
    }
    expect(w.clock.pending).toBeGreaterThan(0)
    const delays = w.told<PushbackEvent & { delayMs: number }>('pushback.waiting').map(({ delayMs }) => delayMs)
    expect(Math.min(...delays)).toBeGreaterThan(0)
    await w.clock.advance(12 * second - w.clock.now())
    expect(w.clock.pending).toBe(0)
  })

  it('after the spread passes with no draw and no wait', async () => {
    const w = world()
    const { gate } = gateOf(w)
    gate.close(hint(10 * second))
    await w.clock.advance(12 * second)
    expect(gate.pass(w.context())).toBeUndefined()
  })
})

describe('a call that cannot wait', () => {
  it.each([1, 29 * second, 30 * second])('for %i ms fails at once with the time left', async (deadlineAt) => {
    const w = world()
    const { gate, knock } = gateOf(w)
    gate.close(hint(30 * second))
    const call = knock({ deadlineAt })
    await w.clock.advance(0)
    expect(call.error).toBeInstanceOf(PushbackError)
    expect(call.error).toMatchObject({ code: 'pushback', retryAfterMs: 30 * second, upstream: 'api.example:443' })
    expect(w.clock.pending).toBe(0)
    const [told] = w.told<PushbackEvent>('pushback.refused')
    expect(told).toMatchObject({ retryAfterMs: 30 * second })
  })

  it('but can just make it keeps half of its patience for the attempt', async () => {
    const w = world(0.999)
    const { gate, knock } = gateOf(w)
    gate.close(hint(30 * second))
    const call = knock({ deadlineAt: 30 * second + 200 })
    await w.clock.advance(60 * second)
    expect(call.passedAt).toBeGreaterThan(30 * second)
    expect(call.passedAt).toBeLessThan(30 * second + 100)
  })

  it('is told so before, by `refuse`, without an event', () => {
    const w = world()
    const { gate } = gateOf(w)
    expect(gate.refuse(0)).toBeUndefined()
    gate.close(hint(30 * second))
    w.events.length = 0
    expect(gate.refuse(29 * second)).toMatchObject({ code: 'pushback', retryAfterMs: 30 * second })
    expect(gate.refuse(31 * second)).toBeUndefined()
    expect(w.events).toEqual([])
  })
})

describe('a hint beyond maxMs', () => {
  it('is not waited for by anybody, but the gate opens after maxMs', async () => {
    const w = world(0.5)
    const { gate, knock } = gateOf(w, { maxMs: 60 * second })
    gate.close(hint(3_600 * second))
    const call = knock()
    await w.clock.advance(59 * second)
    const other = knock()
    await w.clock.advance(0)
    expect(call.error).toMatchObject({ code: 'pushback', retryAfterMs: 3_600 * second })
    expect(other.error).toMatchObject({ code: 'pushback', retryAfterMs: 3_541 * second })
    await w.clock.advance(second)
    const later = knock()
    await w.clock.advance(12 * second)
    expect(later).toEqual({ passedAt: 66 * second })
  })

  it('does not become one that is waited for because a shorter one is heard', () => {
    const w = world()
    const { gate } = gateOf(w, { maxMs: 60 * second })
    gate.close(hint(3_600 * second))
    gate.close(hint(5 * second))
    expect(gate.refuse(Infinity)).toMatchObject({ retryAfterMs: 3_600 * second })
  })

  it('gives way to a later one that can be waited for', async () => {
    const w = world(0)
    const { gate, knock } = gateOf(w, { maxMs: 60 * second })
    gate.close(hint(3_600 * second))
    await w.clock.advance(30 * second)
    gate.close(hint(40 * second))
    const call = knock()
    await w.clock.advance(40 * second)
    expect(call.passedAt).toBe(70 * second)
  })
})

it('an abort ends a wait at once with its reason', async () => {
  const w = world()
  const { gate, knock } = gateOf(w)
  const controller = new AbortController()
  gate.close(hint(30 * second))
  const call = knock({ signal: controller.signal })
  await w.clock.advance(second)
  controller.abort('left')
  await w.clock.advance(0)
  expect(call).toEqual({ error: 'left' })
  expect(w.clock.pending).toBe(0)
})
