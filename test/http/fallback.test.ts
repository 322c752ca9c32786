import { describe, expect, it } from 'vitest'
import { attemptsOf, type ClientOptions, PushbackError } from '../../src/index.ts'
import { answering, hanging } from '../support/answering.ts'
import { mocked } from '../support/mocked.ts'

const url = 'http://fallback.test/a?b=c'
const caught = (promise: Promise<unknown>) => promise.catch((reason: unknown) => reason)

function asked(options: ClientOptions) {
  const questions: [string, string][] = []
  const scene = mocked({
    ...options,
    fallback: (error, request) => {
      questions.push([error.code, `${request.method} ${request.url}`])
      return new Response('instead')
    },
  })
  return { ...scene, questions }
}

describe('fallback', () => {
  it('is asked where the circuit is open, and its answer is the answer', async () => {
    const { client, play, questions, sent } = asked({ fetch: answering(200) })
    using _hold = client.isolate()
    const response = await play(client.fetch(url, { method: 'DELETE' }))
    expect(await response.text()).toBe('instead')
    expect(attemptsOf(response)).toEqual([])
    expect(questions).toEqual([['circuit-open', `DELETE ${url}`]])
    expect(sent).toHaveLength(0)
  })

  it('is asked where the server has sent us away', async () => {
    const busy = async () => new Response(null, { status: 503, headers: { 'retry-after': '600' } })
    const { client, play, questions } = asked({ fetch: busy })
    expect((await play(client.fetch(url))).status).toBe(503)
    expect(await (await play(client.fetch(url))).text()).toBe('instead')
    expect(questions).toEqual([['pushback', `GET ${url}`]])
  })

  it('is asked where the queue is full', async () => {
    const { client, play, questions } = asked({ fetch: hanging, limit: { adaptive: false, max: 1, queue: 0 } })
    const first = caught(client.fetch(url))
    expect(await (await play(client.fetch(url))).text()).toBe('instead')
    expect(questions).toEqual([['limit', `GET ${url}`]])
    await client.close({ drainMs: 0 })
    await first
  })

  it('is asked for nothing else: answers, network errors, deadlines, aborts, bad options, a closed client', async () => {
    for (const [fetch, init] of [
      [answering(503), {}],
      [answering(404), {}],
      [answering(new TypeError('fetch failed')), {}],
      [hanging, { breakwater: { deadlineMs: 100 } }],
      [hanging, { signal: AbortSignal.abort() }],
      [answering(200), { breakwater: { deadlineMs: -1 } }],
    ] as const) {
      const { client, play, questions } = asked({ fetch })
      await play(caught(client.fetch(url, init)))
      await client.close()
      await caught(client.fetch(url))
      expect(questions).toEqual([])
    }
  })

  it('lets the error stand when it has nothing to say, or fails itself', async () => {
    for (const fallback of [
      () => undefined,
      () => Promise.reject(new Error('own')),
      () => {
        throw new Error('own')
      },
    ]) {
      const { client, play } = mocked({ fetch: answering(200), fallback })
      using _hold = client.isolate()
      await expect(play(client.fetch(url))).rejects.toMatchObject({ code: 'circuit-open' })
    }
  })

  it('sees the request with its body, as long as nobody has sent it', async () => {
    const bodies: string[] = []
    const { client, play } = mocked({
      fetch: answering(200),
      fallback: async (_error, request) => {
        bodies.push(`${request.headers.get('content-type')} ${await request.text()}`)
        return new Response()
      },
    })
    using _hold = client.isolate()
    await play(client.fetch(url, { method: 'POST', body: 'text' }))
    await play(client.fetch(new Request(url, { method: 'PUT', body: 'text' })))
    await play(client.http.put(url, { json: 1 }))
    expect(bodies).toEqual(['text/plain;charset=UTF-8 text', 'text/plain;charset=UTF-8 text', 'application/json 1'])
  })

  it('is asked even for a request whose body has been sent by then', async () => {
    const broken: typeof fetch = async (input, init) => {
      await new Request(input, init).text()
      throw new TypeError('fetch failed')
    }
    for (const [input, body] of [
      [url, new Blob(['x']).stream()],
      [new Request(url, { method: 'PUT', body: 'x' }), undefined],
    ] as const) {
      const { client, play, questions } = asked({ fetch: broken, retry: { baseMs: 1_000, jitter: 'none' } })
      let hold: Disposable | undefined
      client.on('retry.scheduled', () => {
        hold = client.isolate()
      })
      const init = { method: 'PUT', headers: { 'x-a': '1' }, ...(body ? { body, duplex: 'half' } : {}) }
      expect(await (await play(client.fetch(input, init))).text()).toBe('instead')
      expect(questions).toEqual([['circuit-open', `PUT ${url}`]])
      hold?.[Symbol.dispose]()
    }
  })

  it("that never answers is left with the caller's abort, and by close", async () => {
    const { client, clock } = mocked({ fetch: answering(200), fallback: () => new Promise<Response>(() => {}) })
    using _hold = client.isolate()
    const controller = new AbortController()
    const left = caught(client.fetch(url, { signal: controller.signal }))
    const closed = caught(client.fetch(url))
    await clock.advance(10)
    const reason = new Error('left')
    controller.abort(reason)
    expect(await left).toBe(reason)
    await client.close({ drainMs: 0 })
    expect(await closed).toMatchObject({ code: 'closed' })
    expect(clock.pending).toBe(0)
  })

  it('that never answers and is left does not hold up close', async () => {
    const { client, clock, play } = mocked({ fetch: answering(200), fallback: () => new Promise<Response>(() => {}) })
    using _hold = client.isolate()
    const controller = new AbortController()
    const left = caught(client.fetch(url, { signal: controller.signal }))
    await clock.advance(10)
    controller.abort('left')
    expect(await left).toBe('left')
    await play(client.close({ drainMs: 1_000 }), { forMs: 5_000 })
    expect(clock.now()).toBeLessThan(1_000)
  })

  it('gets the error that the caller would have got', async () => {
    const told: unknown[] = []
    const busy = async () => new Response(null, { status: 429, headers: { 'retry-after': '600' } })
    const { client, play } = mocked({ fetch: busy, fallback: (error) => void told.push(error) as undefined })
    await play(client.fetch(url))
    const error = await play(caught(client.fetch(url)))
    expect(error).toBeInstanceOf(PushbackError)
    expect(told).toEqual([error])
  })
})
