import { describe, expect, it } from 'vitest'
import { type Priority, stack } from '../../src/core/layer.ts'
import { OptionsError } from '../../src/core/options.ts'
import { seededRandom } from '../../src/core/random.ts'
import { DeadlineError } from '../../src/layers/deadline/index.ts'
import {
  Throttle,
  ThrottledError,
  type ThrottleEvent,
  type ThrottleOptions,
  throttle,
} from '../../src/layers/throttle/index.ts'
import { script } from '../../src/testing/index.ts'
import { type World, world } from '../support/world.ts'

const second = 1_000
const least: Priority[] = ['background', 'low', 'normal', 'high', 'critical']

/** A throttle that has seen so many calls and accepts, spread over 100 s. */
async function seasoned(w: World, calls: Partial<Record<Priority, number>>, accepts: number, options = {}) {
  const throttle = new Throttle({ timeoutGate: false, maxRejection: 0, ...options }, w)
  await w.clock.advance(100 * second)
  for (const [priority, count] of Object.entries(calls)) {
    for (let call = 0; call < count; call++) throttle.admit(priority as Priority)
  }
  for (let call = 0; call < accepts; call++) throttle.learn('success')
  return throttle
}

/** A chance that is held still; what it is compared with comes to light by moving it. */
function dial() {
  const chance = { at: 1 - Number.EPSILON, random: () => chance.at }
  return chance
}

/** The share that is refused now, found by halving. Each question counts as a call, so it is asked of many. */
async function refusedShare(given: {
  calls: Partial<Record<Priority, number>>
  accepts: number
  options?: Partial<ThrottleOptions>
  priority?: Priority
}): Promise<number> {
  let [low, high] = [0, 1]
  for (let step = 0; step < 12; step++) {
    const chance = dial()
    const w = world(chance.random)
    const throttle = await seasoned(w, given.calls, given.accepts, { maxRejection: 0.9, ...given.options })
    chance.at = (low + high) / 2
    if (throttle.admit(given.priority ?? 'normal')) low = chance.at
    else high = chance.at
  }
  return low
}

describe('accepts against requests', () => {
  it.each([
    [1_000, 1_000],
    [1_000, 500],
    [1_000, 400],
    [1_000, 250],
    [3_000, 900],
  ])('refuses by the formula of the SRE book: %d calls, %d accepts', async (calls, accepts) => {
    const expected = Math.max(0, (calls - 2 * accepts) / (calls + 1))
    expect(await refusedShare({ calls: { normal: calls }, accepts })).toBeCloseTo(expected, 2)
  })

  it('follows K', async () => {
    const given = { calls: { normal: 1_000 }, accepts: 500 }
    expect(await refusedShare({ ...given, options: { k: 1 } })).toBeCloseTo(0.5, 2)
    expect(await refusedShare({ ...given, options: { k: 1.5 } })).toBeCloseTo(0.25, 2)
  })

  it.each([0.9, 0.5, 0])('never refuses more than a share of %d', async (maxRejection) => {
    const given = { calls: { normal: 1_000 }, accepts: 0, options: { maxRejection } }
    expect(await refusedShare(given)).toBeCloseTo(maxRejection, 2)
  })

  it.each([
    [499, 0],
    [501, 0.9],
  ])('counts only from 5 calls a second on: %d in 100 s', async (calls, share) => {
    expect(await refusedShare({ calls: { normal: calls }, accepts: 0 })).toBeCloseTo(share, 2)
  })

  it('takes nothing off a client that has just started and made a few calls', () => {
    const throttle = new Throttle({ timeoutGate: false }, world(0))
    for (let call = 0; call < 5; call++) expect(throttle.admit('normal')).toBeUndefined()
  })

  it('sees the refused calls as well, so that a server which takes nothing is soon left in peace', async () => {
    const w = world(seededRandom(7))
    const throttle = new Throttle({}, w)
    let sent = 0
    for (let call = 0; call < 6_000; call++) {
      if (throttle.admit('normal') === undefined) {
        if (call >= 2_000) sent++
        throttle.learn('failure')
      }
      await w.clock.advance(10)
    }
    expect(sent / 4_000).toBeGreaterThan(0.08)
    expect(sent / 4_000).toBeLessThan(0.13)
  })

  it('forgets: two minutes after the trouble nothing is refused', async () => {
    const w = world(0)
    const throttle = await seasoned(w, { normal: 1_000 }, 0, { maxRejection: 0.9 })
    expect(throttle.admit('normal')).toBeInstanceOf(ThrottledError)
    await w.clock.advance(120 * second)
    for (let call = 0; call < 100; call++) expect(throttle.admit('normal')).toBeUndefined()
  })

  it('lets go as soon as the server takes enough again', async () => {
    const w = world(0)
    const throttle = await seasoned(w, { normal: 1_000 }, 0, { maxRejection: 0.9 })
    for (let accept = 0; accept < 501; accept++) throttle.learn('success')
    expect(throttle.admit('normal')).toBeUndefined()
  })
})

describe('priorities', () => {
  const each = { critical: 1_000, high: 1_000, normal: 1_000, low: 1_000, background: 1_000 }

  it('take the least important calls first, and the next only when those are cut as far as may be', async () => {
    const shares = async (accepts: number) => {
      const seen: number[] = []
      for (const priority of least) seen.push(await refusedShare({ calls: each, accepts, priority }))
      return seen.map((share) => Math.round(share * 100) / 100)
    }
    expect(await shares(2_500)).toEqual([0, 0, 0, 0, 0])
    expect(await shares(2_250)).toEqual([0.5, 0, 0, 0, 0])
    expect(await shares(1_900)).toEqual([0.9, 0.3, 0, 0, 0])
    expect(await shares(500)).toEqual([0.9, 0.9, 0.9, 0.9, 0.4])
    expect(await shares(0)).toEqual([0.9, 0.9, 0.9, 0.9, 0.9])
  })

  it('spare the only class there is no more than the formula does', async () => {
    const shares = await Promise.all(
      least.map((priority) => refusedShare({ calls: { [priority]: 1_000 }, accepts: 250, priority })),
    )
    for (const share of shares) expect(share).toBeCloseTo(0.5, 2)
  })
})

