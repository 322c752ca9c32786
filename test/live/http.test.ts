import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BreakwaterFetch, createClient } from '../../src/index.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'

let server: Recorder

beforeAll(async () => {
  server = await startRecorder({
    status: (request, response) => {
      const status = Number(request.url?.split('/')[2])
      request.resume().on('end', () => response.writeHead(status, 'As It Is', { 'x-from': 'server' }).end())
    },
    redirect: (request, response) => {
      const status = Number(request.url?.split('/')[2])
      request.resume().on('end', () => response.writeHead(status, { location: '/target' }).end('moved'))
    },
    circle: (_request, response) => response.writeHead(302, { location: '/circle' }).end(),
    gzip: (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('unpacked')),
    cookies: (_request, response) =>
      response
        .writeHead(
          200,
          [
            ['set-cookie', 'a=1'],
            ['Set-Cookie', 'b=2'],
          ].flat(),
        )
        .end(),
    break: (request) => request.socket.destroy(),
    half: (_request, response) => {
      response.writeHead(200, { 'content-length': '8' }).write('comp', () => response.destroy())
    },
  })
})
afterAll(() => server.close())

/** Random in each request, and of no meaning. */
const boundary = /-+formdata-undici-\d+/g

function shown({ method, url, rawHeaders, body }: Recorder['requests'][number]) {
  return {
    method,
    url,
    headers: rawHeaders.map((text) => text.replace(boundary, 'boundary')),
    body: body.toString('latin1').replace(boundary, 'boundary'),
  }
}

async function answer(promise: Promise<Response>) {
  try {
    const response = await promise
    const { status, statusText, url, redirected, type, ok, bodyUsed } = response
    const headers = [...response.headers].filter(([name]) => name !== 'date')
    const body = await response.text().catch(failure)
    return { status, statusText, url, redirected, type, ok, bodyUsed, headers, body }
  } catch (error) {
    return failure(error)
  }
}

function failure(error: unknown) {
  const { name, message, cause } = error as Error
  const { name: causeName, message: causeMessage, code } = (cause ?? {}) as Error & { code?: string }
  return { error: name, message, platform: error instanceof TypeError, cause: [causeName, causeMessage, code] }
}

type Ask = (send: BreakwaterFetch, origin: string) => Promise<Response>
type Body = () => NonNullable<RequestInit['body']>

const text = 'grüße '.repeat(9)
const stream = (...chunks: string[]): ReadableStream =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
const form = () => {
  const fields = new FormData()
  fields.append('a', text)
  fields.append('b', new Blob(['file'], { type: 'text/x' }), 'b.txt')
  return fields
}

const bodies: [string, Body][] = [
  ['a string', () => text],
  ['an empty string', () => ''],
  ['JSON', () => JSON.stringify({ a: [1, text] })],
  ['URLSearchParams', () => new URLSearchParams({ a: text, b: '&' })],
  ['FormData', form],
  ['a Blob', () => new Blob([text], { type: 'text/css' })],
  ['an ArrayBuffer', () => new Uint8Array([0, 1, 255]).buffer],
  ['a typed array', () => new Uint16Array([1, 2, 65535]).subarray(1)],
  ['a DataView', () => new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)],
  ['a stream', () => stream('one ', 'two ', text)],
  ['a number', () => 42 as unknown as string],
  ['an object', () => ({ a: 1 }) as unknown as string],
  ['100 kB', () => 'x'.repeat(100_000)],
  ['2 MB', () => new Uint8Array(2_000_000).fill(7)],
]

const half = { duplex: 'half' } as const

const blobUrl = URL.createObjectURL(new Blob([text], { type: 'text/x' }))

