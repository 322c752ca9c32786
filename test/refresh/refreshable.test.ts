import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { settled } from '../../src/core/clock.ts'
import { ClosedError } from '../../src/core/closed-error.ts'
import { DeadlineError } from '../../src/layers/deadline/index.ts'
import { Refreshable } from '../../src/refresh/refreshable/index.ts'
import { world } from '../support/world.ts'
import { lifetimeMs, Refusal, refreshable } from './loads.ts'

const unhandled = vi.fn()
beforeEach(() => void process.on('unhandledRejection', unhandled))
afterEach(async () => {
  await settled()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

/** The middle of the window, where a chance of ½ puts every renewal. */
const due = 0.8 * lifetimeMs

describe('a value that is there', () => {
  it('is loaded once for all who ask first, and given at once after that', async () => {
    const { value, loads, last } = refreshable()
    const all = Array.from({ length: 10 }, () => value.get())
    last().answer('a')
    expect(await Promise.all(all)).toEqual(Array(10).fill('a'))
    expect(value.get()).toBe(value.get())
    expect(await value.get()).toBe('a')
    expect(loads).toHaveLength(1)
    expect(last().context).toMatchObject({ reason: 'first', previous: undefined, awaited: true })
  })

  it('is renewed behind the backs of those who use it', async () => {
    const { value, loads, last, hold, clock, changes } = refreshable()
    await hold('a')
    await clock.advance(due - 1)
    expect(loads).toHaveLength(1)
    await clock.advance(1)
    expect(loads).toHaveLength(2)
    expect(last().context).toMatchObject({ reason: 'renewal', previous: 'a', awaited: false })
    expect(await value.get()).toBe('a')
    last().answer('b')
    await clock.advance(0)
    expect(await value.get()).toBe('b')
    expect(changes).toEqual(['a', 'b'])
  })

  it('never makes anybody wait or fail, however the renewals fail', async () => {
    const { value, last, hold, clock, loads } = refreshable()
    await hold('a')
    for (let at = 0; at < lifetimeMs; at += 500) {
      if (loads.length > 1) last().answer(new Refusal(at % 1_000 ? 20_000 : undefined))
      const asked = value.get({ minValidMs: at })
      let given: string | undefined
      asked.then((it) => {
        given = it
      })
      await clock.advance(0)
      // One that is good for too short waits for the renewal that runs; nobody else waits at all.
      if (at < lifetimeMs / 2) expect(given).toBe('a')
      if (loads.length > 1) last().answer(new Refusal())
      await clock.advance(0)
      expect(given).toBe('a')
      await clock.advance(500)
    }
    expect(value.peek()).toBeUndefined()
  })

  it('is left to lapse when nobody asked for it during a whole lifetime', async () => {
    const { value, loads, last, hold, clock } = refreshable()
    await hold('a')
    await clock.advance(due)
    expect(loads).toHaveLength(2)
    last().answer('b')
    await clock.advance(10 * lifetimeMs)
    expect(loads).toHaveLength(2)
    expect([clock.pending, value.peek()]).toEqual([0, undefined])
    const asked = value.get()
    last().answer('c')
    expect(await asked).toBe('c')
    expect(last().context.reason).toBe('renewal')
  })

  it('wakes up again when it is asked for after it was left, but before its end', async () => {
    const { value, loads, last, hold, clock } = refreshable()
    await hold('a')
    await clock.advance(due)
    last().answer('b')
    await clock.advance(0.95 * lifetimeMs)
    expect(loads).toHaveLength(2)
    expect(await value.get()).toBe('b')
    expect(loads).toHaveLength(3)
    last().answer('c')
    await clock.advance(0)
    expect(await value.get()).toBe('c')
  })

  it('is renewed for ever with keepFresh', async () => {
    const { loads, last, hold, clock } = refreshable({ keepFresh: true })
    await hold('a')
    for (let round = 0; round < 20; round++) {
      await clock.advance(due)
      last().answer('b')
      await clock.advance(0)
    }
    expect(loads).toHaveLength(21)
  })

  it('is renewed when the server says', async () => {
    const { loads, hold, clock } = refreshable()
    await hold('a', { refreshInMs: 10_000 })
    await clock.advance(19_999)
    expect(loads).toHaveLength(1)
    await clock.advance(2)
    expect(loads).toHaveLength(2)
  })

  it('lives for thirty days, longer than a platform timer', async () => {
    const { value, loads, hold, clock } = refreshable({ keepFresh: true })
    const month = 30 * 24 * 3_600_000
    await hold('a', { lifetimeMs: month })
    await clock.advance(0.79 * month)
    expect([loads.length, await value.get()]).toEqual([1, 'a'])
    await clock.advance(0.01 * month + 1)
    expect(loads).toHaveLength(2)
  })

  it('that does not end has no timer', async () => {
    const { value, hold, clock } = refreshable()
    await hold('a', { lifetimeMs: Infinity })
    expect(clock.pending).toBe(0)
    await clock.advance(1e12)
    expect(await value.get({ minValidMs: 1e15 })).toBe('a')
  })

  it('is renewed first for who needs it longer than it lasts, but not at every call', async () => {
    const { value, loads, last, hold, clock } = refreshable()
    await hold('a')
    expect(await value.get({ minValidMs: 10 * lifetimeMs })).toBe('a')
    await clock.advance(lifetimeMs / 2 + 1)
    const asked = value.get({ minValidMs: 10 * lifetimeMs })
    expect(loads).toHaveLength(2)
    last().answer('b')
    expect(await asked).toBe('b')
    expect(await value.get({ minValidMs: 10 * lifetimeMs })).toBe('b')
    expect(loads).toHaveLength(2)
  })
})

describe('without a value', () => {
  it('all who ask share one load and its failure, for 1 to 5 s', async () => {
    const { value, loads, last, clock } = refreshable()
    const all = Array.from({ length: 20 }, () => value.get())
    const error = new Refusal()
    last().answer(error)
    for (const one of await Promise.allSettled(all)) expect(one).toEqual({ status: 'rejected', reason: error })
    await clock.advance(2_999)
    await expect(value.get()).rejects.toBe(error)
    expect(loads).toHaveLength(1)
    await clock.advance(1)
    const again = value.get()
    expect(loads).toHaveLength(2)
    last().answer('a')
    expect(await again).toBe('a')
  })

  it('nobody asks again before the server wants it', async () => {
    const { value, loads, last, clock } = refreshable()
    const asked = value.get()
    last().answer(new Refusal(60_000))
    await expect(asked).rejects.toThrow('refused')
    await clock.advance(60_000)
    await expect(value.get()).rejects.toThrow('refused')
    expect(loads).toHaveLength(1)
  })

  it('a failure that is no error at all is one all the same', async () => {
    const { random, clock } = world(0.5)
    const load = () => Promise.reject(undefined)
    const plan = { timeoutMs: 1_000, timed: true, keepFresh: false, graceMs: 0, refreshAfterMs: () => 1 }
    const value = new Refreshable(load, { ...plan, retryMs: () => 1_000, failureMs: () => 1_000 }, { random, clock })
    await expect(value.get()).rejects.toBeUndefined()
    await expect(value.get()).rejects.toBeUndefined()
    expect(value.peek()).toBeUndefined()
  })

  it('after a final failure nothing is asked any more, not even after the end of a value that was good', async () => {
    const { value, loads, last, hold, clock, failures } = refreshable({ keepFresh: true })
    await hold('a')
    await clock.advance(due)
    const final = new Refusal(undefined, true)
    last().answer(final)
    await clock.advance(0)
    expect(await value.get()).toBe('a')
    await clock.advance(10 * lifetimeMs)
    await expect(value.get()).rejects.toBe(final)
    value.reject('a')
    await expect(value.get()).rejects.toBe(final)
    expect([loads.length, failures.length, clock.pending]).toEqual([2, 1, 0])
  })
})

describe('a caller', () => {
  it('who leaves takes nothing from the others, not even the last one', async () => {
    const { value, loads, last } = refreshable()
    const [first, second] = [new AbortController(), new AbortController()]
    const asked = [value.get({ signal: first.signal }), value.get({ signal: second.signal })]
    first.abort(new Error('left'))
    second.abort(new Error('left too'))
    await expect(asked[0]).rejects.toThrow('left')
    await expect(asked[1]).rejects.toThrow('left too')
    expect(last().context.signal.aborted).toBe(false)
    const third = value.get()
    last().answer('a')
    expect([await third, loads.length]).toEqual(['a', 1])
  })

  it('who has left already starts nothing', async () => {
    const { value, loads } = refreshable()
    await expect(value.get({ signal: AbortSignal.abort('gone') })).rejects.toBe('gone')
    expect(loads).toHaveLength(0)
  })

  it('does not lend its async context to the load', async () => {
    const tenant = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const made = tenant.run('maker', () => refreshable({ changed: () => seen.push(tenant.getStore()) }))
    const { value, last, loads, clock } = made
    const push = loads.push.bind(loads)
    loads.push = (...items) => {
      seen.push(tenant.getStore())
      return push(...items)
    }
    const asked = tenant.run('caller', () => value.get())
    last().answer('a')
    await asked
    await tenant.run('other', () => clock.advance(due))
    tenant.run('third', () => last().answer('b'))
    await settled()
    expect(seen).toEqual(['maker', 'maker', 'maker', 'maker'])
  })
})

describe('a load', () => {
  it('that hangs fails its callers in time and is aborted', async () => {
    const { value, last, clock } = refreshable()
    const asked = value.get()
    asked.catch(() => {})
    await clock.advance(30_000)
    await expect(asked).rejects.toBeInstanceOf(DeadlineError)
    expect(last().context.signal.reason).toBeInstanceOf(DeadlineError)
  })

  it('whose outcome is wanted however late is not aborted, and its outcome counts', async () => {
    const { value, last, clock, changes } = refreshable({ wantsLate: true })
    const asked = value.get()
    asked.catch(() => {})
    await clock.advance(30_000)
    await expect(asked).rejects.toBeInstanceOf(DeadlineError)
    expect(last().context.signal.aborted).toBe(false)
    last().answer('late')
    await clock.advance(0)
    expect([await value.get(), changes]).toEqual(['late', ['late']])
  })

  it('that comes home after a newer one is not used', async () => {
    const { value, loads, last, clock, changes } = refreshable()
    const asked = value.get()
    asked.catch(() => {})
    await clock.advance(40_000)
    const second = value.get()
    last().answer('newer')
    expect(await second).toBe('newer')
    loads[0]?.answer('older')
    await clock.advance(0)
    expect([await value.get(), changes]).toEqual(['newer', ['newer']])
  })

  it('may be put off while nobody waits, and is not once somebody does', async () => {
    const { value, loads, last, hold, clock } = refreshable()
    await hold('a')
    await clock.advance(due)
    last().answer({ lookAgainInMs: 5_000 })
    await clock.advance(4_999)
    expect([await value.get(), loads.length]).toEqual(['a', 2])
    await clock.advance(1)
    expect(loads).toHaveLength(3)
    await clock.advance(0.2 * lifetimeMs)
    const asked = value.get()
    last().answer({ lookAgainInMs: 5_000 })
    await clock.advance(0)
    expect(loads).toHaveLength(4)
    expect(last().context.awaited).toBe(true)
    last().answer('b')
    expect(await asked).toBe('b')
  })

  it('that failed is repeated after a pause, by a timer that does not start anew at the end of the value', async () => {
    const { value, loads, last, hold, clock, failures } = refreshable()
    await hold('a')
    await clock.advance(due)
    last().answer(new Refusal())
    await clock.advance(0)
    // U(½, 1) · clamp(20 s / 4, L / 20, 300 s), at a chance of ½.
    expect(failures).toEqual([['renewal', 3_750]])
    await clock.advance(3_749)
    expect(loads).toHaveLength(2)
    await clock.advance(1)
    expect(loads).toHaveLength(3)
    last().answer(new Refusal(18_000))
    await value.get()
    await clock.advance(19_799)
    expect([loads.length, value.peek()]).toEqual([3, undefined])
    await clock.advance(1)
    expect(loads).toHaveLength(4)
  })
})

describe('a rejected value', () => {
  it('is given to nobody, and renewed once', async () => {
    const { value, loads, last, hold } = refreshable()
    await hold('a')
    for (let index = 0; index < 1_000; index++) value.reject('a')
    expect(value.peek()).toBeUndefined()
    const all = Array.from({ length: 1_000 }, () => value.get())
    expect(last().context).toMatchObject({ reason: 'rejected', previous: 'a' })
    last().answer('b')
    expect(new Set(await Promise.all(all))).toEqual(new Set(['b']))
    for (let index = 0; index < 1_000; index++) value.reject('a')
    expect(await value.get()).toBe('b')
    expect(loads).toHaveLength(2)
  })

  it('whose renewal fails is not given either', async () => {
    const { value, last, hold } = refreshable()
    await hold('a')
    value.reject('a')
    const asked = value.get()
    last().answer(new Refusal())
    await expect(asked).rejects.toThrow('refused')
  })
})

describe('clocks', () => {
  it('a machine that slept finds the value ended, and waits for a new one', async () => {
    const { value, last, hold, clock } = refreshable()
    await hold('a')
    await clock.oversleep(2 * lifetimeMs)
    const asked = value.get()
    last().answer('b')
    expect(await asked).toBe('b')
  })

  it('a monotonic clock that stood still meanwhile is found out by the calendar, at the next read or nap', async () => {
    const { value, loads, last, hold, clock } = refreshable()
    await hold('a', { lifetimeMs: 3_600_000 })
    clock.shiftWall(3_000_000)
    await clock.advance(899_999)
    expect(loads).toHaveLength(1)
    await clock.advance(1)
    expect(loads).toHaveLength(2)
    last().answer('b', { lifetimeMs: 3_600_000 })
    await clock.advance(0)
    clock.shiftWall(3_700_000)
    const asked = value.get()
    last().answer('c')
    expect(await asked).toBe('c')
  })

  it('a calendar that was set forward makes nobody fail while nothing new can be had', async () => {
    const { value, last, hold, clock, loads } = refreshable()
    await hold('a')
    clock.shiftWall(7_200_000)
    const asked = value.get()
    last().answer(new Refusal())
    expect(await asked).toBe('a')
    expect(await value.get()).toBe('a')
    expect(loads).toHaveLength(2)
  })

  it('a calendar that was set back lengthens no life', async () => {
    const { value, hold, clock, loads } = refreshable()
    await hold('a')
    clock.shiftWall(-7_200_000)
    expect(await value.get()).toBe('a')
    await clock.advance(due)
    expect(loads).toHaveLength(2)
    await clock.advance(0.2 * lifetimeMs)
    expect(value.peek()).toBeUndefined()
  })
})

it('a close ends waits, loads and timers', async () => {
  const { value, loads, last, hold, clock } = refreshable()
  await hold('a')
  value.reject('a')
  const asked = value.get()
  value.close('the source')
  value.close('the source')
  await expect(asked).rejects.toBeInstanceOf(ClosedError)
  await expect(value.get()).rejects.toThrow('the source is closed')
  expect(last().context.signal.aborted).toBe(true)
  last().answer('b')
  await clock.advance(0)
  expect([value.peek(), clock.pending, loads.length]).toEqual([undefined, 0, 2])
})
