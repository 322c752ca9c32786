import { describe, expect, it } from 'vitest'
import { attemptsOf, createClient } from '../../src/index.ts'
import { clientCredentials, createTokenSource, type FetchToken, TokenError } from '../../src/refresh/index.ts'
import { provider } from '../refresh/provider.ts'
import { world } from '../support/world.ts'

const api = 'https://api.test/'
const health = 'api.test:443'

describe('a provider that does not answer in time', () => {
  it('is no timeout of the API: nothing is tried again, and nothing paid for', async () => {
    const { clock, random } = world(0.5)
    const token = createTokenSource({
      fetchToken: () => new Promise(() => {}),
      timeoutMs: 6_000,
      runtime: { clock, random },
    })
    const client = createClient({ token, fetch: async () => new Response('ok'), runtime: { clock, random } })
    const call = client.fetch(api).catch((error) => error)
    await clock.advance(6_100)
    const error = await Promise.race([call, undefined])
    expect(error).toBeInstanceOf(TokenError)
    expect(error).toMatchObject({ reason: 'failed', upstream: health, cause: { code: 'deadline' } })
    expect(client.health().upstreams[health]).toMatchObject({ circuit: 'closed', budget: { tokens: 3 } })
    expect(clock.pending).toBe(0)
  })

  it("nor where it is asked through the client's own layers", async () => {
    const { clock, random } = world(0.5)
    const grant = { tokenUrl: 'https://id.test/token', clientId: 'app', clientSecret: 's' }
    const token = createTokenSource({ fetchToken: clientCredentials(grant), runtime: { clock, random } })
    const send: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
    const client = createClient({ token, fetch: send, retry: false, runtime: { clock, random } })
    const call = client.fetch(api).catch((error) => error)
    await clock.advance(20_000)
    expect(await call).toMatchObject({ code: 'token', reason: 'failed', cause: { code: 'deadline' } })
    expect(client.health().upstreams[health]).toMatchObject({ circuit: 'closed', budget: { tokens: 3 } })
  })

  it('does not use up the time of an attempt', async () => {
    const { clock, random } = world(0.5)
    const fetchToken: FetchToken = async () => {
      await clock.sleep(5_000)
      return { accessToken: 'a', expiresIn: 3_600 }
    }
    const token = createTokenSource({ fetchToken, runtime: { clock, random } })
    const send = async () => {
      await clock.sleep(900)
      return new Response('ok')
    }
    const client = createClient({ token, fetch: send, attemptMs: 1_000, runtime: { clock, random } })
    const call = client.fetch(api)
    await clock.advance(5_900)
    expect((await call).status).toBe(200)
    expect(client.health().upstreams[health]?.p50Ms).toBeLessThan(1_000)
  })

  it('has the time that the source gives it, whatever haste the client is in', async () => {
    const { clock, random } = world(0.5)
    const grant = { tokenUrl: 'https://id.test/token', clientId: 'app', clientSecret: 's' }
    const token = createTokenSource({ fetchToken: clientCredentials(grant), runtime: { clock, random } })
    let asked = 0
    const send = async (input: RequestInfo | URL, init?: RequestInit) => {
      if (!String(input).startsWith('https://id.test')) return new Response('ok')
      asked++
      await clock.sleep(1_000, init?.signal ?? undefined)
      return Response.json({ access_token: 'a', expires_in: 3_600 })
    }
    const haste = { attemptMs: 200, deadlineMs: 500 }
    const client = createClient({ ...haste, token, fetch: send as typeof fetch, runtime: { clock, random } })
    const early = client.fetch(api).catch((error) => error)
    await clock.advance(1_000)
    expect(await early).toMatchObject({ code: 'deadline', scope: 'call' })
    expect((await client.fetch(api)).status).toBe(200)
    expect(asked).toBe(1)
  })

  it('hedges nothing, and teaches the hedger nothing', async () => {
    const { clock, random } = world(0.5)
    const idp = provider()
    const token = createTokenSource({ fetchToken: idp.fetchToken, runtime: { clock, random } })
    let sent = 0
    const send = async () => {
      sent++
      await clock.sleep(10)
      return new Response('ok')
    }
    const told: string[] = []
    const onEvent = ({ type }: { type: string }) => void told.push(type)
    const client = createClient({ token, fetch: send, hedge: true, runtime: { clock, random }, onEvent })
    for (let call = 0; call < 60; call++) {
      const answer = client.fetch(api)
      await clock.advance(10)
      await answer
    }
    await clock.advance(8_000_000)
    sent = 0
    idp.behave(async () => {
      await clock.sleep(1_000)
      return { accessToken: 'b', expiresIn: 3_600 }
    })
    const calls = Promise.all(Array.from({ length: 20 }, () => client.fetch(api)))
    await clock.advance(1_100)
    await calls
    expect(sent).toBe(20)
    expect(told.filter((type) => type.startsWith('hedge.'))).toEqual([])
  })
})

describe('attemptsOf a failure that many calls share', () => {
  it('is about the very call', async () => {
    const { clock, random } = world(0.5)
    const idp = provider()
    const token = createTokenSource({ fetchToken: idp.fetchToken, runtime: { clock, random } })
    const fetch = async () => new Response(null, { status: 503 })
    const client = createClient({ token, fetch, runtime: { clock, random } })
    idp.behave(() => ({ accessToken: 'a', expiresIn: 0.2 }))
    const first = client.fetch(api).catch((error) => error)
    await clock.advance(0)
    idp.behave(() => Promise.reject(new TokenError('refused', { status: 500, retryAfterMs: 2_000 })))
    await clock.advance(1_000)
    const second = client.fetch(api).catch((error) => error)
    await clock.advance(1_000)
    const errors = [await first, await second]
    expect(errors.map((error) => attemptsOf(error).length)).toEqual([1, 0])
    for (const error of errors) {
      expect(error).toMatchObject({
        reason: 'refused',
        status: 500,
        retryAfterMs: 2_000,
        upstream: health,
        final: false,
      })
    }
  })
})