describe('the timeout gate', () => {
  /** The share that passes after these verdicts and so many ms. */
  async function passing(verdicts: Parameters<Throttle['learn']>[0][], afterMs = 0, options = {}): Promise<number> {
    let [low, high] = [0, 1]
    for (let step = 0; step < 12; step++) {
      const chance = dial()
      const w = world(chance.random)
      const throttle = new Throttle(options, w)
      for (const verdict of verdicts) throttle.learn(verdict)
      await w.clock.advance(afterMs)
      chance.at = (low + high) / 2
      if (throttle.admit('critical')) high = chance.at
      else low = chance.at
    }
    return low
  }

  it.each([
    [0, 1],
    [1, 1 / 2],
    [2, 1 / 4],
    [3, 1 / 4],
    [50, 1 / 4],
  ])('lets pass, after %d timeouts in a row, a share of %d', async (timeouts, share) => {
    expect(await passing(Array(timeouts).fill('timeout'))).toBeCloseTo(share, 2)
  })

  it.each([
    [5, 2 ** -0.5],
    [10, 2 ** -0.25],
    [60, 1],
  ])('forgets half of its evidence in 5 s: after %d s', async (seconds, share) => {
    expect(await passing(['timeout'], seconds * second)).toBeCloseTo(share, 2)
    expect(await passing(['timeout', 'timeout'], seconds * second)).toBeCloseTo(share ** 2, 2)
  })

  it('is cleared by one success', async () => {
    expect(await passing(['timeout', 'timeout', 'timeout', 'success'])).toBeCloseTo(1, 2)
    expect(await passing(['timeout', 'timeout', 'success', 'timeout'])).toBeCloseTo(1 / 2, 2)
  })

  it.each(['failure', 'overload', 'throttled', 'neutral'] as const)(
    'is not closed by what is fast: %s',
    async (verdict) => {
      expect(await passing(Array(20).fill(verdict))).toBeCloseTo(1, 2)
      // Nor opened.
      expect(await passing(['timeout', verdict])).toBeCloseTo(1 / 2, 2)
    },
  )

  it('can be switched off', async () => {
    expect(await passing(['timeout', 'timeout'], 0, { timeoutGate: false })).toBeCloseTo(1, 2)
  })
})

describe('the layer', () => {
  it('refuses at once with what it saw, and tells', async () => {
    const w = world(0.99)
    const state = new Throttle({}, w, 'api.example:443')
    state.learn('timeout')
    const below = script<string, string>()
    const call = stack([throttle<string, string>({}, { throttleOf: () => state })], below, w)
    const error = await call('request', w.context({ priority: 'low' })).catch((reason) => reason)
    expect(error).toBeInstanceOf(ThrottledError)
    expect(error).toMatchObject({
      code: 'throttled',
      name: 'ThrottledError',
      reason: 'timeouts',
      upstream: 'api.example:443',
    })
    expect(w.told<ThrottleEvent>('throttle.refused')).toEqual([
      { type: 'throttle.refused', reason: 'timeouts', priority: 'low', upstream: 'api.example:443' },
    ])
    expect(below.requests).toEqual([])
    expect(w.clock.pending).toBe(0)
  })

  it('says so when it is for too few accepts', async () => {
    const w = world(0)
    const state = await seasoned(w, { normal: 1_000 }, 0, { maxRejection: 0.9 })
    expect(state.admit('normal')).toMatchObject({ reason: 'accepts' })
    expect(w.told<ThrottleEvent>('throttle.refused').at(-1)).toEqual({
      type: 'throttle.refused',
      reason: 'accepts',
      priority: 'normal',
    })
  })

  it('keeps a state of its own where none is handed in', async () => {
    const w = world(0.6)
    const late = new DeadlineError('attempt', 1_000)
    const call = stack([throttle<string, string>()], script<string, string>(late), w)
    await expect(call('request', w.context())).rejects.toBe(late)
    // One timeout lets half of the calls pass, and this one drew 0.6.
    await expect(call('request', w.context())).rejects.toBeInstanceOf(ThrottledError)
    expect(() => throttle({ k: 0 })).toThrow(OptionsError)
  })

  it('leaves calls alone whose server has no throttle', async () => {
    const w = world(0)
    const call = stack(
      [throttle<string, string>({}, { throttleOf: () => undefined })],
      script<string, string>('value'),
      w,
    )
    expect(await call('request', w.context())).toBe('value')
  })

  it.each<[string, Partial<Record<keyof ThrottleOptions, unknown>>]>([
    ['a K below 1', { k: 0.9 }],
    ['a window of nothing', { windowMs: 0 }],
    ['an endless window', { windowMs: Infinity }],
    ['more than everything', { maxRejection: 1.1 }],
    ['a rate below 0', { minPerSecond: -1 }],
    ['a gate that is neither', { timeoutGate: 'yes' }],
    ['a name that does not exist', { K: 2 } as object],
  ])('refuses %s', (_what, options) => {
    expect(() => new Throttle(options as Partial<ThrottleOptions>, world())).toThrow(OptionsError)
  })
})
