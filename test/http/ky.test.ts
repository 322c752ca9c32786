import { getEventListeners } from 'node:events'
import type { KyInstance, Options } from 'ky'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { settled } from '../../src/core/clock.ts'
import { attemptsOf, type CallOptions, createClient, type KyOptions, OptionsError } from '../../src/index.ts'
import { answering, hanging } from '../support/answering.ts'
import { mocked } from '../support/mocked.ts'

const url = 'http://ky.test/'

describe("ky's own retry and timeouts", () => {
  const switchedOff: [name: string, value: unknown, got: string, instead: string][] = [
    ['retry', 3, '3', 'retry'],
    ['retry', { limit: 2 }, 'a value of type object', 'retry'],
    ['timeout', 10, '10', 'attemptMs'],
    ['totalTimeout', 100, '100', 'deadlineMs'],
    ['fetch', fetch, 'a value of type function', 'fetch'],
  ]

  it.each(switchedOff)('are refused when the client is made: %s', (name, value, got, instead) => {
    const make = () => createClient({ ky: { [name]: value } as KyOptions })
    expect(make).toThrow(OptionsError)
    expect(make).toThrow(
      `ky's ${name} is switched off here, got ${got}; use breakwater's own \`${instead}\``.replace(
        /own `(attemptMs|deadlineMs)`/,
        '`$1`',
      ),
    )
    expect(() => createClient({ ky: { [name]: undefined } as KyOptions })).not.toThrow()
  })

  it.each(switchedOff)('are refused at a call and in an extension: %s', async (name, value) => {
    const { http } = createClient({ fetch: answering(200) })
    const options = { [name]: value } as Options
    expect(() => http.get(url, options)).toThrow(OptionsError)
    expect(() => http(url, options)).toThrow(`ky's ${name}`)
    expect(() => http.extend(options).put(url)).toThrow(OptionsError)
    const none = { [name]: undefined } as Options
    expect((await http.get(url, none)).status).toBe(200)
    expect((await http.extend(none).get(url)).status).toBe(200)
  })

  it('may be said to be as they are', async () => {
    const { http } = createClient({ fetch: answering(200) })
    expect((await http.get(url, { retry: 0, timeout: false, totalTimeout: false })).status).toBe(200)
  })

  it.each(switchedOff)('are refused in an init hook as well: %s', (name, value) => {
    const late = (options: Options) => void Object.assign(options, { [name]: value })
    const hooks = { init: [late] }
    const { http } = createClient({ fetch: answering(200) })
    const own = createClient({ fetch: answering(200), ky: { hooks } }).http
    for (const call of [
      () => own.get(url),
      () => own(url),
      () => http.get(url, { hooks }),
      () => http(new Request(url), { hooks }),
      () => http.extend({ hooks }).get(url),
      () => http.extend(() => ({ hooks })).get(url),
      () => http.extend({ hooks: { init: [() => {}] } }).get(url, { hooks }),
    ])
      expect(call).toThrow(OptionsError)
  })
})

