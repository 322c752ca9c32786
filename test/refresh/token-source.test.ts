import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { settled } from '../../src/core/clock.ts'
import { ClosedError } from '../../src/core/closed-error.ts'
import { OptionsError } from '../../src/core/options.ts'
import { refreshToken } from '../../src/refresh/oauth.ts'
import type { FetchedToken } from '../../src/refresh/token.ts'
import { TokenError } from '../../src/refresh/token-error.ts'
import { createTokenSource } from '../../src/refresh/token-source.ts'
import { hourMs, source } from './provider.ts'

const unhandled = vi.fn()
beforeEach(() => void process.on('unhandledRejection', unhandled))
afterEach(async () => {
  await settled()
  process.off('unhandledRejection', unhandled)
  vi.restoreAllMocks()
  expect(unhandled).not.toHaveBeenCalled()
})

describe('a token', () => {
  it('is fetched once for all who ask first', async () => {
    const { tokens, asked, clock } = source()
    const all = await Promise.all(Array.from({ length: 10 }, () => tokens.get()))
    expect(new Set(all).size).toBe(1)
    expect(all[0]).toEqual({ accessToken: 'token-1', tokenType: 'Bearer', expiresAt: clock.wallNow() + hourMs })
    expect(Object.isFrozen(all[0])).toBe(true)
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ reason: 'first' })
    expect(asked[0]).not.toHaveProperty('previous')
  })

  it('is renewed before it ends, and told to who listens', async () => {
    const { tokens, get, asked, clock } = source()
    const heard: string[] = []
    const stop = tokens.onChange(({ accessToken }) => heard.push(accessToken))
    await get()
    await clock.advance(0.8 * hourMs)
    expect(await get()).toBe('token-2')
    expect(asked[1]).toMatchObject({ reason: 'renewal', previous: { accessToken: 'token-1' } })
    stop()
    await clock.advance(0.8 * hourMs)
    expect(await get()).toBe('token-3')
    expect(heard).toEqual(['token-1', 'token-2'])
  })

  it('is renewed when the provider says', async () => {
    const { get, asked, clock, behave } = source()
    behave(() => ({ accessToken: 'a', expiresIn: 3_600, refreshIn: 600 }))
    await get()
    await clock.advance(600_000 + 359_000)
    expect(asked).toHaveLength(1)
    await clock.advance(2_000)
    expect(asked).toHaveLength(2)
  })

  it('is renewed at the phase of its instance', async () => {
    const { get, asked, clock } = source({ phase: 0 })
    await get()
    await clock.advance(0.7 * hourMs)
    expect(asked).toHaveLength(2)
  })

  it('counts its life from before it was asked for', async () => {
    const { tokens, clock, behave } = source()
    const startedAt = clock.wallNow()
    behave(async () => {
      await clock.sleep(9_000)
      return { accessToken: 'slow', expiresIn: 10 }
    })
    const asked = tokens.get()
    await clock.advance(9_000)
    expect((await asked).expiresAt).toBe(startedAt + 10_000)
    await clock.advance(999)
    expect(tokens.peek()?.accessToken).toBe('slow')
    await clock.advance(1)
    expect(tokens.peek()).toBeUndefined()
  })

  it('serves until its end through an outage of the provider, and after it the failure is told', async () => {
    const { tokens, get, clock, behave, asked, told } = source({ keepFresh: true })
    await get()
    await clock.advance(0.79 * hourMs)
    behave(() => Promise.reject(new TypeError('fetch failed')))
    for (let second = 0.79 * 3_600; second < 3_599; second += 10) {
      expect(await get()).toBe('token-1')
      await clock.advance(10_000)
    }
    const inOutage = asked.length - 1
    expect(inOutage).toBeGreaterThanOrEqual(3)
    expect(inOutage).toBeLessThanOrEqual(12)
    await clock.advance(20_000)
    await expect(tokens.get()).rejects.toThrow('fetch failed')
    expect(told('token.failed')[0]).toEqual({
      type: 'token.failed',
      reason: 'renewal',
      retryInMs: expect.any(Number),
      error: 'TypeError',
    })
    behave(() => ({ accessToken: 'back', expiresIn: 3_600 }))
    await clock.advance(5_000)
    expect(await get()).toBe('back')
  })
})

