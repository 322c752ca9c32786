import { afterEach, describe, expect, it, vi } from 'vitest'
import { OptionsError } from '../../src/core/options.ts'
import { clientCredentials, createTokenSource, refreshToken, type TokenError } from '../../src/refresh/index.ts'
import type { FetchToken } from '../../src/refresh/token.ts'
import { world } from '../support/world.ts'

const tokenUrl = 'https://id.test/token'
const client = { tokenUrl, clientId: 'app', clientSecret: 'sesame' }

afterEach(() => void vi.restoreAllMocks())

interface Sent {
  readonly url: string
  readonly form: Record<string, string>
  readonly headers: Headers
  readonly redirect: string
}

/** A provider behind the platform's `fetch` that answers in this order. */
function answers(...responses: (Response | Error | (() => Promise<Response>))[]): Sent[] {
  const sent: Sent[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    const form = Object.fromEntries(new URLSearchParams(await request.text()))
    sent.push({ url: request.url, form, headers: request.headers, redirect: request.redirect })
    const next = responses[Math.min(sent.length, responses.length) - 1]
    if (next instanceof Error) throw next
    if (typeof next === 'function') return next()
    return (next as Response).clone()
  })
  return sent
}

const grant = (more: object = {}) =>
  Response.json({ access_token: 'a', token_type: 'bearer', expires_in: 3_600, ...more })

function source(fetchToken: FetchToken) {
  const at = world(0.5)
  return { ...at, tokens: createTokenSource({ fetchToken, runtime: at }) }
}

describe('client credentials', () => {
  it('are asked for as RFC 6749 has it, with Basic', async () => {
    const sent = answers(grant())
    const odd = {
      ...client,
      clientId: 'a:b c',
      clientSecret: 'ü+%',
      scope: 'read write',
      parameters: { audience: 'x' },
    }
    const { tokens, clock } = source(clientCredentials(odd))
    expect(await tokens.get()).toEqual({
      accessToken: 'a',
      tokenType: 'Bearer',
      expiresAt: clock.wallNow() + 3_600_000,
    })
    expect(sent).toHaveLength(1)
    expect(sent[0]?.form).toEqual({ grant_type: 'client_credentials', scope: 'read write', audience: 'x' })
    expect(atob(sent[0]?.headers.get('authorization')?.slice(6) ?? '')).toBe('a%3Ab+c:%C3%BC%2B%25')
    expect(sent[0]?.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(sent[0]?.redirect).toBe('manual')
  })

  it('can be told in the body', async () => {
    const sent = answers(grant())
    await source(clientCredentials({ ...client, auth: 'body' })).tokens.get()
    expect(sent[0]?.form).toEqual({ grant_type: 'client_credentials', client_id: 'app', client_secret: 'sesame' })
    expect(sent[0]?.headers.has('authorization')).toBe(false)
  })

  it('are asked for again where that can help, with the jittered waits of every call', async () => {
    const sent = answers(new Response(null, { status: 503 }), new TypeError('fetch failed'), grant())
    const { tokens, clock } = source(clientCredentials(client))
    const asked = tokens.get()
    await clock.advance(2_000)
    expect((await asked).accessToken).toBe('a')
    expect(sent).toHaveLength(3)
  })

  it('are not asked for before the provider wants it', async () => {
    const sent = answers(new Response(null, { status: 429, headers: { 'retry-after': '7' } }), grant())
    const { tokens, clock } = source(clientCredentials(client))
    const asked = tokens.get()
    await clock.advance(6_999)
    expect(sent).toHaveLength(1)
    await clock.advance(4_000)
    expect((await asked).accessToken).toBe('a')
  })

  it('go through the fetch that they are given', async () => {
    const sent = answers(grant())
    const own = vi.fn(async () => grant({ access_token: 'own' }))
    const { tokens } = source(clientCredentials({ ...client, fetch: own }))
    expect([(await tokens.get()).accessToken, sent.length, own.mock.calls.length]).toEqual(['own', 0, 1])
  })
})

describe('answers', () => {
  it.each<[what: string, response: () => Response, error: Partial<TokenError>]>([
    [
      'an error',
      () => Response.json({ error: 'invalid_client' }, { status: 401 }),
      { error: 'invalid_client', final: true },
    ],
    ['an error with a 200', () => Response.json({ error: 'invalid_scope' }), { error: 'invalid_scope', final: true }],
    [
      'an error of its own',
      () => Response.json({ error: 'E_BOB' }, { status: 400 }),
      { reason: 'refused', status: 400, final: false },
    ],
    [
      'a page',
      () => new Response('<html>sesame</html>', { headers: { 'content-type': 'text/html' } }),
      { reason: 'invalid' },
    ],
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'http://evil.test' } }),
      { reason: 'refused', status: 302 },
    ],
    ['nothing', () => new Response(''), { reason: 'invalid' }],
    ['a list', () => Response.json([]), { reason: 'invalid' }],
    ['no token', () => Response.json({ expires_in: 5 }), { reason: 'invalid' }],
    ['a token that is a number', () => Response.json({ access_token: 5 }), { reason: 'invalid' }],
    ['a life of words', () => grant({ expires_in: 'soon' }), { reason: 'invalid' }],
    ['no end of it', () => new Response(`{"access_token":"${'a'.repeat(300_000)}"}`), { reason: 'invalid' }],
  ])('%s is a failure', async (_what, response, error) => {
    answers(response())
    const { tokens } = source(clientCredentials(client))
    const thrown = await tokens.get().catch((one) => one)
    expect(thrown).toMatchObject({ code: 'token', ...error })
    expect(JSON.stringify([thrown, String(thrown)])).not.toMatch(/sesame|BOB|evil/)
  })

  it.each([
    ['3600', 3_600_000],
    [7_200, 7_200_000],
    [null, Infinity],
    [undefined, Infinity],
  ])('a life of %s is understood', async (expires_in, lifetimeMs) => {
    answers(grant({ expires_in }))
    const { tokens, clock } = source(clientCredentials(client))
    expect((await tokens.get()).expiresAt).toBe(clock.wallNow() + lifetimeMs)
  })

  it('an unhappy one tells when to come back', async () => {
    answers(new Response(null, { status: 403, headers: { 'retry-after': '90' } }))
    const { tokens, clock, told } = source(clientCredentials(client))
    await expect(tokens.get()).rejects.toMatchObject({ retryAfterMs: 90_000, status: 403 })
    await clock.advance(90_000)
    await expect(tokens.get()).rejects.toMatchObject({ status: 403 })
    expect(globalThis.fetch).toHaveBeenCalledTimes(1)
    expect(told('token.failed')).toHaveLength(1)
  })
})

