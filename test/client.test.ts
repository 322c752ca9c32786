import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { type BreakwaterEvent, CircuitOpenError, type Client, createClient, OptionsError } from '../src/index.ts'
import { hang, make, ok, url } from './support/client.ts'

describe('on', () => {
  it('tells one type of event, or all of them', async () => {
    const { client } = make()
    const one: string[] = []
    const all: string[] = []
    client.on('attempt.succeeded', (event) => one.push(event.type))
    client.on('*', (event) => all.push(event.type))
    await client.fetch(url)
    expect(one).toEqual(['attempt.succeeded'])
    expect(all).toEqual(['attempt.started', 'attempt.succeeded', 'call.settled'])
  })

  it('tells nobody who has left, and the rest all the same', async () => {
    const { client } = make()
    const seen: string[] = []
    const listener = () => seen.push('twice')
    const stop = client.on('call.settled', listener)
    client.on('call.settled', listener)
    stop()
    stop()
    const leave = client.on('call.settled', () => {
      leave()
      left()
      seen.push('once')
    })
    const left = client.on('call.settled', () => seen.push('never'))
    await client.fetch(url)
    await client.fetch(url)
    expect(seen).toEqual(['twice', 'once', 'twice'])
  })

  it('changes nothing by a listener that throws, and reports it', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    const failure = new Error('the listener')
    const { client } = make()
    client.on('*', () => {
      throw failure
    })
    const seen: string[] = []
    client.on('call.settled', ({ type }) => seen.push(type))
    expect(await (await client.fetch(url)).text()).toBe('ok')
    expect(seen).toEqual(['call.settled'])
    expect(report.mock.calls.map((given) => given.includes(failure))).toEqual([true, true, true])
    report.mockRestore()
  })

  it('has the ear of the runtime and onEvent beside it, and guards them as well', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    const heard: string[] = []
    const client = createClient({
      fetch: ok,
      runtime: {
        emit: ({ type }) => {
          heard.push(type)
          throw new Error('the ear')
        },
      },
      onEvent: ({ type }) => heard.push(type),
    })
    client.on('*', () => {})()
    await client.fetch(url)
    expect(heard.filter((type) => type === 'call.settled')).toHaveLength(2)
    expect(report).toHaveBeenCalled()
    report.mockRestore()
  })

  it('knows its events by their type', () => {
    const { client } = make()
    client.on('circuit.opened', (event) => expectTypeOf(event.openMs).toBeNumber())
    client.on('retry.scheduled', (event) => expectTypeOf(event).toExtend<{ delayMs: number; upstream: string }>())
    client.on('*', (event) => expectTypeOf(event).toEqualTypeOf<BreakwaterEvent>())
    expectTypeOf(client.on).parameter(0).not.toEqualTypeOf<string>()
  })
})

describe('health', () => {
  it('is plain JSON, one entry for each upstream by host and port', async () => {
    const { client } = make()
    expect(client.health()).toEqual({ upstreams: {}, sockets: [] })
    await client.fetch(url)
    await client.fetch('https://client.test/a')
    const health = client.health()
    expect(Object.keys(health.upstreams)).toEqual(['client.test:80', 'client.test:443'])
    expect(JSON.parse(JSON.stringify(health))).toEqual(health)
    expect(health.upstreams['client.test:80']).toMatchObject({
      circuit: 'closed',
      gate: { shutForMs: 0 },
      limit: { max: 64, inFlight: 0 },
      queue: 0,
      budget: { tokens: 3.1 },
      p50Ms: expect.closeTo(0, 1),
      p95Ms: expect.closeTo(0, 1),
      amplification: 1,
    })
  })

  it('has null where there is no number', async () => {
    const client = createClient({ fetch: hang, limit: false, budget: { initial: Infinity, capacity: Infinity } })
    const answer = client.fetch(url).catch(() => {})
    const health = client.health().upstreams['client.test:80']
    expect(health).toMatchObject({ limit: { max: null, inFlight: 1 }, budget: { tokens: null }, p50Ms: null })
    await client.close({ drainMs: 0 })
    await answer
  })
})

describe('isolate', () => {
  const refused = (client: Client, at = url) =>
    client.fetch(at).then(
      () => false,
      (error: unknown) => error instanceof CircuitOpenError && error.phase === 'isolated',
    )

  it.each(['client.test:80', 'http://client.test/a?b', 'ws://client.test'])('holds one: %s', async (name) => {
    const { client } = make()
    const hold = client.isolate(name)
    expect(await refused(client)).toBe(true)
    expect(await refused(client, 'https://client.test/')).toBe(false)
    expect(client.health().upstreams['client.test:80']?.circuit).toBe('isolated')
    hold[Symbol.dispose]()
    hold[Symbol.dispose]()
    expect(await refused(client)).toBe(false)
  })

  it('holds all of them, those too that nobody has talked to yet', async () => {
    const { client } = make()
    await client.fetch(url)
    {
      using _hold = client.isolate()
      expect(await refused(client)).toBe(true)
      expect(await refused(client, 'https://new.test/')).toBe(true)
    }
    expect(await refused(client)).toBe(false)
    expect(await refused(client, 'https://new.test/')).toBe(false)
  })

  it('holds as long as anybody does', async () => {
    const { client } = make()
    const one = client.isolate('client.test:80')
    const all = client.isolate()
    one[Symbol.dispose]()
    expect(await refused(client)).toBe(true)
    all[Symbol.dispose]()
    expect(await refused(client)).toBe(false)
  })

  it('takes the names of upstreamOf, and otherwise no bare host', async () => {
    const client = createClient({ fetch: ok, upstreamOf: (to) => to.pathname })
    client.isolate('/a')
    expect(await refused(client, `${url}a`)).toBe(true)
    expect(await refused(client, `${url}b`)).toBe(false)
    client.isolate(`${url}b`)
    expect(await refused(client, `${url}b`)).toBe(true)
    expect(() => make().client.isolate('client.test')).toThrow(OptionsError)
  })
})
