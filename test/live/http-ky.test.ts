import ky, { HTTPError, type KyInstance, NetworkError } from 'ky'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attemptsOf, createClient } from '../../src/index.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'

let server: Recorder

beforeAll(async () => {
  server = await startRecorder({
    json: (_request, response) => response.setHeader('content-type', 'application/json').end('{"a":[1,"ü"]}'),
    form: (_request, response) => {
      response.setHeader('content-type', 'application/x-www-form-urlencoded').end('a=1&b=2')
    },
    empty: (_request, response) => response.writeHead(204).end(),
    error: (request, response) => {
      const status = Number(request.url?.split('/')[2])
      response.writeHead(status, { 'content-type': 'application/json' })
      request.resume().on('end', () => response.end('{"why":"because"}'))
    },
    large: (_request, response) => response.end('x'.repeat(300_000)),
    break: (request) => request.socket.destroy(),
    redirect: (_request, response) => response.writeHead(302, { location: '/json' }).end(),
  })
})
afterAll(() => server.close())

type Ask = (http: KyInstance, origin: string, seen: unknown[]) => Promise<unknown>

const asks: [string, Ask][] = [
  ['get', (http, at) => http.get(`${at}/json`).text()],
  ['a call without a verb', (http, at) => http(`${at}/json`).json()],
  ['a URL', (http, at) => http(new URL('/json', at)).json()],
  ['a Request', (http, at) => http(new Request(`${at}/a`, { method: 'PUT', body: 'b', headers: { c: 'd' } })).text()],
  ['json', (http, at) => http.get(`${at}/json`).json()],
  ['text', (http, at) => http.get(`${at}/json`).text()],
  ['arrayBuffer', async (http, at) => new Uint8Array(await http.get(`${at}/json`).arrayBuffer())],
  ['bytes', (http, at) => http.get(`${at}/json`).bytes()],
  ['blob', async (http, at) => (await http.get(`${at}/json`).blob()).text()],
  ['formData', async (http, at) => [...(await http.get(`${at}/form`).formData())]],
  ['head', async (http, at) => [...(await http.head(`${at}/json`)).headers.keys()]],
  ['delete', (http, at) => http.delete(`${at}/a`).text()],
  ['an empty answer as json', (http, at) => http.get(`${at}/empty`).json()],
  ['post json', (http, at) => http.post(`${at}/a`, { json: { a: 'ü' } }).text()],
  ['put json', (http, at) => http.put(`${at}/a`, { json: { a: 'ü' } }).text()],
  ['patch json', (http, at) => http.patch(`${at}/a`, { json: [1] }).text()],
  ['put a string', (http, at) => http.put(`${at}/a`, { body: 'ü' }).text()],
  ['put URLSearchParams', (http, at) => http.put(`${at}/a`, { body: new URLSearchParams({ a: 'b c' }) }).text()],
  ['put bytes', (http, at) => http.put(`${at}/a`, { body: new Uint8Array(70_000) }).text()],
  ['post a stream', (http, at) => http.post(`${at}/a`, { body: new Blob(['a', 'b']).stream() }).text()],
  ['searchParams', (http, at) => http.get(`${at}/a?z=1`, { searchParams: { a: 'b c', n: 1 } }).text()],
  ['searchParams as text', (http, at) => http.get(`${at}/a`, { searchParams: '?a=b&c' }).text()],
  ['prefix', (http, at) => http.get('a/b', { prefix: at }).text()],
  ['baseUrl', (http, at) => http.get('../b', { baseUrl: `${at}/c/d/` }).text()],
  [
    'extend',
    (http, at) =>
      http
        .extend({ headers: { 'x-a': '1' } })
        .extend({ prefix: at })
        .get('a')
        .text(),
  ],
  ['parseJson', (http, at) => http.get(`${at}/json`, { parseJson: (text) => [text.length] }).json()],
  ['redirects', async (http, at) => (await http.get(`${at}/redirect`)).redirected],
  ['HTTPError', (http, at) => http.get(`${at}/error/404`).json()],
  ['HTTPError of a post', (http, at) => http.post(`${at}/error/409`, { json: {} }).json()],
  [
    'no HTTPError where it is not wanted',
    async (http, at) => (await http.get(`${at}/error/404`, { throwHttpErrors: false })).status,
  ],
  ['NetworkError', (http, at) => http.post(`${at}/break`)],
  ['an input that is none', (http) => http.get(42 as unknown as string)],
  ['a URL that is none', (http) => http.get('http://[')],
  [
    'hooks',
    (http, at, seen) =>
      http
        .get(`${at}/error/404`, {
          hooks: {
            init: [(options) => void seen.push(['init', options.throwHttpErrors])],
            beforeRequest: [
              ({ request, retryCount }) => {
                request.headers.set('x-hook', String(retryCount))
                seen.push('beforeRequest')
              },
            ],
            afterResponse: [async ({ response }) => void seen.push(['afterResponse', await response.text()])],
            beforeError: [
              ({ error }) => {
                seen.push(['beforeError', error.name])
                return error
              },
            ],
          },
        })
        .json(),
  ],
  [
    'hooks that answer',
    (http, at) => http.get(`${at}/a`, { hooks: { beforeRequest: [() => new Response('hooked')] } }).text(),
  ],
  [
    'hooks that ask for something else',
    (http, at) =>
      http
        .get(`${at}/a`, { hooks: { beforeRequest: [({ request }) => new Request(`${request.url}/b`, request)] } })
        .text(),
  ],
  [
    'onDownloadProgress',
    (http, at, seen) =>
      http
        .get(`${at}/large`, { onDownloadProgress: ({ percent, totalBytes }) => seen.push(percent === 1 && totalBytes) })
        .text()
        .then((text) => {
          seen.splice(0, seen.length, seen.at(-1))
          return text.length
        }),
  ],
  [
    'onUploadProgress',
    (http, at, seen) =>
      http
        .put(`${at}/a`, { body: 'x'.repeat(100_000), onUploadProgress: ({ totalBytes }) => seen.push(totalBytes) })
        .text()
        .then((text) => {
          seen.splice(0, seen.length, seen.at(-1))
          return text
        }),
  ],
]

