import { describe, expect, it } from 'vitest'
import type { Coordination } from '../../src/coordination/coordination.ts'
import { MemoryPlace, memoryCoordination } from '../../src/coordination/memory.ts'
import type { Clock } from '../../src/core/clock.ts'
import { seededRandom } from '../../src/core/random.ts'
import type { FetchedToken, FetchToken, FetchTokenContext, TokenSource } from '../../src/refresh/token.ts'
import { TokenError } from '../../src/refresh/token-error.ts'
import { createTokenSource } from '../../src/refresh/token-source.ts'
import { world } from '../support/world.ts'
import { failing, hourMs, provider } from './provider.ts'

/** Services that share one machine-to-machine token. */
function fleet(size: number, { leaseMs = 10_000, seed = 1 } = {}) {
  const at = world(seededRandom(seed))
  const { clock, random } = at
  const place = new MemoryPlace()
  const idp = provider()
  const open = () => {
    let killed = false
    // Of a process that was killed no timer fires any more, that of its lease included, and no answer arrives.
    const setTimer: Clock['setTimer'] = (ms, fn) => clock.setTimer(ms, (late) => void (killed || fn(late)))
    const runtime = { random, emit: at.emit, clock: { ...clock, setTimer } }
    const shared = failing(memoryCoordination({ place, leaseMs, runtime }))
    let asking = 0
    const fetchToken: FetchToken = async (context) => {
      asking++
      const fetched = await idp.fetchToken(context).finally(() => asking--)
      return killed ? new Promise(() => {}) : fetched
    }
    const { coordination, fail } = shared
    const tokens = createTokenSource({ fetchToken, coordination, keepFresh: true, runtime })
    const kill = () => {
      killed = true
    }
    return { tokens, fail, kill, asks: () => asking > 0 }
  }
  return { ...at, ...idp, place, open, services: Array.from({ length: size }, open) }
}

const textOf = async (tokens: TokenSource) => (await tokens.get()).accessToken

