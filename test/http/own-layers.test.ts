import { describe, expect, it } from 'vitest'
import { attemptsOf, type Call, type Context, createClient, isBreakwaterError, type Layer } from '../../src/index.ts'
import { answering } from '../support/answering.ts'
import { mocked } from '../support/mocked.ts'

type OwnLayer = Layer<Request, Response>

const url = 'http://layers.test/a'

/** Puts a function around each call. */
const around =
  (run: (next: Call<Request, Response>, request: Request, context: Context) => Promise<Response>): OwnLayer =>
  (next) =>
  (request, context) =>
    run(next, request, context)

const echo: typeof fetch = async (input, init) => {
  const request = new Request(input, init)
  return Response.json({
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  })
}

describe('own layers', () => {
  it('stand around each call once, the first one outermost, whatever is retried below', async () => {
    const seen: string[] = []
    const named = (name: string): OwnLayer =>
      around(async (next, request, context) => {
        seen.push(`${name} in`)
        const response = await next(request, context)
        seen.push(`${name} out ${response.status}`)
        return response
      })
    const { client, play, sent } = mocked({ fetch: answering(500, 503, 200), layers: [named('a'), named('b')] })
    const response = await play(client.fetch(url))
    expect(seen).toEqual(['a in', 'b in', 'b out 200', 'a out 200'])
    expect(sent).toHaveLength(3)
    expect(attemptsOf(response)).toHaveLength(3)
  })

  it('are made once, with the clock and the chance of the client', async () => {
    const made: unknown[] = []
    const layer: OwnLayer = (next, runtime) => {
      made.push(runtime.clock)
      return next
    }
    const { client, clock, play } = mocked({ fetch: answering(200), layers: [layer] })
    await play(client.fetch(url))
    await play(client.fetch(url))
    expect(made).toEqual([clock])
  })

  it('see the request as the platform would, and may hand on another', async () => {
    const client = createClient({
      fetch: echo,
      layers: [
        around((next, request, context) => {
          expect(request).toBeInstanceOf(Request)
          const changed = new Request('http://elsewhere.test/b', request)
          changed.headers.set('x-layer', request.headers.get('x-call') ?? '')
          return next(changed, context)
        }),
      ],
    })
    const init = { method: 'PUT', headers: { 'x-call': '1' }, body: 'grüße' }
    const answer = await (await client.fetch(url, init)).json()
    expect(answer).toMatchObject({ method: 'PUT', url: 'http://elsewhere.test/b', body: 'grüße' })
    expect(answer.headers).toMatchObject({ 'x-call': '1', 'x-layer': '1', 'content-type': 'text/plain;charset=UTF-8' })
    expect(Object.keys(client.health().upstreams)).toContain('elsewhere.test:80')
  })

  it.each([
    ['a string', () => 'body'],
    ['a stream', () => new Blob(['body']).stream()],
    ['bytes', () => new TextEncoder().encode('body')],
  ])('may pass on %s, which is sent again where that helps', async (_name, body) => {
    const inputs: ((init: RequestInit) => [RequestInfo, RequestInit?])[] = [
      (init) => [url, init],
      (init) => [new Request(url, init)],
    ]
    for (const input of inputs) {
      const bodies: string[] = []
      const keep: typeof fetch = async (to, init) => {
        bodies.push(await new Request(to, init).text())
        return new Response(null, { status: bodies.length < 3 ? 503 : 200 })
      }
      const { client, play } = mocked({ fetch: keep, layers: [around((next, ...call) => next(...call))] })
      const response = await play(
        client.fetch(...input({ method: 'PUT', body: body(), duplex: 'half' } as RequestInit)),
      )
      expect(response.status).toBe(200)
      expect(bodies).toEqual(['body', 'body', 'body'])
    }
  })

  it('keep what a Request cannot carry: dispatcher, next, cf', async () => {
    let seen: Record<string, unknown> = {}
    const client = createClient({
      layers: [around((next, request, context) => next(new Request(request), context))],
      fetch: async (_input, init) => {
        seen = { ...init }
        return new Response()
      },
    })
    const dispatcher = { dispatch: true }
    const init = { dispatcher, cf: { cacheTtl: 1 }, next: { revalidate: 2 }, method: 'PUT', body: 'x' }
    await client.fetch(url, init as RequestInit)
    expect(seen).toMatchObject({ dispatcher, cf: { cacheTtl: 1 }, next: { revalidate: 2 } })
    expect(Object.keys(seen).sort()).toEqual(['cf', 'dispatcher', 'next', 'signal'])
  })

  it('may answer themselves, ask twice, or fail; their errors come up as they are', async () => {
    const answered = new Response('cached')
    const cached = mocked({ fetch: answering(500), layers: [around(async () => answered)] })
    expect(await cached.play(cached.client.fetch(url))).toBe(answered)
    expect(cached.sent).toHaveLength(0)

    const twice = mocked({
      fetch: answering(200),
      layers: [
        around(async (next, request, context) => {
          await next(request.clone(), context)
          return next(request, context)
        }),
      ],
    })
    const response = await twice.play(twice.client.fetch(url, { method: 'POST', body: 'x' }))
    expect(attemptsOf(response).map(({ attempt }) => attempt)).toEqual([1, 1])

    const failure = new Error('own')
    for (const layer of [
      around(() => Promise.reject(failure)),
      around(() => {
        throw failure
      }),
    ]) {
      const { client, play, clock } = mocked({ fetch: answering(200), layers: [layer] })
      await expect(play(client.fetch(url))).rejects.toBe(failure)
      expect(clock.pending).toBe(0)
    }
  })

  it("wait within the patience of the call, and their wait is part of the attempts' time", async () => {
    const slow: OwnLayer =
      (next, { clock }) =>
      async (request, context) => {
        await clock.sleep(1_000, context.signal)
        return next(request, context)
      }
    const patient = mocked({ fetch: answering(200), layers: [slow] })
    const response = await patient.play(patient.client.fetch(url))
    expect(attemptsOf(response)).toMatchObject([{ startedAfterMs: 1_000 }])
    const hurried = mocked({ fetch: answering(200), layers: [slow], deadlineMs: 500 })
    await expect(hurried.play(hurried.client.fetch(url))).rejects.toMatchObject({ code: 'deadline', scope: 'call' })
    expect(hurried.sent).toHaveLength(0)
  })

  it('must pass on the context that they were given', async () => {
    const client = createClient({
      fetch: answering(200),
      layers: [
        around((next, request) =>
          next(request, { signal: new AbortController().signal, attempt: 1, deadlineAt: 1, priority: 'low' }),
        ),
      ],
    })
    await expect(client.fetch(url)).rejects.toThrow('context')
  })

  it('may shorten the deadline and change the priority by spreading the context', async () => {
    const { client, play, clock } = mocked({
      fetch: answering(503, 200),
      retry: { throttleBaseMs: 0 },
      layers: [
        around((next, request, context) => next(request, { ...context, deadlineAt: clock.now(), priority: 'low' })),
      ],
    })
    expect((await play(client.fetch(url))).status).toBe(503)
  })

  it('see a request that the platform refuses fail with its own error', async () => {
    const { client, play, sent } = mocked({
      fetch,
      layers: [around((next, request, context) => next(request, context))],
    })
    const error = await play(client.fetch(url, { body: 'x' }).catch((reason: unknown) => reason))
    expect(error).toBeInstanceOf(TypeError)
    expect(isBreakwaterError(error)).toBe(false)
    expect(sent).toHaveLength(0)
    expect(client.health().upstreams['layers.test:80']?.circuit).toBe('closed')
  })
})
