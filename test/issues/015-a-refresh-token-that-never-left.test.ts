import { describe, expect, it } from 'vitest'
import { createTokenSource, refreshToken } from '../../src/refresh/index.ts'
import { startRecorder } from '../support/recorder.ts'
import { world } from '../support/world.ts'

/** What the platform's own `fetch` throws for a server that is gone, and for one that does not exist. */
async function thrownBy(what: 'no server' | 'no name'): Promise<unknown> {
  const gone = await startRecorder()
  await gone.close()
  const url = what === 'no server' ? gone.origin : 'http://nobody.invalid/'
  return fetch(url).catch((error) => error)
}

/** A session whose first request meets this error. */
function make(error: unknown) {
  const at = world(0.5)
  const presented: (string | null)[] = []
  const send = async (_input: unknown, init?: RequestInit) => {
    presented.push(new URLSearchParams(String(init?.body)).get('refresh_token'))
    if (presented.length === 1) throw error
    return Response.json({ access_token: 'a', expires_in: 3_600, refresh_token: 'next' })
  }
  const grant = { tokenUrl: 'https://id.test/token', clientId: 'app', refreshToken: 'seed', fetch: send }
  return { ...at, presented, tokens: createTokenSource({ fetchToken: refreshToken(grant), runtime: at }) }
}

describe('a refresh token', () => {
  it.each(['no server', 'no name'] as const)('is not lost where no connection came to be: %s', async (what) => {
    const { tokens, clock, presented } = make(await thrownBy(what))
    await expect(tokens.get()).rejects.toMatchObject({ reason: 'failed', final: false })
    await clock.advance(5_000)
    expect((await tokens.get()).accessToken).toBe('a')
    expect(presented).toEqual(['seed', 'seed'])
  })

  it('is not presented again where the connection may have carried it', async () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
    const several = (...errors: Error[]) => Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' })
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' })
    for (const cause of [reset, undefined, several(refused, reset), several()]) {
      const { tokens, clock, presented } = make(new TypeError('fetch failed', { cause }))
      await expect(tokens.get()).rejects.toMatchObject({ reason: 'unknown-outcome' })
      await clock.advance(60_000)
      await expect(tokens.get()).rejects.toMatchObject({ reason: 'unknown-outcome' })
      expect(presented).toEqual(['seed'])
    }
  })
})