describe('what a provider answers', () => {
  const secret = 'sesame-open'
  it.each<[what: string, answer: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a page', '<html>'],
    ['an empty token', { accessToken: '' }],
    ['a number', { accessToken: 5, expiresIn: 5 }],
    ['a line break', { accessToken: `${secret}\r\nx: y`, expiresIn: 5 }],
    ['a space', { accessToken: `${secret} b`, expiresIn: 5 }],
    ['letters that no header takes', { accessToken: `${secret}é`, expiresIn: 5 }],
    ['a strange type', { accessToken: secret, tokenType: 'Bearer x', expiresIn: 5 }],
    ['no life', { accessToken: secret, expiresIn: 0 }],
    ['a negative life', { accessToken: secret, expiresIn: -1 }],
    ['a life that is no number', { accessToken: secret, expiresIn: Number.NaN }],
    ['a life of text', { accessToken: secret, expiresIn: '3600' }],
    ['a thousand years', { accessToken: secret, expiresIn: 3e10 }],
    ['an end in the past', { accessToken: secret, expiresAt: 1_600_000_000_000 }],
    ['an end that is no date', { accessToken: secret, expiresAt: '2030' }],
    ['an empty refresh token', { accessToken: secret, expiresIn: 5, refreshToken: '' }],
  ])('is a failure if it is %s', async (_what, answer) => {
    const { tokens, behave, events } = source()
    behave(() => answer as FetchedToken)
    const error = await tokens.get().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TokenError)
    expect(error).toMatchObject({ reason: 'invalid', final: false })
    expect(JSON.stringify([error, events, String(error), error.stack])).not.toContain(secret)
  })

  it('is looked at by who wants to', async () => {
    const { tokens, behave } = source({ validate: async ({ accessToken }) => accessToken !== 'wrong' })
    behave(() => ({ accessToken: 'wrong', expiresIn: 5 }))
    await expect(tokens.get()).rejects.toMatchObject({ reason: 'invalid' })
  })

  it('has an end by its own claims, or none', async () => {
    const { tokens, behave, clock } = source()
    const claims = (iat: number, exp: number) => btoa(JSON.stringify({ iat, exp })).replaceAll('=', '')
    const now = clock.wallNow() / 1_000
    // The clock here is two hours behind; the token says when it was made.
    behave(() => ({ accessToken: `x.${claims(now + 7_200, now + 7_800)}.y` }))
    expect((await tokens.get()).expiresAt).toBe(clock.wallNow() + 600_000)
    behave(() => ({ accessToken: 'opaque' }))
    tokens.rejected(await tokens.get())
    expect((await tokens.get()).expiresAt).toBe(Infinity)
  })

  it('has an end by the clock of the provider, however wrong ours is', async () => {
    const wrongByMs = -2 * hourMs
    vi.spyOn(globalThis, 'fetch').mockImplementation(
      async () => new Response('', { headers: { date: new Date(1_700_000_000_000 - wrongByMs).toUTCString() } }),
    )
    const { tokens, behave } = source()
    behave(async ({ fetch }) => {
      await fetch('https://id.test/')
      return { accessToken: 'a', expiresAt: 1_700_000_000_000 - wrongByMs + 600_000 }
    })
    expect(Math.abs((await tokens.get()).expiresAt - 1_700_000_600_000)).toBeLessThan(1_000)
  })
})

describe('a refused token', () => {
  it('is renewed once by a burst of refusals; a late one renews nothing', async () => {
    const { tokens, get, asked, clock } = source()
    const old = await tokens.get()
    await clock.advance(hourMs / 2)
    for (let index = 0; index < 1_000; index++) tokens.rejected(old)
    expect(tokens.peek()).toBeUndefined()
    expect(new Set(await Promise.all(Array.from({ length: 1_000 }, get)))).toEqual(new Set(['token-2']))
    for (let index = 0; index < 1_000; index++) tokens.rejected(old)
    expect([await get(), asked.length]).toEqual(['token-2', 2])
    expect(asked[1]).toMatchObject({ reason: 'rejected', previous: { accessToken: 'token-1' } })
  })

  it('right after its issue is renewed at most three times a minute, and less and less', async () => {
    const { tokens, asked, clock, told } = source()
    const times: number[] = []
    for (let second = 0; second < 1_200; second++) {
      const before = asked.length
      tokens.rejected(await tokens.get())
      await tokens.get()
      if (asked.length > before && second > 0) times.push(second)
      await clock.advance(1_000)
    }
    for (const at of times) expect(times.filter((one) => one >= at && one < at + 60).length).toBeLessThanOrEqual(3)
    expect(times.length).toBeLessThan(12)
    expect(told('token.rejected').filter((event) => !(event as unknown as { renews: boolean }).renews)).not.toEqual([])
  })

  it('that the provider gives again is used again, and not asked for without end', async () => {
    const { tokens, asked, behave, clock } = source()
    behave(() => ({ accessToken: 'same', expiresIn: 3_600 }))
    for (let second = 0; second < 60; second++) {
      tokens.rejected(await tokens.get())
      await clock.advance(1_000)
    }
    expect(asked.length).toBeLessThanOrEqual(4)
  })

  it('of a copy, as one that came from elsewhere, is known as the current one', async () => {
    const { tokens, get } = source()
    tokens.rejected({ ...(await tokens.get()) })
    expect(await get()).toBe('token-2')
  })
})

