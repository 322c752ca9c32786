import { afterEach, describe, expect, it, vi } from 'vitest'
import { OptionsError } from '../../../src/core/options.ts'
import { type BreakerOptions, Circuit, type CircuitEvent, CircuitOpenError } from '../../../src/layers/breaker/index.ts'
import { type World, world } from '../../support/world.ts'

/** One failure opens it, and one probe decides. */
function fragile(w: World, options: Partial<BreakerOptions> = {}) {
  const circuit = new Circuit({ consecutive: 1, probes: 1, ...options }, w, 'api.example:443')
  const fail = () => circuit.acquire().failure('failure', 10)
  const leftMs = () => circuit.check()?.retryAfterMs ?? 0
  /** Waits until the circuit may be probed. */
  const sitOut = () => w.clock.advance(leftMs())
  return { circuit, fail, leftMs, sitOut }
}

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

describe('isolate', () => {
  it('refuses everybody, names no time, and lets go into a closed circuit', () => {
    const { circuit } = fragile(world())
    const hold = circuit.isolate()
    expect(circuit.phase).toBe('isolated')
    expect(circuit.check()?.phase).toBe('isolated')
    expect(circuit.check()?.retryAfterMs).toBeUndefined()
    expect(() => circuit.acquire()).toThrow('held open by hand')
    hold[Symbol.dispose]()
    expect(circuit.phase).toBe('closed')
    expect(circuit.check()).toBeUndefined()
  })

  it('holds until the last who asked for it lets go, each of them once', () => {
    const { circuit } = fragile(world())
    const [one, two] = [circuit.isolate(), circuit.isolate()]
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    expect(circuit.phase).toBe('isolated')
    two[Symbol.dispose]()
    expect(circuit.phase).toBe('closed')
    one[Symbol.dispose]()
    two[Symbol.dispose]()
    expect(circuit.phase).toBe('closed')
    const three = circuit.isolate()
    one[Symbol.dispose]()
    expect(circuit.phase).toBe('isolated')
    three[Symbol.dispose]()
  })

  it.each(['closed', 'open', 'half-open'])('takes over from %s, and nothing of before moves it', async (from) => {
    const w = world()
    const { circuit, fail, sitOut } = fragile(w)
    let old = circuit.acquire()
    if (from !== 'closed') fail()
    if (from === 'half-open') {
      await sitOut()
      old = circuit.acquire()
    }
    const hold = circuit.isolate()
    old.failure('failure', 10)
    await w.clock.advance(3_600_000)
    expect(circuit.phase).toBe('isolated')
    expect(await circuit.settled()).toBe('isolated')
    hold[Symbol.dispose]()
    expect(circuit.phase).toBe('closed')
    expect(await circuit.settled()).toBe('closed')
    fail()
    expect(await circuit.settled()).toBe('open')
  })

  it('forgets what was counted before', () => {
    const { circuit, fail } = fragile(world(), { consecutive: 3 })
    fail()
    fail()
    circuit.isolate()[Symbol.dispose]()
    fail()
    fail()
    expect(circuit.phase).toBe('closed')
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