describe('a fleet', () => {
  it('that starts together asks once, and once in each lifetime from then on', async () => {
    const { services, asked, clock } = fleet(50)
    const first = await Promise.all(services.map(({ tokens }) => textOf(tokens)))
    expect([new Set(first), asked.length]).toEqual([new Set(['token-1']), 1])
    for (let cycle = 0; cycle < 20; cycle++) {
      for (const { tokens } of services) expect(tokens.peek()).toBeDefined()
      await clock.advance(hourMs / 2)
    }
    // Each lifetime ends for all with the first of fifty draws: a little above 0.7 of it.
    expect(asked.length).toBeGreaterThanOrEqual(10 / 0.9)
    expect(asked.length).toBeLessThanOrEqual(1 + 10 / 0.7)
  })

  it('waits for a slow leader and takes what it brings', async () => {
    const { services, asked, clock, behave } = fleet(20)
    behave(async (_context, count) => {
      await clock.sleep(8_000)
      return { accessToken: `slow-${count}`, expiresIn: 3_600 }
    })
    const all = Promise.all(services.map(({ tokens }) => textOf(tokens)))
    await clock.advance(10_000)
    expect([new Set(await all), asked.length]).toEqual([new Set(['slow-1']), 1])
  })

  it('loses no more than a lease to a leader who vanishes', async () => {
    const { services, asked, clock, behave } = fleet(8)
    behave((_context, count) => (count === 1 ? new Promise(() => {}) : { accessToken: `t${count}`, expiresIn: 3_600 }))
    const [leader, ...others] = services
    leader?.tokens.get().catch(() => {})
    await clock.advance(0)
    leader?.kill()
    const all = Promise.all(others.map(({ tokens }) => textOf(tokens)))
    await clock.advance(11_000)
    expect(new Set(await all).size).toBe(1)
    expect(asked).toHaveLength(2)
  })

  it('shares one failure while nobody has a token, and one of them tries for all', async () => {
    const { services, asked, clock, behave } = fleet(20)
    behave(() => Promise.reject(new TypeError('fetch failed')))
    const ends = await Promise.all(services.map(({ tokens }) => tokens.get().catch((error) => error)))
    expect(ends.every((end) => end instanceof Error)).toBe(true)
    expect(asked).toHaveLength(1)
    await clock.advance(6_000)
    behave((_context, count) => ({ accessToken: `t${count}`, expiresIn: 3_600 }))
    expect(new Set(await Promise.all(services.map(({ tokens }) => textOf(tokens)))).size).toBe(1)
    expect(asked).toHaveLength(2)
  })

  it('probes a provider that is down with one of them, and serves its tokens meanwhile', async () => {
    const { services, asked, clock, behave } = fleet(50)
    await Promise.all(services.map(({ tokens }) => tokens.get()))
    await clock.advance(0.69 * hourMs)
    behave(() => Promise.reject(new TypeError('fetch failed')))
    for (let second = 0; second < 600; second += 10) {
      await clock.advance(10_000)
      for (const { tokens } of services) expect(await textOf(tokens)).toBe('token-1')
    }
    // Alone, each of the fifty would have tried about five times.
    expect(asked.length - 1).toBeLessThanOrEqual(12)
    behave((_context, count) => ({ accessToken: `t${count}`, expiresIn: 3_600 }))
    const failed = asked.length
    await clock.advance(0.25 * hourMs)
    expect(new Set(services.map(({ tokens }) => tokens.peek()?.accessToken)).size).toBe(1)
    expect(asked.length - failed).toBeLessThanOrEqual(2)
  })

  it('that was refused the token renews it once, however many were refused', async () => {
    const { services, asked, clock } = fleet(20)
    const tokens = await Promise.all(services.map(({ tokens }) => tokens.get()))
    await clock.advance(hourMs / 3)
    services.forEach(({ tokens: one }, index) => {
      one.rejected(tokens[index] as (typeof tokens)[0])
    })
    expect(new Set(await Promise.all(services.map(({ tokens }) => textOf(tokens))))).toEqual(new Set(['token-2']))
    expect(asked).toHaveLength(2)
  })

  it('agrees on lifetimes though the calendars of its machines do not agree', async () => {
    const { place, asked, fetchToken, clock, random } = fleet(0)
    const machine = (aheadMs: number) => {
      const off = { ...clock, wallNow: () => clock.wallNow() + aheadMs }
      const coordination = memoryCoordination({ place, runtime: { clock: off, random } })
      return createTokenSource({ fetchToken, coordination, runtime: { clock: off, random } })
    }
    const [early, late] = [machine(-7_200_000), machine(7_200_000)]
    await early.get()
    await clock.advance(1_000_000)
    expect(await textOf(late)).toBe('token-1')
    expect((await late.get()).expiresAt).toBe(clock.wallNow() + 7_200_000 + 2_600_000)
    expect(asked).toHaveLength(1)
  })

  it('lets each find out for itself what is final', async () => {
    const { services, behave } = fleet(2)
    const wrong = new TokenError('refused', { error: 'invalid_client', status: 401 })
    const [one, other] = services.map(({ tokens }) => tokens) as [TokenSource, TokenSource]
    behave(() => Promise.reject(wrong))
    await expect(one.get()).rejects.toMatchObject({ final: true })
    behave(() => ({ accessToken: 'right', expiresIn: 3_600 }))
    expect(await textOf(other)).toBe('right')
  })
})