describe('the last word of the provider', () => {
  it('stops all renewals for good, once, with an event; a token that is good serves to its end', async () => {
    const { tokens, get, asked, behave, clock, told } = source({ keepFresh: true })
    await get()
    behave(() => Promise.reject(new TokenError('refused', { error: 'invalid_grant', status: 400 })))
    await clock.advance(0.8 * hourMs)
    expect(await get()).toBe('token-1')
    await clock.advance(hourMs)
    for (let index = 0; index < 10; index++) {
      await expect(tokens.get()).rejects.toMatchObject({ code: 'token', error: 'invalid_grant', final: true })
      await clock.advance(hourMs)
    }
    expect(asked).toHaveLength(2)
    expect(told('token.ended')).toEqual([
      { type: 'token.ended', error: 'TokenError', why: 'refused', word: 'invalid_grant' },
    ])
  })

  it('does not repeat what is no word of the standard', () => {
    const error = new TokenError('refused', { error: 'user bob@example.com is locked', status: 400 })
    expect(JSON.stringify([error, String(error)])).not.toContain('bob')
    expect(error.final).toBe(false)
  })
})

describe('those who listen', () => {
  it('change nothing by throwing', async () => {
    const report = vi.spyOn(console, 'error').mockReturnValue()
    const { tokens, get } = source()
    tokens.onChange(() => {
      throw new Error('listener')
    })
    const heard = vi.fn()
    tokens.onChange(heard)
    expect(await get()).toBe('token-1')
    expect(heard).toHaveBeenCalledOnce()
    expect(report).toHaveBeenCalledOnce()
  })
})

describe('close', () => {
  it('ends waits and renewals, and waits for what runs', async () => {
    const { tokens, behave, clock, asked } = source()
    behave(({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))))
    const waiting = tokens.get()
    const closed = tokens.close()
    await expect(waiting).rejects.toBeInstanceOf(ClosedError)
    await closed
    await expect(tokens.get()).rejects.toBeInstanceOf(ClosedError)
    await tokens.close()
    expect([clock.pending, asked.length]).toEqual([0, 1])
  })

  it('does not wait for ever for a function that ignores its signal', async () => {
    const { tokens, behave, clock } = source()
    behave(() => new Promise(() => {}))
    tokens.get().catch(() => {})
    const closed = tokens.close()
    await clock.advance(30_000)
    await closed
    expect(clock.pending).toBe(0)
  })
})

it.each<[options: object, option: string]>([
  [{}, 'token.fetchToken'],
  [{ fetchToken: 5 }, 'token.fetchToken'],
  [{ fetchToken: async () => {}, window: [0.9, 0.7] }, 'token.window'],
  [{ fetchToken: async () => {}, window: [0.9] }, 'token.window'],
  [{ fetchToken: async () => {}, mode: 'fast' }, 'token.mode'],
  [{ fetchToken: async () => {}, coordination: {} }, 'token.coordination'],
  [{ fetchToken: async () => {}, phase: 2 }, 'token.phase'],
  [{ fetchToken: async () => {}, secret: 1 }, "no option 'secret'"],
])('refuses %j', (options, option) => {
  expect(() => createTokenSource(options as never)).toThrow(OptionsError)
  expect(() => createTokenSource(options as never)).toThrow(option)
})

it('is exclusive with refreshToken: a request of unknown outcome is not made again, not even alone', async () => {
  let sent = 0
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
    sent++
    throw new TypeError('fetch failed')
  })
  const fetchToken = refreshToken({ tokenUrl: 'https://id.test/token', clientId: 'app', refreshToken: 'r0' })
  const { tokens, clock } = source({ fetchToken })
  for (let index = 0; index < 5; index++) {
    await expect(tokens.get()).rejects.toMatchObject({ reason: 'unknown-outcome', final: false })
    await clock.advance(60_000)
  }
  expect(sent).toBe(1)
})
