import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/index.ts'
import { createTokenSource, type TokenFetch } from '../../src/refresh/index.ts'
import { world } from '../support/world.ts'

/** A client with a base URL, whose token comes from where `ask` asks. */
function make(ask: (fetch: TokenFetch) => Promise<Response>) {
  const { clock, random } = world(0.5)
  const seen: [url: string, authorization: string | null][] = []
  const send = async (input: RequestInfo | URL, init?: RequestInit) => {
    seen.push([String(input), new Headers(init?.headers).get('authorization')])
    return Response.json({ access_token: 'a', expires_in: 60 })
  }
  const token = createTokenSource({
    fetchToken: async ({ fetch }) => {
      const { access_token, expires_in } = await (await ask(fetch)).json()
      return { accessToken: access_token, expiresIn: expires_in }
    },
    runtime: { clock, random },
  })
  const client = createClient({
    baseUrl: 'https://api.test/v1/',
    token,
    fetch: send as typeof fetch,
    runtime: { clock, random },
  })
  return { client, seen }
}

describe('the fetch that a client with a base URL lends', () => {
  it.each<[given: string, asked: string]>([
    ['https://id.test/token', 'https://id.test/token'],
    ['/token', 'https://api.test/token'],
    ['token', 'https://api.test/v1/token'],
  ])('asks %s', async (given, asked) => {
    const { client, seen } = make((fetch) => fetch(given, { method: 'POST' }))
    expect((await client.fetch('orders')).status).toBe(200)
    expect(seen).toEqual([
      [asked, null],
      ['https://api.test/v1/orders', 'Bearer a'],
    ])
  })

  it('lets no text without a scheme lead away', async () => {
    const { client, seen } = make((fetch) => fetch('//id.test/token', { method: 'POST' }))
    await expect(client.fetch('orders')).rejects.toMatchObject({ code: 'options' })
    expect(seen).toEqual([])
  })

  it('and the token goes to no other port', async () => {
    const { client, seen } = make((fetch) => fetch('https://id.test/token'))
    await client.fetch(new URL('https://api.test:8443/v1/orders'))
    expect(seen).toEqual([['https://api.test:8443/v1/orders', null]])
  })
})
