import { expect, it } from 'vitest'
import { createClient } from '../../src/index.ts'
import { createTokenSource } from '../../src/refresh/index.ts'
import { provider } from '../refresh/provider.ts'
import { world } from '../support/world.ts'

it('a 401 to a body that is still on its way goes to the caller at once, and the token is renewed for the next', async () => {
  const { clock, random } = world(0.5)
  const idp = provider()
  const token = createTokenSource({ fetchToken: idp.fetchToken, runtime: { clock, random } })
  const send = async (_input: unknown, init?: RequestInit) => {
    const old = new Headers(init?.headers).get('authorization') === 'Bearer token-1'
    return new Response(old ? 'expired' : 'ok', { status: old ? 401 : 200 })
  }
  const client = createClient({ token, fetch: send as typeof fetch, runtime: { clock, random } })
  // Its owner goes on writing for as long as the server takes it.
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(new Uint8Array(10)) })
  const call = client.fetch('https://api.test/', { method: 'POST', body, duplex: 'half' } as RequestInit)
  call.catch(() => {})
  await clock.advance(1_000)
  const response = await Promise.race([call, 'still waiting'])
  expect(response).toMatchObject({ status: 401 })
  expect((await client.fetch('https://api.test/')).status).toBe(200)
  expect(idp.asked).toHaveLength(2)
})

it('clients with tokens of their own share no flight; one client does', async () => {
  const { clock, random } = world(0.5)
  const seen: (string | null)[] = []
  const send = async (_input: unknown, init?: RequestInit) => {
    const authorization = new Headers(init?.headers).get('authorization')
    seen.push(authorization)
    await clock.sleep(100)
    return new Response(authorization)
  }
  const [one, other] = ['one', 'other'].map((name) => {
    const fetchToken = async () => ({ accessToken: name, expiresIn: 60 })
    const token = createTokenSource({ fetchToken, runtime: { clock, random } })
    return createClient({ token, singleFlight: true, fetch: send as typeof fetch, runtime: { clock, random } })
  }) as [ReturnType<typeof createClient>, ReturnType<typeof createClient>]
  const calls = Promise.all(
    [one, one, other, other].map(async (client) => (await client.fetch('https://api.test/')).text()),
  )
  await clock.advance(1_000)
  expect(await calls).toEqual(['Bearer one', 'Bearer one', 'Bearer other', 'Bearer other'])
  expect(seen).toEqual(['Bearer one', 'Bearer other'])
})
