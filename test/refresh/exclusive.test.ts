import { describe, expect, it } from 'vitest'
import { MemoryPlace, memoryCoordination } from '../../src/coordination/memory.ts'
import { describeGrant } from '../../src/refresh/grant.ts'
import type { FetchedToken, FetchTokenContext } from '../../src/refresh/token.ts'
import { TokenError } from '../../src/refresh/token-error.ts'
import { createTokenSource } from '../../src/refresh/token-source.ts'
import { world } from '../support/world.ts'
import { failing } from './provider.ts'

/** Tabs of one profile, over a provider that rotates. */
function profile() {
  const at = world(0.5)
  const place = new MemoryPlace()
  const presented: string[] = []
  let behave: (context: FetchTokenContext, count: number) => FetchedToken | Promise<FetchedToken> = (
    _context,
    count,
  ) => ({
    accessToken: `a${count}`,
    expiresIn: 3_600,
    refreshToken: `r${count}`,
  })
  const open = (seed = 'r0', reuseLeewayMs = 0) => {
    const { coordination, fail } = failing(memoryCoordination({ place, runtime: at }))
    const fetchToken = describeGrant(
      async (context: FetchTokenContext) => {
        presented.push(context.previous?.refreshToken ?? seed)
        return behave(context, presented.length)
      },
      { mode: 'exclusive', key: 'token', seed },
    )
    return { tokens: createTokenSource({ fetchToken, coordination, reuseLeewayMs, runtime: at }), fail }
  }
  return {
    ...at,
    place,
    presented,
    open,
    behave: (next: typeof behave) => {
      behave = next
    },
  }
}

describe('a rotating refresh token', () => {
  it('is presented by one tab, and the others take what it got', async () => {
    const { open, presented, clock } = profile()
    const tabs = Array.from({ length: 5 }, () => open())
    const first = Promise.all(tabs.map(({ tokens }) => tokens.get()))
    await clock.advance(1_000)
    expect(new Set((await first).map(({ accessToken }) => accessToken))).toEqual(new Set(['a1']))
    await clock.advance(3_000_000)
    const second = Promise.all(tabs.map(({ tokens }) => tokens.get()))
    await clock.advance(1_000)
    expect(new Set((await second).map(({ accessToken }) => accessToken))).toEqual(new Set(['a2']))
    expect(presented).toEqual(['r0', 'r1'])
  })

  it('is not presented where the others cannot be asked; the token serves to its end', async () => {
    const { open, presented, clock } = profile()
    const { tokens, fail } = open()
    await tokens.get()
    fail(new Error('ECONNREFUSED'))
    await clock.advance(3_500_000)
    expect((await tokens.get()).accessToken).toBe('a1')
    await clock.advance(200_000)
    await expect(tokens.get()).rejects.toMatchObject({ reason: 'coordination', final: false })
    expect(presented).toEqual(['r0'])
    fail(undefined)
    await clock.advance(10_000)
    expect((await tokens.get()).accessToken).toBe('a2')
  })

  it('whose outcome could not be kept blocks the others no longer than until it can be', async () => {
    const { open, presented, clock, behave } = profile()
    const [one, other] = [open(), open()]
    behave((_context, count) => {
      one.fail(new Error('down'))
      return { accessToken: `a${count}`, expiresIn: 3_600, refreshToken: `r${count}` }
    })
    expect((await one.tokens.get()).accessToken).toBe('a1')
    await clock.advance(20_000)
    await expect(Promise.race([other.tokens.get(), clock.advance(40_000)])).rejects.toMatchObject({
      reason: 'unknown-outcome',
    })
    one.fail(undefined)
    await clock.advance(120_000)
    expect((await other.tokens.get()).accessToken).toBe('a1')
    expect(presented).toEqual(['r0'])
  })

  it('that is on its way when its source is closed still brings its outcome to the others', async () => {
    const { open, presented, clock, behave } = profile()
    behave(async (_context, count) => {
      await clock.sleep(1_000)
      return { accessToken: `a${count}`, expiresIn: 3_600, refreshToken: `r${count}` }
    })
    const one = open()
    one.tokens.get().catch(() => {})
    await clock.advance(500)
    const closed = one.tokens.close()
    await clock.advance(500)
    await closed
    expect((await open().tokens.get()).accessToken).toBe('a1')
    expect(presented).toEqual(['r0'])
  })

  it('of a process that starts again with an old one is known as spent', async () => {
    const { open, presented, clock } = profile()
    const { tokens } = open()
    await tokens.get()
    await clock.advance(3_000_000)
    await tokens.get()
    await clock.advance(4_000_000)
    for (const seed of ['r0', 'r1', 'r2']) expect((await open(seed).tokens.get()).accessToken).toMatch(/^a/)
    expect(new Set(presented).size).toBe(presented.length)
  })

  it('of a new sign-in takes the place of the old one, whose tabs are told and get nothing of it', async () => {
    const { open, presented, clock, told } = profile()
    const old = open('r0')
    await old.tokens.get()
    const fresh = open('other-0')
    expect((await fresh.tokens.get()).accessToken).toBe('a2')
    await clock.advance(3_700_000)
    await expect(old.tokens.get()).rejects.toMatchObject({ reason: 'replaced', final: true })
    expect(told('token.ended').length).toBeGreaterThan(0)
    expect(presented.slice(0, 2)).toEqual(['r0', 'other-0'])
    expect(presented.filter((one) => one === 'r0' || one === 'r1')).toEqual(['r0'])
  })

  it('is not presented after the store has forgotten what it knew', async () => {
    const { open, presented, clock, place } = profile()
    const { tokens } = open()
    await tokens.get()
    place.values.clear()
    await clock.advance(3_700_000)
    await expect(tokens.get()).rejects.toMatchObject({ reason: 'coordination' })
    expect(presented).toEqual(['r0'])
  })

  it('that ended is not tried by those who come later either', async () => {
    const { open, presented, behave } = profile()
    behave(() => Promise.reject(new TokenError('refused', { error: 'invalid_grant', status: 400 })))
    await expect(open().tokens.get()).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(open().tokens.get()).rejects.toMatchObject({ error: 'invalid_grant', final: true })
    expect(presented).toEqual(['r0'])
  })

  it('is presented again within the leeway that the provider gives, and not after it', async () => {
    const { open, presented, behave, clock } = profile()
    behave((_context, count) =>
      count < 3 ? Promise.reject(new TypeError('lost')) : { accessToken: 'a', expiresIn: 60, refreshToken: 'r1' },
    )
    const { tokens } = open('r0', 10_000)
    for (let index = 0; index < 3; index++) {
      await tokens.get().catch(() => {})
      await clock.advance(3_000)
    }
    expect([presented, tokens.peek()?.accessToken]).toEqual([['r0', 'r0', 'r0'], 'a'])
  })
})
