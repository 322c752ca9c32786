import { describe, expect, it } from 'vitest'
import { attemptsOf, type ClientOptions, createClient } from '../../src/index.ts'
import { clientCredentials } from '../../src/refresh/oauth.ts'
import type { TokenSource } from '../../src/refresh/token.ts'
import { TokenError } from '../../src/refresh/token-error.ts'
import { createTokenSource } from '../../src/refresh/token-source.ts'
import { provider } from '../refresh/provider.ts'
import { world } from '../support/world.ts'

const api = 'https://api.test'

type Answer = (request: Request, count: number) => Response | Promise<Response>

/** A client with a token source, over an API that takes only the newest token, and one that counts. */
function make(options: ClientOptions = {}, answer?: Answer) {
  const at = world(0.5)
  const idp = provider()
  const seen: { authorization: string | null; url: string; body: string; method: string }[] = []
  const valid = { token: 'token-1' }
  const usual: Answer = ({ headers }) =>
    headers.get('authorization') === `Bearer ${valid.token}` ? new Response('ok') : new Response(null, { status: 401 })
  const send = async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init)
    const { url, method, headers } = request
    seen.push({ authorization: headers.get('authorization'), url, method, body: await request.clone().text() })
    return (answer ?? usual)(request, seen.length)
  }
  const { clock, random, emit } = at
  const token = createTokenSource({ fetchToken: idp.fetchToken, runtime: { clock, random } })
  const runtime = { clock, random, emit }
  const client = createClient({ fetch: send as typeof fetch, token, runtime, ...options })
  return { ...at, ...idp, client, token, seen, valid }
}

describe('a call', () => {
  it('carries the token', async () => {
    const { client, seen, asked } = make()
    const responses = await Promise.all(Array.from({ length: 20 }, () => client.fetch(`${api}/a`)))
    expect(responses.every((response) => response.ok)).toBe(true)
    expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer token-1']))
    expect(asked).toHaveLength(1)
    expect(await client.http.get(`${api}/b`).text()).toBe('ok')
  })

  it('that brings its own keeps it, and a refusal of that is its own affair', async () => {
    const { client, seen, asked } = make()
    const own = { headers: { authorization: 'Basic own' } }
    expect((await client.fetch(`${api}/a`, own)).status).toBe(401)
    expect((await client.fetch(new Request(`${api}/a`, own))).status).toBe(401)
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Basic own', 'Basic own'])
    expect(asked).toHaveLength(0)
  })

  it('to another origin than that of the client gets none', async () => {
    const { client, seen } = make({ baseUrl: `${api}/v1/` })
    await client.fetch('a')
    await client.fetch(new URL('https://other.test/'))
    await client.fetch(new URL('http://api.test/v1/a'))
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer token-1', null, null])
  })

  it('waits for the token no longer than its own patience, and takes nothing from others by leaving', async () => {
    const { client, behave, clock, asked } = make()
    let give: (() => void) | undefined
    behave(
      () =>
        new Promise((resolve) => {
          give = () => resolve({ accessToken: 'token-1', expiresIn: 3_600 })
        }),
    )
    const caller = new AbortController()
    const left = client.fetch(`${api}/a`, { signal: caller.signal })
    const late = client.fetch(`${api}/a`, { breakwater: { deadlineMs: 1_000 } })
    const patient = client.fetch(`${api}/a`)
    for (const one of [left, late]) one.catch(() => {})
    caller.abort(new Error('left'))
    await clock.advance(1_000)
    await expect(left).rejects.toThrow('left')
    await expect(late).rejects.toMatchObject({ code: 'deadline' })
    give?.()
    expect((await patient).status).toBe(200)
    expect(asked).toHaveLength(1)
  })

  it('without a token fails with an error that says so, is not sent, and is not held against the server', async () => {
    const { client, behave, seen } = make()
    behave(() => Promise.reject(new TypeError('fetch failed')))
    const error = await client.fetch(`${api}/a`).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TokenError)
    expect(error).toMatchObject({ code: 'token', reason: 'failed', upstream: 'api.test:443' })
    expect(seen).toHaveLength(0)
    expect(client.health().upstreams['api.test:443']).toMatchObject({ budget: { tokens: 3 }, circuit: 'closed' })
  })
})