describe("a caller's signal", () => {
  type Give = (http: KyInstance, signal: AbortSignal) => Promise<unknown>
  const replaced = (signal: AbortSignal) => ({
    beforeRequest: [({ request }: { request: Request }) => new Request(request, { signal })],
  })
  const ways: [name: string, give: Give][] = [
    ['of a call', (http, signal) => http.get(url, { signal })],
    ['of a call by no verb', (http, signal) => http(url, { signal })],
    ['of a Request', (http, signal) => http.get(new Request(url, { signal }))],
    ['of a Request with options', (http, signal) => http.get(new Request(url, { signal }), { headers: { a: 'b' } })],
    ['of an extension', (http, signal) => http.extend({ signal }).get(url)],
    [
      'of an extension of that',
      (http, signal) =>
        http
          .extend({ signal })
          .extend({ headers: { a: 'b' } })
          .get(url),
    ],
    ['of an extension by function', (http, signal) => http.extend(() => ({ signal })).get(url)],
    [
      'beside another one',
      (http, signal) => http.extend({ signal }).get(url, { signal: new AbortController().signal }),
    ],
    ['of a request that a hook puts in its place', (http, signal) => http.get(url, { hooks: replaced(signal) })],
    ['of one that the hook of an extension does', (http, signal) => http.extend({ hooks: replaced(signal) }).get(url)],
    [
      'set by an init hook',
      (http, signal) => http.get(url, { hooks: { init: [(options) => void Object.assign(options, { signal })] } }),
    ],
    [
      'beside options that say nothing',
      (http, signal) => http.get(url, { ...({ retry: undefined } as object), signal }),
    ],
  ]

  it.each(ways)('%s ends the request, and keeps nothing of it', async (_name, give) => {
    const controller = new AbortController()
    const sent = Promise.withResolvers<void>()
    const send: typeof fetch = (input, init) => {
      sent.resolve()
      return hanging(input, init)
    }
    const call = give(createClient({ fetch: send }).http, controller.signal).catch((error: unknown) => error)
    await sent.promise
    const reason = new Error('left')
    controller.abort(reason)
    expect(await call).toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('of the client itself ends every request', async () => {
    const controller = new AbortController()
    const { http } = createClient({ fetch: hanging, ky: { signal: controller.signal } })
    const calls = [http.get(url), http.extend({ headers: { a: 'b' } }).post(url)]
    const ends = Promise.allSettled(calls)
    await settled()
    controller.abort('left')
    for (const end of await ends) expect(end).toMatchObject({ status: 'rejected', reason: 'left' })
  })
})

describe('the options of one call', () => {
  it('travel through ky under the same key as through fetch', async () => {
    const { client, play, sent } = mocked({ fetch: answering(500), ky: { throwHttpErrors: false } })
    for (const [breakwater, attempts] of [
      [{ retry: false }, 1],
      [{ retry: { attempts: 2 } }, 2],
      [{ idempotent: false }, 1],
      [{ retry: { statuses: [503] } }, 1],
      [{ retry: { methods: [] } }, 1],
      [{ priority: 'critical' }, 3],
      [{}, 3],
      [undefined, 3],
    ] as [CallOptions | undefined, number][]) {
      const fresh = mocked({ fetch: answering(500), ky: { throwHttpErrors: false } })
      const init = breakwater ? { breakwater } : {}
      expect(attemptsOf(await fresh.play(fresh.client.fetch(url, init)))).toHaveLength(attempts)
      const again = mocked({ fetch: answering(500), ky: { throwHttpErrors: false } })
      expect(attemptsOf(await again.play(again.client.http.get(url, init)))).toHaveLength(attempts)
    }
    await play(client.http.post(url, { breakwater: { idempotent: true } }))
    expect(sent).toHaveLength(3)
  })

  it('can be given to an instance, where a call may change them', async () => {
    const { client, play, sent } = mocked({ fetch: answering(500), ky: { throwHttpErrors: false } })
    const once = client.http.extend({ breakwater: { retry: false } })
    await play(once.get(url))
    expect(sent).toHaveLength(1)
  })

  it('reach nobody beyond us', async () => {
    let seen: object = {}
    const client = createClient({
      fetch: async (_input, init) => {
        seen = { ...init }
        return new Response()
      },
    })
    const dispatcher = {}
    const init = { breakwater: { priority: 'low' }, dispatcher } as const
    await client.http.get(url, init)
    expect(Object.keys(seen).sort()).toEqual(['dispatcher', 'signal'])
    await client.fetch(url, init)
    expect(Object.keys(seen).sort()).toEqual(['dispatcher', 'signal'])
  })

  it('are known to the types of ky', () => {
    expectTypeOf<Options['breakwater']>().toEqualTypeOf<CallOptions | undefined>()
    expectTypeOf<{ breakwater: { deadlineMs: string } }>().not.toExtend<Options>()
    expectTypeOf<{ breakwater: { priority: 'low' } }>().toExtend<Options>()
    expectTypeOf<KyOptions>().not.toHaveProperty('retry')
  })
})

describe('baseUrl', () => {
  const seen: string[] = []
  const keep: typeof fetch = async (input) => {
    seen.push(input instanceof Request ? input.url : String(input))
    return new Response()
  }
  const asked = () => seen.splice(0)
  const { fetch: send, http } = createClient({ baseUrl: 'https://api.test/v1/', fetch: keep })
  const away = [
    '//evil.test/x',
    'https://evil.test/',
    'http://api.test/',
    'https://api.test:8443/',
    'https://api.test@evil.test/',
    '/\\evil.test',
    ' \t//evil.test',
    'HTTPS://EVIL.test',
    'data:text/plain,evil',
  ]

  it('is what strings are relative to, for fetch and ky alike', async () => {
    for (const [path, to] of [
      ['orders?a=b', 'https://api.test/v1/orders?a=b'],
      ['/orders', 'https://api.test/orders'],
      ['../v2', 'https://api.test/v2'],
      ['https://api.test/v3', 'https://api.test/v3'],
      ['', 'https://api.test/v1/'],
    ] as const) {
      await send(path)
      await http.get(path)
      await http(path)
      expect(asked()).toEqual([to, to, to])
    }
  })

  it.each(away)('is not left by a string: %j', async (path) => {
    await expect(send(path)).rejects.toMatchObject({ name: 'OptionsError', option: 'baseUrl' })
    for (const instance of [http, http.extend({ headers: { a: 'b' } })]) {
      for (const verb of ['get', 'post', 'put', 'patch', 'head', 'delete'] as const) {
        expect(() => instance[verb](path)).toThrow(OptionsError)
      }
      expect(() => instance(path)).toThrow(OptionsError)
    }
    expect(asked()).toEqual([])
  })

  it('is left by a URL or a Request that says so', async () => {
    await send(new URL('https://other.test/a'))
    await send(new Request('https://other.test/a'))
    await http.get(new URL('https://other.test/a'))
    await http.get(new Request('https://other.test/a'))
    expect(asked()).toEqual(Array(4).fill('https://other.test/a'))
  })

  it('of ky itself, where it has one, comes first', async () => {
    const own = createClient({ baseUrl: 'https://api.test', ky: { baseUrl: 'https://ky.test/a/' }, fetch: keep })
    await own.http.get('b')
    await http.extend({ prefix: 'https://api.test/p' }).get('b')
    expect(asked()).toEqual(['https://ky.test/a/b', 'https://api.test/p/b'])
  })

  it('may be a URL, which its owner can change later', async () => {
    const base = new URL('https://api.test/')
    const client = createClient({ baseUrl: base, fetch: keep })
    base.href = 'https://evil.test/'
    await client.fetch('a')
    await client.http.get('a')
    expect(asked()).toEqual(['https://api.test/a', 'https://api.test/a'])
  })

  it('leaves the rest of ky as it is', () => {
    expect(http.stop).toBeTypeOf('symbol')
    expect(http.retry).toBeTypeOf('function')
    expect(http.create).toBeTypeOf('function')
    expect(Object.keys(http)).toContain('get')
  })
})
