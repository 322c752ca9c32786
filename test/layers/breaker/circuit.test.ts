import { afterEach, describe, expect, it, vi } from 'vitest'
import { OptionsError } from '../../../src/core/options.ts'
import { type BreakerOptions, Circuit, type CircuitEvent, CircuitOpenError } from '../../../src/layers/breaker/index.ts'
import { world } from '../../support/world.ts'
import { fragile } from './fragile.ts'

/** Draws the longest open times. */
const high = 1 - 2 ** -32

describe('the open time', () => {
  it.each([
    [0, 500],
    [0.5, 750],
    [high, 1_000],
  ])('is half fixed and half drawn: %d gives %d ms of 1,000', (draw, ms) => {
    const { fail, leftMs } = fragile(world(draw), { openMs: 1_000 })
    fail()
    expect(leftMs()).toBeCloseTo(ms)
  })

  it('is drawn anew each time, so that no two clients probe together', () => {
    const w = world()
    const times = Array.from({ length: 100 }, () => {
      const { fail, leftMs } = fragile(w, { openMs: 1_000 })
      fail()
      return leftMs()
    })
    expect(new Set(times).size).toBe(100)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(500)
    expect(Math.max(...times)).toBeLessThan(1_000)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(400)
  })

  it('refuses everybody until it is over, and says for how long', async () => {
    const w = world(0.5)
    const { circuit, fail } = fragile(w, { openMs: 1_000 })
    fail()
    await w.clock.advance(749)
    expect(circuit.phase).toBe('open')
    expect(() => circuit.acquire()).toThrow(CircuitOpenError)
    expect(circuit.check()).toMatchObject({
      code: 'circuit-open',
      phase: 'open',
      retryAfterMs: 1,
      upstream: 'api.example:443',
    })
    await w.clock.advance(1)
    expect(circuit.phase).toBe('half-open')
    expect(circuit.check()).toBeUndefined()
  })

  it('doubles with each probe that fails, and begins anew after closing', async () => {
    const w = world(high)
    const { circuit, fail, leftMs, sitOut } = fragile(w, { openMs: 100 })
    const times: number[] = []
    for (let round = 0; round < 4; round++) {
      fail()
      times.push(Math.round(leftMs()))
      await sitOut()
    }
    expect(times).toEqual([100, 200, 400, 800])
    circuit.acquire().success(10)
    fail()
    expect(leftMs()).toBeCloseTo(100)
  })

  it('stops growing at maxOpenMs', async () => {
    const w = world(high)
    const { fail, leftMs, sitOut } = fragile(w, { openMs: 100, maxOpenMs: 300 })
    for (let round = 0; round < 6; round++) {
      fail()
      expect(leftMs()).toBeLessThanOrEqual(300)
      await sitOut()
    }
    fail()
    expect(leftMs()).toBeCloseTo(300)
  })

  it('stays a small share of the outage so far, and a few seconds in a young one', async () => {
    const w = world(high)
    const { fail, leftMs, sitOut } = fragile(w, { openMs: 1_000, maxOpenMs: 3_600_000 })
    const hour = 3_600_000
    for (fail(); w.clock.now() < 6 * hour; fail()) {
      expect(leftMs()).toBeLessThanOrEqual(Math.max(5_000, w.clock.now() / 4))
      await sitOut()
    }
    // It still grows: an outage of hours is not probed every few seconds.
    expect(leftMs()).toBeGreaterThan(hour / 4)
  })

  it('is a share of this outage, however long all was well before', async () => {
    const w = world(high)
    const { fail, leftMs, sitOut } = fragile(w, { openMs: 1_000 })
    await w.clock.advance(36_000_000)
    for (let probe = 0; probe < 6; probe++) {
      fail()
      expect(leftMs()).toBeLessThanOrEqual(5_000)
      await sitOut()
    }
  })

  it('is never shorter than the first, where that is more than a share of the outage', async () => {
    const w = world(high)
    const { fail, leftMs, sitOut } = fragile(w, { openMs: 30_000, maxOpenMs: 60_000 })
    fail()
    await sitOut()
    fail()
    expect(leftMs()).toBeGreaterThanOrEqual(29_999)
  })
})

describe('the events', () => {
  it('say what happened, in order, with the open time that holds', async () => {
    const w = world(0.5)
    const { circuit, fail, sitOut } = fragile(w, { openMs: 1_000 })
    const upstream = 'api.example:443'
    fail()
    await sitOut()
    fail()
    await sitOut()
    circuit.acquire().success(10)
    const hold = circuit.isolate()
    hold[Symbol.dispose]()
    await circuit.settled()
    expect(w.events).toEqual([
      { type: 'circuit.opened', upstream, reason: 'consecutive', openMs: 750 },
      { type: 'circuit.half-opened', upstream },
      { type: 'circuit.opened', upstream, reason: 'probe', openMs: 1_500 },
      { type: 'circuit.half-opened', upstream },
      { type: 'circuit.closed', upstream },
      { type: 'circuit.isolated', upstream },
      { type: 'circuit.closed', upstream },
    ] satisfies CircuitEvent[])
  })

  it('reach who asked to be told at once, before they are emitted', () => {
    const w = world()
    const heard: string[] = []
    const circuit = new Circuit({ consecutive: 1 }, w, undefined, (phase) => heard.push(phase))
    circuit.acquire().failure('failure', 10)
    circuit.isolate()[Symbol.dispose]()
    expect(heard).toEqual(['open', 'isolated', 'closed'])
    expect(w.events).toEqual([])
  })
})

describe('the wall clock', () => {
  afterEach(() => vi.useRealTimers())

  it('turned back or forward an hour changes nothing', async () => {
    const now = 1_700_000_000_000
    vi.useFakeTimers({ toFake: ['Date'], now })
    const w = world(0.5)
    const { circuit, fail, sitOut } = fragile(w, { openMs: 1_000 })
    for (const shiftMs of [-3_600_000, 3_600_000]) {
      vi.setSystemTime(now)
      fail()
      expect(await circuit.settled()).toBe('open')
      vi.setSystemTime(now + shiftMs)
      w.clock.shiftWall(shiftMs)
      expect(circuit.check()?.retryAfterMs).toBe(750)
      await sitOut()
      const probe = circuit.acquire()
      expect(await circuit.settled()).toBe('half-open')
      probe.success(10)
      expect(circuit.phase).toBe('closed')
      expect(await circuit.settled()).toBe('closed')
    }
  })
})

it.each<[string, Partial<Record<keyof BreakerOptions, unknown>>]>([
  ['a share of 0', { failureRate: 0 }],
  ['a share above 1', { slowRate: 1.1 }],
  ['no time at all', { openMs: 0 }],
  ['half a probe', { probes: 0.5 }],
  ['an endless half-open', { halfOpenMs: Infinity }],
  ['a verdict that is no function', { isFailure: true }],
])('refuses %s when it is built', (_what, options) => {
  expect(() => new Circuit(options as Partial<BreakerOptions>, world())).toThrow(OptionsError)
})