describe('after a 401', () => {
  it('a thousand calls at once wait for one renewal, and each is sent once more', async () => {
    const { client, valid, seen, asked, clock, token } = make()
    await token.get()
    await clock.advance(1_000_000)
    valid.token = 'token-2'
    const responses = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        client.fetch(`${api}/${index}`, { method: 'POST', body: `${index}` }),
      ),
    )
    expect(responses.every((response) => response.status === 200)).toBe(true)
    expect(asked).toHaveLength(2)
    expect(seen).toHaveLength(2_000)
    for (let index = 0; index < 1_000; index++) {
      const own = seen.filter(({ url }) => url === `${api}/${index}`)
      expect(own.map(({ authorization, body }) => [authorization, body])).toEqual([
        ['Bearer token-1', `${index}`],
        ['Bearer token-2', `${index}`],
      ])
    }
  })

  it('that comes late, for a token that has been replaced, nothing is renewed', async () => {
    let release: (() => void) | undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { client, asked, clock, token } = make({}, async (request) => {
      const { pathname } = new URL(request.url)
      if (request.headers.get('authorization') === 'Bearer token-2') return new Response('ok')
      if (pathname === '/slow') await held
      return new Response(null, { status: 401 })
    })
    await token.get()
    await clock.advance(1_000_000)
    const slow = client.fetch(`${api}/slow`)
    expect((await client.fetch(`${api}/fast`)).status).toBe(200)
    release?.()
    expect((await slow).status).toBe(200)
    expect(asked).toHaveLength(2)
  })

  it('a second one goes to the caller, with its body', async () => {
    const { client, seen, asked, events } = make({}, (_request, count) => new Response(`no ${count}`, { status: 401 }))
    const response = await client.fetch(`${api}/a`)
    expect([response.status, await response.text()]).toEqual([401, 'no 2'])
    expect([seen.length, asked.length]).toEqual([2, 2])
    expect(attemptsOf(response).map(({ status }) => status)).toEqual([401, 401])
    expect(events).not.toContainEqual(expect.objectContaining({ type: 'retry.scheduled' }))
  })

  it('costs no budget, and a fault that no token mends does not hammer the provider', async () => {
    const { client, asked, clock, seen } = make({}, () => new Response(null, { status: 401 }))
    for (let second = 0; second < 60; second++) {
      await client.fetch(`${api}/a`)
      await clock.advance(1_000)
    }
    expect(asked.length).toBeLessThanOrEqual(4)
    expect(seen.length).toBeLessThanOrEqual(64)
    expect(client.health().upstreams['api.test:443']?.budget.tokens).toBeGreaterThanOrEqual(3)
  })

  it.each([
    [undefined, 2],
    ['Bearer', 2],
    ['Bearer realm="a", error="invalid_token", error_description="expired"', 2],
    ['Basic realm="a", Bearer realm="b"', 2],
    ['DPoP algs="ES256"', 2],
    ['Basic realm="bearer"', 1],
    ['Negotiate', 1],
    ['Bearer error="insufficient_scope", scope="write"', 1],
    ['Bearer error="invalid_request"', 1],
  ])('with the challenge %s the request is sent %s times', async (challenge, times) => {
    const headers: Record<string, string> = challenge ? { 'www-authenticate': challenge } : {}
    const { client, seen, asked } = make({}, () => new Response(null, { status: 401, headers }))
    await client.fetch(`${api}/a`)
    expect([seen.length, asked.length]).toEqual([times, times])
  })

  it('a call that must not be repeated is not, and the next one has a new token', async () => {
    const { client, valid, seen, clock, token } = make()
    await token.get()
    await clock.advance(1_000_000)
    valid.token = 'token-2'
    const response = await client.fetch(`${api}/a`, { method: 'POST', body: 'x', breakwater: { idempotent: false } })
    expect([response.status, seen.length]).toEqual([401, 1])
    expect((await client.fetch(`${api}/a`)).status).toBe(200)
  })

  it('a body that is too large to be kept is not sent again', async () => {
    const { client, seen } = make({ replayBytes: 10 }, () => new Response(null, { status: 401 }))
    expect((await client.fetch(`${api}/a`, { method: 'POST', body: 'x'.repeat(11) })).status).toBe(401)
    expect(seen).toHaveLength(1)
  })

  it.each<[what: string, init: () => RequestInit | Request]>([
    ['text', () => ({ method: 'POST', body: 'hello' })],
    ['bytes', () => ({ method: 'PUT', body: new TextEncoder().encode('hello') })],
    ['a stream', () => ({ method: 'POST', body: new Blob(['hello']).stream(), duplex: 'half' }) as RequestInit],
    ['a request', () => new Request(`${api}/a`, { method: 'POST', body: 'hello' })],
    ['text, without any retry', () => ({ method: 'POST', body: 'hello', breakwater: { retry: false } }) as RequestInit],
  ])('%s is sent again as it was', async (_what, init) => {
    const { client, valid, seen, clock, token } = make()
    await token.get()
    await clock.advance(1_000_000)
    valid.token = 'token-2'
    const given = init()
    const response = await (given instanceof Request ? client.fetch(given) : client.fetch(`${api}/a`, given))
    expect(response.status).toBe(200)
    expect(seen.map(({ body }) => body)).toEqual(['hello', 'hello'])
  })

  it('and a renewal that fails, the caller gets what the server said', async () => {
    const { client, behave, clock, token } = make({}, () => new Response('expired', { status: 401 }))
    await token.get()
    await clock.advance(1_000_000)
    behave(() => Promise.reject(new Error('down')))
    const response = await client.fetch(`${api}/a`)
    expect([response.status, await response.text()]).toEqual([401, 'expired'])
  })

  it('a caller who leaves during the renewal gets its reason', async () => {
    const { client, behave, clock, token } = make({}, () => new Response(null, { status: 401 }))
    await token.get()
    await clock.advance(1_000_000)
    behave(() => new Promise(() => {}))
    const caller = new AbortController()
    const called = client.fetch(`${api}/a`, { signal: caller.signal })
    called.catch(() => {})
    await clock.advance(0)
    caller.abort(new Error('left'))
    await expect(called).rejects.toThrow('left')
  })

  it('nothing that is told holds a token', async () => {
    const { client, events, behave } = make({}, () => new Response(null, { status: 401 }))
    behave((_context, count) => ({ accessToken: `sesame-${count}`, expiresIn: 3_600, refreshToken: 'sesame-r' }))
    const response = await client.fetch(`${api}/a`)
    const told = JSON.stringify([events, client.health(), attemptsOf(response)])
    expect(events.length).toBeGreaterThan(3)
    expect(told).not.toContain('sesame')
  })
})

