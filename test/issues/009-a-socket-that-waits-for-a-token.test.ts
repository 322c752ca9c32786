import { describe, expect, it } from 'vitest'
import { type ClientOptions, createClient } from '../../src/index.ts'
import { createTokenSource } from '../../src/refresh/index.ts'
import { ReliableSocket } from '../../src/socket/index.ts'
import { provider } from '../refresh/provider.ts'
import { answeredDials } from '../support/answered-dials.ts'
import { world } from '../support/world.ts'

const feed = 'wss://api.test/feed'

function make(options: ClientOptions = {}) {
  const { clock, random } = world()
  const idp = provider()
  const token = createTokenSource({ fetchToken: idp.fetchToken, runtime: { clock, random } })
  const { dials, transport } = answeredDials()
  const client = createClient({ token, fetch: async () => new Response('ok'), runtime: { clock, random }, ...options })
  const authorizations = () => dials.map(({ request }) => request.headers.authorization)
  return { client, clock, random, dials, token, transport, authorizations, ...idp }
}

describe('a provider that gives no token', () => {
  it('says nothing of the server: when there is one again, all dial', async () => {
    const { client, clock, dials, behave, transport } = make()
    behave(() => Promise.reject(new Error('down')))
    for (let i = 0; i < 30; i++) client.socket(feed, [], { transport, maxWindowMs: 1_000 })
    await clock.advance(60_000)
    expect(dials).toHaveLength(0)
    behave(() => ({ accessToken: 'a', expiresIn: 3_600 }))
    // The failure is shared for 5 s at most, and each socket comes back within its window of 1 s.
    await clock.advance(6_500)
    expect(dials).toHaveLength(30)
  })

  it('in time neither', async () => {
    const { client, clock, dials, behave, transport, token } = make()
    behave(() => new Promise(() => {}))
    const plain = { ...token, get: () => new Promise<never>(() => {}) }
    for (let i = 0; i < 30; i++) {
      client.socket(feed, [], { transport, token: plain, patienceMs: 1_000, maxPatienceMs: 1_000, maxWindowMs: 1_000 })
    }
    await clock.advance(60_000)
    expect(dials).toHaveLength(0)
    behave(() => ({ accessToken: 'a', expiresIn: 3_600 }))
    const one = { ...token, get: async () => ({ accessToken: 'x', tokenType: 'Bearer', expiresAt: Infinity }) }
    client.socket(feed, [], { transport, token: one })
    await clock.advance(100)
    expect(dials).toHaveLength(1)
  })

  it('any more ends the sockets that need one', async () => {
    const { client, clock, dials, transport, token } = make()
    await token.close()
    const socket = client.socket(feed, [], { transport })
    const ends: boolean[] = []
    socket.addEventListener('close', ({ willReconnect }) => ends.push(willReconnect))
    await clock.advance(60_000)
    expect([socket.readyState, ends, dials.length]).toEqual([3, [false], 0])
    expect(clock.pending).toBe(0)
  })
})

describe('a dial that carries no token', () => {
  it('to another origin does not wait for one', async () => {
    const { client, clock, behave, asked, authorizations, transport } = make({ baseUrl: 'https://api.test/' })
    behave(() => new Promise(() => {}))
    const told: unknown[] = []
    const tell = ({ token }: { readonly token: string | undefined }) => {
      told.push(token)
      return []
    }
    client.socket(new URL('wss://elsewhere.test/'), tell, { transport })
    await clock.advance(0)
    expect([authorizations(), told, asked.length]).toEqual([[undefined], [undefined], 0])
  })

  it.each(['authorization', 'Authorization'])('because it has its own %s', async (name) => {
    const { client, clock, dials, asked, transport } = make()
    client.socket(feed, [], { transport, headers: { [name]: 'Basic own' } })
    await clock.advance(0)
    expect(dials.map(({ request }) => request.headers)).toEqual([{ [name]: 'Basic own' }])
    expect(asked).toHaveLength(0)
  })
})

it('a socket of its own, without a client, has the token as well, and another one after a 4401', async () => {
  const { clock, random, dials, token, transport, authorizations, asked } = make()
  const socket = new ReliableSocket(feed, [], { token, transport, heartbeat: false, runtime: { clock, random } })
  await clock.advance(0)
  dials[0]?.listener.opened()
  await clock.advance(1_000_000)
  dials[0]?.listener.closed(4401, '', true, { failed: false })
  await clock.advance(10_000)
  expect(authorizations()).toEqual(['Bearer token-1', 'Bearer token-2'])
  expect(asked).toHaveLength(2)
  socket.close()
})

it('a thousand 401s and a thousand 4401s at once renew once', async () => {
  const valid = { token: 'Bearer token-1' }
  let sent = 0
  const fetch = async (_input: unknown, init?: RequestInit) => {
    sent++
    const ok = new Headers(init?.headers).get('authorization') === valid.token
    return new Response(null, { status: ok ? 200 : 401 })
  }
  const { client, clock, dials, transport, asked, authorizations } = make({ fetch: fetch as never })
  for (let i = 0; i < 1_000; i++) client.socket(feed, [], { transport, heartbeat: false, firstWindowMs: 1_000 })
  for (let opened = 0; opened < 1_000; ) {
    await clock.advance(10)
    for (; opened < dials.length; opened++) dials[opened]?.listener.opened()
  }
  await clock.advance(1_000_000)
  valid.token = 'Bearer token-2'
  const calls = Promise.all(Array.from({ length: 1_000 }, () => client.fetch('https://api.test/a')))
  for (const { listener } of dials.splice(0)) listener.closed(4401, '', true, { failed: false })
  await clock.advance(100)
  expect((await calls).every(({ status }) => status === 200)).toBe(true)
  expect(sent).toBe(2_000)
  for (let opened = 0; opened < 1_000; ) {
    await clock.advance(100)
    for (; opened < dials.length; opened++) dials[opened]?.listener.opened()
  }
  expect(new Set(authorizations())).toEqual(new Set(['Bearer token-2']))
  expect(asked).toHaveLength(2)
})