describe('a refresh token', () => {
  const session = { tokenUrl, clientId: 'app', refreshToken: 'r0' }

  it('rotates: each renewal presents the one that the last gave', async () => {
    const sent = answers(grant({ refresh_token: 'r1' }), grant({ access_token: 'b', refresh_token: 'r2' }), grant())
    const { tokens, clock } = source(refreshToken(session))
    expect(await tokens.get()).toMatchObject({ accessToken: 'a', refreshToken: 'r1' })
    await clock.advance(3_000_000)
    expect(await tokens.get()).toMatchObject({ accessToken: 'b', refreshToken: 'r2' })
    await clock.advance(3_000_000)
    expect(sent.map(({ form }) => form.refresh_token)).toEqual(['r0', 'r1', 'r2'])
    expect(sent[0]?.form).toEqual({ grant_type: 'refresh_token', refresh_token: 'r0', client_id: 'app' })
    // No other one was given, so this one stays.
    expect((await tokens.get()).refreshToken).toBe('r2')
  })

  it.each<[what: string, outcome: Response | Error]>([
    ['a network error', new TypeError('fetch failed')],
    ['a 500', new Response(null, { status: 500 })],
    ['a 503', new Response(null, { status: 503 })],
    ['a page', new Response('<html>')],
  ])('after %s is not presented again', async (_what, outcome) => {
    const sent = answers(outcome)
    const { tokens, clock } = source(refreshToken(session))
    for (let index = 0; index < 5; index++) {
      await expect(tokens.get()).rejects.toMatchObject({ reason: 'unknown-outcome' })
      await clock.advance(400_000)
    }
    expect(sent).toHaveLength(1)
  })

  it.each<[what: string, outcome: () => Response]>([
    ['a 429', () => new Response(null, { status: 429 })],
    ['a 400 that says why', () => Response.json({ error: 'invalid_request' }, { status: 400 })],
  ])('after %s, which used nothing up, is presented again', async (_what, outcome) => {
    const sent = answers(outcome(), grant({ refresh_token: 'r1' }))
    const { tokens, clock } = source(refreshToken(session))
    await expect(tokens.get()).rejects.toMatchObject({ reason: 'refused' })
    await clock.advance(60_000)
    const asked = tokens.get()
    await clock.advance(60_000)
    expect((await asked).refreshToken).toBe('r1')
    expect(sent.map(({ form }) => form.refresh_token)).toEqual(['r0', 'r0'])
  })

  it('that is refused for good ends the session, once', async () => {
    const sent = answers(Response.json({ error: 'invalid_grant' }, { status: 400 }))
    const { tokens, clock, told } = source(refreshToken(session))
    for (let index = 0; index < 3; index++) {
      await expect(tokens.get()).rejects.toMatchObject({ error: 'invalid_grant', final: true })
      await clock.advance(3_600_000)
    }
    expect([sent.length, told('token.ended').length]).toEqual([1, 1])
  })

  it('counts though its answer comes after its callers were told that it failed', async () => {
    let answer: ((response: Response) => void) | undefined
    const sent = answers(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    const patient: FetchToken = refreshToken({ ...session, fetch: (input, init) => globalThis.fetch(input, init) })
    const { tokens, clock } = source(patient)
    const asked = tokens.get()
    asked.catch(() => {})
    await clock.advance(30_000)
    await expect(asked).rejects.toMatchObject({ code: 'deadline' })
    answer?.(grant({ refresh_token: 'r1' }))
    await clock.advance(0)
    expect(tokens.peek()).toMatchObject({ accessToken: 'a', refreshToken: 'r1' })
    expect(sent).toHaveLength(1)
  })
})

it.each<[options: object, option: string]>([
  [{ ...client, tokenUrl: '/token' }, 'clientCredentials.tokenUrl'],
  [{ ...client, tokenUrl: 'https://u:p@id.test/' }, 'clientCredentials.tokenUrl'],
  [{ ...client, clientSecret: undefined }, 'clientCredentials.clientSecret'],
  [{ ...client, clientId: '' }, 'clientCredentials.clientId'],
  [{ ...client, auth: 'query' }, 'clientCredentials.auth'],
])('refuses %j', (options, option) => {
  expect(() => clientCredentials(options as never)).toThrow(OptionsError)
  expect(() => clientCredentials(options as never)).toThrow(option)
})