async function ended(promise: () => Promise<unknown>): Promise<unknown> {
  try {
    const value = await promise()
    return value instanceof Response ? [value.status, value.url, await value.text()] : value
  } catch (error) {
    const { name, message, cause } = error as Error
    const data = error instanceof HTTPError ? [error.data, error.response.status, error.request.url] : undefined
    return { error: name, message, data, cause: cause instanceof Error ? cause.message : cause }
  }
}

const shown = ({ method, url, rawHeaders, body }: Recorder['requests'][number]) => [method, url, rawHeaders, body]

describe('a server and a caller see no difference to plain ky', () => {
  it.each(asks)('%s', async (_name, ask) => {
    const seenByPlain: unknown[] = []
    const plain = await ended(async () => ask(ky.create({ retry: 0, timeout: false }), server.origin, seenByPlain))
    const asPlain = server.take().map(shown)
    const seen: unknown[] = []
    const ours = await ended(async () => ask(createClient().http, server.origin, seen))
    expect(server.take().map(shown)).toEqual(asPlain)
    expect(ours).toEqual(plain)
    expect(seen).toEqual(seenByPlain)
  })

  it("knows the attempts behind ky's own errors", async () => {
    const { http } = createClient({ retry: { baseMs: 0 } })
    const error = await http.get(`${server.origin}/error/500`).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(HTTPError)
    expect(attemptsOf(error).map(({ status }) => status)).toEqual([500, 500, 500])
    server.take()
    const broken = await createClient({ retry: { baseMs: 0 } })
      .http.put(`${server.origin}/break`, { json: { a: 1 } })
      .catch((reason: unknown) => reason)
    expect(broken).toBeInstanceOf(NetworkError)
    const arrived = server.take().map(({ body }) => body.toString())
    expect(new Set(arrived)).toEqual(new Set(['{"a":1}']))
    expect(arrived.length).toBeGreaterThanOrEqual(3)
    expect(attemptsOf(broken)).toHaveLength(arrived.length)
  })

  it('ends with the reason of an abort', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const { http } = createClient()
    const answer = http.get(`${server.origin}/json`, { signal: controller.signal })
    controller.abort(reason)
    await expect(answer).rejects.toBe(reason)
  })
})
