import { describe, expect, it } from 'vitest'
import { type BreakwaterEvent, createClient, OptionsError, type Runtime } from '../src/index.ts'
import { clientCredentials, createTokenSource, type FetchToken } from '../src/refresh/index.ts'
import type { Refusal } from '../src/socket/transport.ts'
import { answeredDials } from './support/answered-dials.ts'
import { world } from './support/world.ts'

/** A client whose dials a test answers by hand. */
function make(given: Parameters<typeof createClient>[0] = {}) {
  const around = world()
  const { dials, transport } = answeredDials()
  const { clock, random } = around
  const told: BreakwaterEvent[] = []
  const onEvent = (event: BreakwaterEvent) => told.push(event)
  const client = createClient({ runtime: { clock, random }, onEvent, ...given })
  const socket = (url = 'wss://api.test/feed') => client.socket(url, [], { transport })
  return { client, clock, dials, socket, told, transport }
}

const refused = (status: number, headers: Record<string, string> = {}) => {
  const refusal: Refusal = { status, header: (name) => headers[name] }
  return [1006, '', false, { failed: true, refusal }] as const
}

const answering = (status: number, headers: Record<string, string> = {}) => ({
  fetch: async () => new Response('x', { status, headers }),
  retry: false as const,
})

describe("a client's socket", () => {
  it('opens, is heard, and is part of the health', async () => {
    const { client, clock, dials, socket, told } = make()
    const opened: unknown[] = []
    socket().addEventListener('open', ({ attempt }) => opened.push(attempt))
    await clock.advance(0)
    dials[0]?.listener.opened()
    expect(opened).toEqual([1])
    const upstream = 'api.test:443'
    expect(told).toContainEqual({ type: 'socket.opened', attempt: 1, recovered: false, upstream })
    const health = client.health()
    expect(health).toMatchObject({ sockets: [{ state: 'open', upstream }] })
    expect(JSON.parse(JSON.stringify(health))).toEqual(health)
  })

  it('waits at the gate that an answer to a request has shut', async () => {
    const { client, clock, dials, socket } = make(answering(429, { 'retry-after': '20' }))
    await client.fetch('https://api.test/orders')
    socket()
    await clock.advance(19_999)
    expect(dials).toHaveLength(0)
    await clock.advance(5_000)
    expect(dials).toHaveLength(1)
  })

  it('shuts that gate with a refused upgrade', async () => {
    const { client, clock, dials, socket } = make(answering(200))
    socket()
    await clock.advance(0)
    dials[0]?.listener.closed(...refused(503, { 'retry-after': '20' }))
    await clock.advance(1)
    expect(client.health().upstreams['api.test:443']?.gate.shutForMs).toBeGreaterThan(19_000)
    const before = clock.now()
    const answer = client.fetch('https://api.test/orders')
    await clock.advance(30_000)
    expect((await answer).status).toBe(200)
    expect(clock.now() - before).toBeGreaterThanOrEqual(19_999)
  })

  it('waits while the circuit of the requests is open, and dials when it may', async () => {
    const { client, clock, dials, socket, told } = make()
    const hold = client.isolate('api.test:443')
    socket()
    await clock.advance(120_000)
    expect(dials).toHaveLength(0)
    // It was never tried, so nothing was lost.
    expect(told.filter(({ type }) => type === 'socket.closed')).toEqual([])
    hold[Symbol.dispose]()
    await clock.advance(10_000)
    expect(dials).toHaveLength(1)
  })

  it('never closes the API: dials that fail are held against dials alone', async () => {
    const { client, clock, dials, socket } = make({ ...answering(200), pushback: false })
    for (let i = 0; i < 40; i++) socket()
    for (let answered = 0, round = 0; round < 40; round++) {
      await clock.advance(1_000)
      for (; answered < dials.length; answered++) dials[answered]?.listener.closed(1006, '', false, { failed: true })
    }
    expect(dials.length).toBeGreaterThan(40)
    expect(client.health().upstreams['api.test:443']?.circuit).toBe('closed')
    expect((await client.fetch('https://api.test/orders')).status).toBe(200)
    // A circuit of their own: 40 sockets with windows of 5 s and more would have made hundreds of dials.
    const before = dials.length
    for (let round = 0, answered = before; round < 10; round++) {
      await clock.advance(1_000)
      for (; answered < dials.length; answered++) dials[answered]?.listener.closed(1006, '', false, { failed: true })
    }
    expect(dials.length - before).toBeLessThan(20)
  })

  it('opens the circuit of the requests with upgrades that are refused for overload', async () => {
    const { client, clock, dials, socket } = make({ pushback: false })
    for (let i = 0; i < 12; i++) socket()
    await clock.advance(0)
    for (const { listener } of dials) listener.closed(...refused(503))
    await clock.advance(0)
    expect(client.health().upstreams['api.test:443']?.circuit).toBe('open')
  })

  it('is closed with its client, and one that is opened later at once', async () => {
    const { client, clock, dials, socket } = make()
    const first = socket()
    await clock.advance(0)
    dials[0]?.listener.opened()
    const closed = client.close()
    await clock.advance(0)
    await closed
    expect(first.readyState).toBe(3)
    expect(client.health().sockets).toEqual([])
    const late = socket()
    await clock.advance(0)
    expect([late.readyState, dials.length]).toEqual([3, 1])
  })

  it.each([
    ['/feed', 'wss://api.test/feed'],
    ['feed?x=1', 'wss://api.test/v1/feed?x=1'],
    ['wss://api.test/feed', 'wss://api.test/feed'],
  ])('reads %s relative to the base', async (given, expected) => {
    const { clock, dials, socket } = make({ baseUrl: 'https://api.test/v1/' })
    socket(given)
    await clock.advance(0)
    expect(dials[0]?.request.url).toBe(expected)
  })

  it('does not let a text lead away from the base', () => {
    const { socket } = make({ baseUrl: 'https://api.test/v1/' })
    expect(() => socket('//evil.test/feed')).toThrow(OptionsError)
    expect(() => socket('wss://evil.test/feed')).toThrow(OptionsError)
  })

  it('takes upstreamOf for its key', async () => {
    const { client, clock, dials, socket } = make({ upstreamOf: ({ hostname }) => `service-of-${hostname}` })
    socket()
    await clock.advance(0)
    expect(dials).toHaveLength(1)
    expect(client.health().sockets[0]?.upstream).toBe('service-of-api.test')
  })

  it('does not take what only a client can give', () => {
    const { client } = make()
    const given = { upstreamOf: () => ({}) } as never
    expect(() => client.socket('wss://api.test/', [], given)).toThrow(OptionsError)
  })

  describe('with a token', () => {
    const source = (runtime: Partial<Runtime>, fetchToken?: FetchToken) => {
      let issued = 0
      const next: FetchToken = async () => ({ accessToken: `t${++issued}`, expiresIn: 3_600 })
      return createTokenSource({ fetchToken: fetchToken ?? next, runtime })
    }

    it('carries it, and after a 401 another one, renewed once for all', async () => {
      const { clock, random } = world()
      const token = source({ clock, random })
      const { dials, socket } = make({ token, runtime: { clock, random } })
      socket()
      socket()
      await clock.advance(0)
      expect(dials.map(({ request }) => request.headers.authorization)).toEqual(['Bearer t1', 'Bearer t1'])
      for (const { listener } of dials) listener.closed(...refused(401))
      await clock.advance(5_000)
      expect(dials.slice(2).map(({ request }) => request.headers.authorization)).toEqual(['Bearer t2', 'Bearer t2'])
    })

    it.each([
      ['wss://api.test/feed', 'Bearer t1'],
      [new URL('wss://elsewhere.test/feed'), undefined],
      [async () => new URL('wss://elsewhere.test/feed'), undefined],
      [async () => 'feed', 'Bearer t1'],
    ])('keeps it at the origin of the base URL: %s', async (url, expected) => {
      const { clock, random } = world()
      const { client, dials, transport } = make({
        baseUrl: 'https://api.test/',
        token: source({ clock, random }),
        runtime: { clock, random },
      })
      client.socket(url, [], { transport })
      await clock.advance(0)
      expect(dials.map(({ request }) => request.headers.authorization)).toEqual([expected])
    })

    it('dials again where there is none for now, and ends where there will never be one', async () => {
      const { clock, random } = world()
      const answers = [503, 503, 400]
      const fetchToken = clientCredentials({ tokenUrl: 'https://id.test/', clientId: 'a', clientSecret: 'b' })
      const token = source({ clock, random }, fetchToken)
      const fetch = async () => {
        const status = answers.shift() ?? 400
        return Response.json(status === 400 ? { error: 'invalid_client' } : {}, { status })
      }
      const { dials, socket, told } = make({ token, fetch, retry: false, runtime: { clock, random } })
      const opened = socket()
      await clock.advance(600_000)
      expect([dials.length, opened.readyState]).toEqual([0, 3])
      const closed = told.flatMap((event) => (event.type === 'socket.closed' ? [event] : []))
      expect(closed.length).toBeGreaterThan(1)
      expect(closed.map(({ willReconnect }) => willReconnect)).toEqual(closed.map((_, at) => at < closed.length - 1))
    })
  })
})
