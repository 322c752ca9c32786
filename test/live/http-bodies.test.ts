import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, type ClientOptions, createClient } from '../../src/index.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'

let server: Recorder

beforeAll(async () => {
  const failed = new Map<string, number>()
  server = await startRecorder({
    // 503 as often as the path says, each URL for itself, and nobody reads the megabyte that comes with it.
    busy: (request, response) => {
      const url = request.url ?? ''
      const times = failed.get(url) ?? 0
      failed.set(url, times + 1)
      request.resume().on('end', () => {
        if (times >= Number(url.split('/')[2])) response.end('ok')
        else response.writeHead(503).end(Buffer.alloc(1_000_000))
      })
    },
  })
})
afterAll(() => server.close())

let calls = 0
const busy = (times: number) => `${server.origin}/busy/${times}/${calls++}`
const eager = (options: ClientOptions = {}): Client =>
  createClient({ ...options, retry: { baseMs: 0, throttleBaseMs: 0, ...(options.retry || {}) } })

const boundary = /-+formdata-undici-\d+/g
const bodies = () => server.take().map(({ body }) => body.toString('latin1').replace(boundary, 'boundary'))
const contentTypes = () =>
  server.requests.map(({ rawHeaders }) => {
    const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'content-type')
    return at < 0 ? undefined : rawHeaders[at + 1]?.replace(boundary, 'boundary')
  })