const asks: [string, Ask][] = [
  ['GET', (send, at) => send(`${at}/a?b=c&b=%20#d`)],
  ['GET of a URL', (send, at) => send(new URL('/a', at))],
  ['GET of a Request', (send, at) => send(new Request(`${at}/a`, { headers: { 'x-a': '1' } }))],
  ['GET with null for init', (send, at) => send(`${at}/a`, null as unknown as RequestInit)],
  ['HEAD', (send, at) => send(`${at}/a`, { method: 'HEAD' })],
  ['a method in small letters', (send, at) => send(`${at}/a`, { method: 'delete' })],
  ['a method nobody knows', (send, at) => send(`${at}/a`, { method: 'PURGE' })],
  ['headers as an object', (send, at) => send(`${at}/a`, { headers: { 'X-B': '2', 'x-a': '1', Accept: 'text/x' } })],
  [
    'headers as pairs',
    (send, at) =>
      send(`${at}/a`, {
        headers: [
          ['x-b', '2'],
          ['X-A', '1'],
          ['x-b', '3'],
        ],
      }),
  ],
  ['Headers', (send, at) => send(`${at}/a`, { headers: new Headers({ 'X-B': '2', 'x-a': '1' }) })],
  [
    'headers as an iterator',
    (send, at) => send(`${at}/a`, { method: 'POST', headers: iterator() as unknown as HeadersInit }),
  ],
  [
    'a Request with other headers',
    (send, at) => send(new Request(`${at}/a`, { headers: { a: '1' } }), { headers: { b: '2' } }),
  ],
  [
    'a Request as init',
    (send, at) => send(`${at}/b`, new Request(`${at}/a`, { method: 'PATCH', body: text, headers: { a: '1' } })),
  ],
  [
    'a Request overridden',
    (send, at) => send(new Request(`${at}/a`, { method: 'POST', body: 'a' }), { method: 'PUT', body: 'b' }),
  ],
  ['a Request given a body', (send, at) => send(new Request(`${at}/a`, { method: 'POST' }), { body: 'b' })],
  ['no body where the method has one', (send, at) => send(`${at}/a`, { method: 'POST' })],
  ['null for a body', (send, at) => send(`${at}/a`, { method: 'PUT', body: null })],
  ...bodies.flatMap(([name, body]): [string, Ask][] => [
    [`POST ${name}`, (send, at) => send(`${at}/a`, { method: 'POST', body: body(), ...half })],
    [`PUT ${name}`, (send, at) => send(`${at}/a`, { method: 'PUT', body: body(), ...half })],
    [`PUT a Request of ${name}`, (send, at) => send(new Request(`${at}/a`, { method: 'PUT', body: body(), ...half }))],
    [
      `POST a Request of ${name}`,
      (send, at) => send(new Request(`${at}/a`, { method: 'POST', body: body(), ...half })),
    ],
  ]),
  ['204', (send, at) => send(`${at}/status/204`)],
  ['404', (send, at) => send(`${at}/status/404`)],
  ['gzip', (send, at) => send(`${at}/gzip`)],
  ['two cookies', (send, at) => send(`${at}/cookies`)],
  ...[301, 302, 303, 307, 308].flatMap((status): [string, Ask][] => [
    [`${status}`, (send, at) => send(`${at}/redirect/${status}`)],
    [`${status} with a body`, (send, at) => send(`${at}/redirect/${status}`, { method: 'PUT', body: text })],
    [`${status} with a posted body`, (send, at) => send(`${at}/redirect/${status}`, { method: 'POST', body: text })],
    [
      `${status} with a stream`,
      (send, at) => send(`${at}/redirect/${status}`, { method: 'PUT', body: stream(text), ...half }),
    ],
    [`${status} by hand`, (send, at) => send(`${at}/redirect/${status}`, { redirect: 'manual' })],
    [`${status} as an error`, (send, at) => send(`${at}/redirect/${status}`, { redirect: 'error' })],
  ]),
  ['redirects in a circle', (send, at) => send(`${at}/circle`)],
  ['half a body', (send, at) => send(`${at}/half`)],
  ['a URL that is none', (send) => send('http://[')],
  ['a relative URL', (send) => send('/a')],
  ['nothing for a URL', (send) => send(undefined as unknown as string)],
  ['a header that is none', (send, at) => send(`${at}/a`, { headers: { 'x y': '1' } })],
  ['a header value that is none', (send, at) => send(`${at}/a`, { method: 'POST', headers: { x: 'a\nb' } })],
  ['GET with a body', (send, at) => send(`${at}/a`, { body: 'x' })],
  ['a stream without duplex', (send, at) => send(`${at}/a`, { method: 'PUT', body: stream(text) })],
  ['a method that is forbidden', (send, at) => send(`${at}/a`, { method: 'CONNECT' })],
  ['a signal that is none', (send, at) => send(`${at}/a`, { signal: {} as AbortSignal })],
  ['null for a signal', (send, at) => send(`${at}/a`, { signal: null })],
  ['a URL with a password', (send, at) => send(at.replace('//', '//user:password@'))],
  ['a port that is blocked', (send) => send('http://127.0.0.1:9/')],
  ['data:', (send) => send('data:text/plain;base64,Z3LDvMOfZQ==')],
  ['data: that is none', (send) => send('data:broken')],
  ['blob:', (send) => send(blobUrl)],
  ['about:', (send) => send('about:blank')],
]

function* iterator(): Generator<string[]> {
  yield ['x-a', '1']
}

describe('a server and a caller see no difference to the plain fetch', () => {
  it.each(asks)('%s', async (_name, ask) => {
    const plain = await answer(ask(fetch, server.origin))
    const asPlain = server.take().map(shown)
    const client = createClient()
    const ours = await answer(ask(client.fetch, server.origin))
    const asOurs = server.take().map(shown)
    expect(asOurs).toEqual(asPlain)
    expect(ours).toEqual(plain)
  })

  it('but that a call which the network broke is sent again', async () => {
    const client = createClient({ retry: { baseMs: 0 } })
    const plain = await answer(fetch(`${server.origin}/break`))
    const ours = await answer(client.fetch(`${server.origin}/break`))
    expect(ours).toEqual(plain)
    expect(ours).toMatchObject({ error: 'TypeError', platform: true })
    // One more where the connection had served others before: then the request may never have been read.
    expect([4, 5]).toContain(server.take().length)
  })
})
