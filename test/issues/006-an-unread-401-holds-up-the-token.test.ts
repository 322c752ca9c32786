import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/index.ts'
import { clientCredentials, createTokenSource } from '../../src/refresh/index.ts'
import { world } from '../support/world.ts'

const origin = 'https://one.test'
const limit = { adaptive: false, initial: 2, max: 2, until: 'body' } as const

/** A client whose API and provider are one server, with room for two calls at a time until their bodies are read. */
function make(refuse: (token: string | null) => BodyInit | undefined) {
  const { clock, random } = world(0.5)
  const grant = { tokenUrl: `${origin}/token`, clientId: 'app', clientSecret: 's' }
  const token = createTokenSource({ fetchToken: clientCredentials(grant), runtime: { clock, random } })
  const figures = { issued: 0, refuseTokens: false, cancelled: 0 }
  const send = async (input: RequestInfo | URL, init?: RequestInit) => {
    if (String(input) === `${origin}/token`) {
      if (figures.refuseTokens) return Response.json({ error: 'invalid_grant' }, { status: 400 })
      return Response.json({ access_token: `token-${++figures.issued}`, expires_in: 3_600 })
    }
    const body = refuse(new Headers(init?.headers).get('authorization'))
    return body === undefined ? new Response('ok') : new Response(body, { status: 401 })
  }
  const client = createClient({ token, limit, fetch: send as typeof fetch, runtime: { clock, random } })
  return { clock, client, token, figures }
}

describe('a 401 that nobody has read', () => {
  it('holds no place that the renewal of the token needs', async () => {
    const { clock, client, token } = make((sent) => (sent === 'Bearer token-1' ? 'expired' : undefined))
    await token.get()
    await clock.advance(1_000_000)
    const from = clock.now()
    const calls = Array.from({ length: 8 }, async (_, index) => (await client.fetch(`${origin}/${index}`)).text())
    const all = Promise.all(calls)
    all.catch(() => {})
    await clock.advance(1_000)
    expect(await Promise.race([all, 'still waiting'])).toEqual(Array.from({ length: 8 }, () => 'ok'))
    expect(clock.now() - from).toBe(1_000)
  })

  it.each([10, 1_000_000])('goes to the caller whole where there is no other token: %d bytes', async (bytes) => {
    const { clock, client, token, figures } = make(() => 'x'.repeat(bytes))
    await token.get()
    await clock.advance(1_000_000)
    figures.refuseTokens = true
    const call = client.fetch(`${origin}/a`)
    await clock.advance(1_000)
    const response = await call
    expect([response.status, (await response.text()).length]).toEqual([401, bytes])
  })

  it('is let go of where its end does not come', async () => {
    let cancelled = 0
    const endless = () =>
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: () => void cancelled++,
      })
    const { clock, client, token } = make((sent) => (sent === 'Bearer token-1' ? endless() : undefined))
    await token.get()
    await clock.advance(1_000_000)
    const call = client.fetch(`${origin}/a`)
    await clock.advance(1_000)
    expect((await call).status).toBe(200)
    expect(cancelled).toBe(1)
  })
})

describe('one server that is API and provider', () => {
  it.each(['is down', 'says when to come back'])(
    '%s while the token ends, and is well served again afterwards',
    async (what) => {
      const { clock, random } = world()
      const grant = { tokenUrl: `${origin}/token`, clientId: 'app', clientSecret: 's' }
      const token = createTokenSource({ fetchToken: clientCredentials(grant), runtime: { clock, random } })
      let isDown = false
      let issued = 0
      const send = async (input: RequestInfo | URL, init?: RequestInit) => {
        await clock.sleep(10, init?.signal ?? undefined)
        if (isDown && what === 'is down') throw new TypeError('fetch failed')
        if (isDown) return new Response(null, { status: 429, headers: { 'retry-after': '10' } })
        if (String(input) === `${origin}/token`) {
          return Response.json({ access_token: `token-${++issued}`, expires_in: 20 })
        }
        return new Response('ok')
      }
      const client = createClient({ token, fetch: send as typeof fetch, runtime: { clock, random } })
      /** How many of a hundred calls are served within a second. */
      const served = async () => {
        let count = 0
        for (let call = 0; call < 100; call++) {
          const done = ({ ok }: Response) => {
            if (ok) count++
          }
          client.fetch(`${origin}/a`).then(done, () => {})
        }
        await clock.advance(1_000)
        return count
      }
      expect(await served()).toBe(100)
      isDown = true
      for (let second = 0; second < 60; second++) await served()
      expect(token.peek()).toBeUndefined()
      isDown = false
      const before = issued
      let seconds = 0
      while ((await served()) < 100) seconds++
      // The circuit lets somebody try after 15 s at most, the gate after 12, and a failure is shared for 5.
      expect(seconds).toBeLessThan(20)
      expect(issued - before).toBe(1)
    },
  )
})