const bytes = (length: number) => new Uint8Array(length).map((_, at) => at * 7)
const streamOf = (...chunks: Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
const form = () => {
  const fields = new FormData()
  fields.append('a', 'ü')
  fields.append('b', new File([bytes(300)], 'b.bin', { type: 'x/y' }))
  return fields
}

const kinds: [string, () => NonNullable<RequestInit['body']>][] = [
  ['a string', () => 'grüße'],
  ['URLSearchParams', () => new URLSearchParams({ a: 'ü', b: '&' })],
  ['FormData', form],
  ['a Blob', () => new Blob(['grüße'], { type: 'text/x' })],
  ['an ArrayBuffer', () => bytes(1000).buffer],
  ['a typed array', () => bytes(1000).subarray(10, 990)],
  ['a stream', () => streamOf(bytes(1000), bytes(0), bytes(70_000))],
  ['a megabyte', () => bytes(1_048_576)],
]

describe('after two 503 the same bytes arrive again', () => {
  it.each(kinds)('of %s', async (_kind, body) => {
    const init = () => ({ method: 'PUT', body: body(), duplex: 'half' }) as const
    const expected = Buffer.from(await new Response(body()).arrayBuffer()).toString('latin1')
    for (const send of [
      (url: string) => eager().fetch(url, init()),
      (url: string) => eager().fetch(new Request(url, init())),
      (url: string) => eager().http.put(url, { body: body() }),
      (url: string) => eager({ layers: [(next) => (request, context) => next(request, context)] }).fetch(url, init()),
    ]) {
      const response = await send(busy(2))
      expect(response.status).toBe(200)
      expect(new Set(contentTypes()).size).toBe(1)
      const arrived = bodies()
      expect(arrived).toHaveLength(3)
      expect(new Set(arrived)).toEqual(new Set([expected.replace(/-+formdata-undici-\d+/g, 'boundary')]))
    }
  })

  it('even if their owner has changed them meanwhile, and the headers and the URL as well', async () => {
    const url = new URL(busy(1))
    const headers = new Headers({ 'x-page': '1' })
    for (const body of [new URLSearchParams({ a: '1' }), form(), bytes(10), bytes(10).buffer]) {
      url.searchParams.set('page', '1')
      const client = eager({ onEvent: ({ type }) => type === 'retry.scheduled' && change() })
      const change = () => {
        url.searchParams.set('page', '2')
        headers.set('x-page', '2')
        if (body instanceof Uint8Array || body instanceof ArrayBuffer) new Uint8Array(body as ArrayBuffer).fill(0)
        else body.append('more', '2')
        if (body instanceof Uint8Array) body.fill(0)
      }
      url.pathname = new URL(busy(1)).pathname
      headers.set('x-page', '1')
      await client.fetch(url, { method: 'PUT', headers, body })
      expect(new Set(server.requests.map((request) => request.url)).size).toBe(1)
      expect(server.requests.every(({ rawHeaders }) => rawHeaders[rawHeaders.indexOf('x-page') + 1] === '1')).toBe(true)
      const [first, second] = bodies()
      expect(second).toBe(first)
    }
  })

  it('with headers that could be read only once', async () => {
    const headers = new Map([['x-once', 'yes']]).entries() as unknown as HeadersInit
    await eager().fetch(busy(2), { headers })
    expect(server.take().map(({ rawHeaders }) => rawHeaders.includes('x-once'))).toEqual([true, true, true])
  })
})

describe('a body that cannot be kept', () => {
  it.each([
    ['bytes', () => bytes(101)],
    ['text', () => 'ü'.repeat(51)],
    ['a stream', () => streamOf(bytes(100), bytes(1))],
    ['a Blob', () => new Blob([bytes(101)])],
  ])('above replayBytes goes out once: %s', async (_name, body) => {
    for (const input of [(url: string) => url, (url: string) => new Request(url)]) {
      const client = eager({ replayBytes: 100 })
      const response = await client.fetch(input(busy(1)), {
        method: 'PUT',
        body: body(),
        duplex: 'half',
      } as RequestInit)
      expect(response.status).toBe(503)
      await response.body?.cancel()
      expect(server.take()).toHaveLength(1)
    }
  })

  it('up to replayBytes is kept to the last byte', async () => {
    const client = eager({ replayBytes: 100 })
    for (const body of [bytes(100), 'ü'.repeat(50), streamOf(bytes(60), bytes(40))]) {
      const response = await client.fetch(busy(1), { method: 'PUT', body, duplex: 'half' } as RequestInit)
      expect(response.status).toBe(200)
      expect(server.take().map((request) => request.body.length)).toEqual([100, 100])
    }
  })

  it('with replayBytes of 0 goes out once, and a call without a body as often as any', async () => {
    const client = eager({ replayBytes: 0 })
    expect((await client.fetch(busy(1), { method: 'PUT', body: 'x' })).status).toBe(503)
    expect((await client.fetch(busy(1), { method: 'PUT' })).status).toBe(200)
    expect(server.take()).toHaveLength(3)
  })

  it('because it is a stream of a POST, or no real stream, goes out exactly once', async () => {
    async function* iterable() {
      yield bytes(10)
    }
    const client = eager()
    const post = await client.fetch(busy(1), {
      method: 'POST',
      body: streamOf(bytes(10)),
      duplex: 'half',
    } as RequestInit)
    const put = await client.fetch(busy(1), {
      method: 'PUT',
      body: iterable(),
      duplex: 'half',
    } as unknown as RequestInit)
    expect([post.status, put.status]).toEqual([503, 503])
    expect(server.take().map(({ body }) => body.length)).toEqual([10, 10])
  })
})

describe('a POST', () => {
  it('is sent once, whatever comes back', async () => {
    const client = eager()
    for (const send of [
      (url: string) => client.fetch(url, { method: 'POST', body: 'x' }),
      (url: string) => client.fetch(new Request(url, { method: 'POST', body: 'x' })),
      (url: string) => client.http.post(url, { json: 1, throwHttpErrors: false }),
      (url: string) => client.fetch(url, { method: 'PATCH', body: 'x' }),
    ]) {
      expect((await send(busy(1))).status).toBe(503)
      expect(server.take()).toHaveLength(1)
    }
  })

  it('is sent again with an Idempotency-Key, or when the call says that it may be', async () => {
    const key = { 'idempotency-key': '"k"' }
    const idempotent = { breakwater: { idempotent: true } }
    for (const send of [
      (url: string) => eager().fetch(url, { method: 'POST', body: 'x', headers: key }),
      (url: string) => eager().fetch(new Request(url, { method: 'PATCH', body: 'x', headers: key })),
      (url: string) => eager().fetch(url, { method: 'POST', body: 'x', ...idempotent }),
      (url: string) => eager().http.post(url, { body: 'x', headers: key }),
      (url: string) => eager().http.post(url, { body: 'x', ...idempotent }),
      (url: string) => eager({ retry: { shouldRetry: () => true } }).http.post(url, { body: 'x' }),
    ]) {
      expect((await send(busy(2))).status).toBe(200)
      expect(bodies()).toEqual(['x', 'x', 'x'])
    }
  })
})

it('a call that says idempotent: false is sent once, whatever its method and whoever says otherwise', async () => {
  const client = eager({ retry: { shouldRetry: () => true } })
  const init = { breakwater: { idempotent: false } }
  expect((await client.fetch(busy(1), init)).status).toBe(503)
  expect((await client.http.put(busy(1), { ...init, body: 'x', throwHttpErrors: false })).status).toBe(503)
  expect(server.take()).toHaveLength(2)
})