describe('a store in trouble', () => {
  it('that cannot be asked leaves each to its own moment, and no caller ever notices', async () => {
    const { services, asked, clock } = fleet(50)
    await Promise.all(services.map(({ tokens }) => tokens.get()))
    for (const { fail } of services) fail(new Error('ECONNREFUSED'))
    const perSecond = new Map<number, number>()
    let before = asked.length
    for (let second = 0; second < 3_600; second++) {
      await clock.advance(1_000)
      perSecond.set(second, asked.length - before)
      before = asked.length
      if (second % 60 === 0) for (const { tokens } of services) expect(await textOf(tokens)).toMatch(/^token-/)
    }
    expect(asked.length).toBe(51)
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(4)
    for (const { fail } of services) fail(undefined)
    await clock.advance(hourMs)
    // Together again: of fifty tokens one is left, and the one before it with those whose moment has not come.
    await clock.advance(hourMs)
    expect(new Set(services.map(({ tokens }) => tokens.peek()?.accessToken)).size).toBeLessThanOrEqual(2)
  })

  it.each([
    ['is no JSON', '<html>'],
    ['is of another version', '{"v":2,"wroteAt":1,"value":{"accessToken":"evil","tokenType":"Bearer"}}'],
    ['has a life of text', '{"v":1,"wroteAt":1,"lifetimeMs":"9","value":{"accessToken":"evil","tokenType":"Bearer"}}'],
    ['has a negative age', '{"v":1,"wroteAt":1,"ageMs":-9e9,"value":{"accessToken":"evil","tokenType":"Bearer"}}'],
    ['holds what no header takes', '{"v":1,"wroteAt":1,"value":{"accessToken":"evil\\r\\n","tokenType":"Bearer"}}'],
    ['holds nothing', '{"v":1,"wroteAt":1,"value":null}'],
    ['is null', 'null'],
  ])('whose record %s is not believed', async (_what, value) => {
    const { services, clock, random, place } = fleet(1)
    const writer = memoryCoordination({ place, runtime: { clock, random } })
    await writer.commit('token', { value, expected: undefined, expiresInMs: Infinity })
    expect(await textOf(services[0]?.tokens as TokenSource)).toBe('token-1')
  })

  it('that hangs in its answers to a leader fails nobody', async () => {
    const at = world(0.5)
    const inner = memoryCoordination({ runtime: at })
    const mute: Coordination = { ...inner, commit: () => Promise.reject(new Error('OOM command not allowed')) }
    const fetchToken = async (_context: FetchTokenContext): Promise<FetchedToken> => ({
      accessToken: 'a',
      expiresIn: 60,
    })
    const tokens = createTokenSource({ fetchToken, coordination: mute, runtime: at })
    expect(await textOf(tokens)).toBe('a')
    expect(await inner.tryLead('token')).toBeDefined()
  })
})

describe('eight processes with a token of 4 s and leases of 1 s, for five minutes', () => {
  async function run(killEvery: number): Promise<{ calls: number; failures: number; kills: number }> {
    const { services, open, behave, clock, asked } = fleet(8, { leaseMs: 1_000, seed: 3 })
    let kills = 0
    behave(async (_context, count) => {
      await clock.sleep(20)
      return { accessToken: `t${count}`, expiresIn: 4 }
    })
    let failures = 0
    for (let ms = 0; ms < 300_000; ms += 10) {
      const before = asked.length
      for (const { tokens } of services) {
        if (tokens.peek() === undefined || ms % 1_000 === 0) tokens.get().catch(() => failures++)
      }
      await clock.advance(10)
      if (killEvery === 0 || asked.length === before || asked.length % killEvery !== 0) continue
      // Who asks has the lease; it dies with its request on the way, and a new process takes its place.
      const dying = services.findIndex(({ asks }) => asks())
      kills++
      services[dying]?.kill()
      services[dying] = open()
    }
    return { calls: asked.length, failures, kills }
  }

  it('make at most 112 calls', async () => {
    const { calls, failures } = await run(0)
    if (process.env.BREAKWATER_FIGURES) console.log(`${calls} calls`)
    expect(failures).toBe(0)
    expect(calls).toBeGreaterThan(80)
    expect(calls).toBeLessThanOrEqual(112)
  })

  it('make at most 145 calls where the leader is killed in every third cycle', async () => {
    const { calls, failures, kills } = await run(3)
    if (process.env.BREAKWATER_FIGURES) console.log(`${calls} calls, ${kills} kills`)
    expect(failures).toBe(0)
    expect(kills).toBeGreaterThan(25)
    expect(calls).toBeLessThanOrEqual(145)
  })
})