describe('a client lends its own fetch', () => {
  const grant = { tokenUrl: 'https://id.test/token', clientId: 'app', clientSecret: 'sesame' }

  it('to the token source: with its layers and upstreams, without a token, and its listeners hear of it', async () => {
    const at = world(0.5)
    const seen: [url: string, authorization: string | null][] = []
    let refusals = 2
    const send = async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init)
      seen.push([request.url, request.headers.get('authorization')])
      if (!request.url.startsWith('https://id.test')) return new Response('ok')
      if (refusals-- > 0) return new Response(null, { status: 503 })
      return Response.json({ access_token: 'a', expires_in: 3_600 })
    }
    const { clock, random, emit } = at
    const token = createTokenSource({ fetchToken: clientCredentials(grant), runtime: { clock, random } })
    const runtime = { clock, random, emit }
    const client = createClient({ baseUrl: api, fetch: send as typeof fetch, token, runtime })
    const called = client.fetch('/a')
    await at.clock.advance(20_000)
    expect((await called).status).toBe(200)
    const basic = `Basic ${btoa('app:sesame')}`
    expect(seen).toEqual([
      ['https://id.test/token', basic],
      ['https://id.test/token', basic],
      ['https://id.test/token', basic],
      [`${api}/a`, 'Bearer a'],
    ])
    expect(Object.keys(client.health().upstreams)).toEqual(['api.test:443', 'id.test:443'])
    expect(at.told('token.refreshed')).toHaveLength(1)
    expect(JSON.stringify(at.events)).not.toContain('sesame')
  })

  it('until it is closed; the source goes on with its own', async () => {
    const { client, token, behave, clock } = make()
    const used: unknown[] = []
    behave(({ fetch }) => {
      used.push(fetch('https://id.test/').catch((error) => error.code))
      return { accessToken: 'a', expiresIn: 10 }
    })
    await client.fetch(`${api}/a`)
    await client.close()
    await clock.advance(20_000)
    await token.get()
    expect(await used[1]).not.toBe('closed')
  })

  it('and takes one that somebody else has written', async () => {
    const token = { accessToken: 'x', tokenType: 'Bearer', expiresAt: Infinity }
    const foreign: TokenSource = {
      get: async () => token,
      rejected: () => {},
      peek: () => token,
      onChange: () => () => {},
      close: async () => {},
    }
    const { client, seen } = make({ token: foreign })
    await client.fetch(`${api}/a`)
    expect(seen[0]?.authorization).toBe('Bearer x')
  })

  it('refuses what is no token source', () => {
    expect(() => createClient({ token: 'sesame' as never })).toThrow('options.token wants a token source')
  })
})
