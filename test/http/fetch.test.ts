import { afterEach, describe, expect, it, vi } from 'vitest'
import { attemptsOf, type CallOptions, createClient, type Priority } from '../../src/index.ts'
import { answering, hanging } from '../support/answering.ts'
import { mocked } from '../support/mocked.ts'

const url = 'http://fetch.test/'
const caught = (promise: Promise<unknown>) => promise.catch((reason: unknown) => reason)

afterEach(() => vi.unstubAllGlobals())

describe("the platform's fetch", () => {
  it('is looked up at each attempt, so that one that comes later is used', async () => {
    const client = createClient({ retry: { baseMs: 0 } })
    vi.stubGlobal('fetch', async () => {
      vi.stubGlobal('fetch', async () => new Response('second'))
      return new Response(null, { status: 500 })
    })
    expect(await (await client.fetch(url)).text()).toBe('second')
  })

  it('is called before fetch returns, as a page that is being left relies on', () => {
    let called = false
    const send = async () => {
      called = true
      return new Response()
    }
    void createClient({ fetch: send }).fetch(url, { method: 'POST', body: 'x', keepalive: true })
    expect(called).toBe(true)
  })

  it('answers for what is none of ours, without our options', async () => {
    const send = vi.fn(async () => new Response('data'))
    const client = createClient({ fetch: send })
    await client.fetch('data:,x', { cache: 'no-store', breakwater: { priority: 'low' } })
    expect(send.mock.calls).toEqual([['data:,x', { cache: 'no-store' }]])
    expect(client.health()).toEqual({ upstreams: {}, sockets: [] })
  })

  it('may throw where it should reject', async () => {
    const failure = new TypeError('at once')
    const thrower = () => {
      throw failure
    }
    const { client, play, clock } = mocked({ fetch: thrower, retry: false })
    expect(await play(caught(client.fetch(url)))).toBe(failure)
    expect(clock.pending).toBe(0)
  })
})

describe('a response that comes too late, from a fetch that does not look at its signal,', () => {
  const scenes: [string, (scene: ReturnType<typeof mocked>, controller: AbortController) => Promise<unknown>][] = [
    ['after the deadline of the call', ({ clock }) => clock.advance(1_000)],
    ['after the caller has left', async (_scene, controller) => controller.abort()],
    ['after the client was closed', ({ client }) => client.close({ drainMs: 0 })],
  ]

  it.each(scenes)('is cancelled %s', async (_name, end) => {
    let cancelled = 0
    let answer: (response: Response) => void = () => {}
    const scene = mocked({
      deadlineMs: 1_000,
      fetch: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    const controller = new AbortController()
    const call = caught(scene.client.fetch(url, { signal: controller.signal }))
    await end(scene, controller)
    expect(await call).toBeInstanceOf(Error)
    answer(new Response(new ReadableStream({ cancel: () => void cancelled++ })))
    await scene.clock.advance(0)
    expect(cancelled).toBe(1)
    expect(scene.clock.pending).toBe(0)
  })

  it('is cancelled after the deadline of its attempt, and the next attempt has the call', async () => {
    let cancelled = 0
    const answers: ((response: Response) => void)[] = []
    const ignoring: typeof fetch = () => new Promise((resolve) => answers.push(resolve))
    const { client, clock } = mocked({ attemptMs: 100, retry: { baseMs: 0 }, fetch: ignoring })
    const call = client.fetch(url)
    await clock.advance(100)
    expect(answers).toHaveLength(2)
    answers[0]?.(new Response(new ReadableStream({ cancel: () => void cancelled++ })))
    await clock.advance(0)
    answers[1]?.(new Response('in time'))
    expect(await (await call).text()).toBe('in time')
    expect(cancelled).toBe(1)
  })
})

describe("the caller's signal", () => {
  function counted() {
    const controller = new AbortController()
    const { signal } = controller
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    return { controller, signal, left: () => added.mock.calls.length - removed.mock.calls.length }
  }

  it('carries no listener of ours once a call without a body is over', async () => {
    const { signal, left } = counted()
    const { client, play } = mocked({ fetch: answering(503, new TypeError('fetch failed'), 204, 404) })
    const calls = Array.from({ length: 20 }, () => caught(client.fetch(url, { signal })))
    expect(left()).toBe(1)
    await play(Promise.all(calls))
    expect(left()).toBe(0)
  })

  it('carries none after an error, a refusal or a bad option either', async () => {
    const { signal, left } = counted()
    const { client, play } = mocked({ fetch: answering(new TypeError('fetch failed')) })
    await play(caught(client.fetch(url, { signal })))
    await caught(client.fetch(url, { signal, breakwater: { deadlineMs: -1 } }))
    client.isolate()
    await play(caught(client.fetch(url, { signal })))
    await client.close()
    await caught(client.fetch(url, { signal }))
    expect(left()).toBe(0)
  })

  it('still cuts a body whose headers have arrived, after a retry too', async () => {
    for (const first of [200, 503]) {
      const signals: (AbortSignal | null | undefined)[] = []
      const streaming: typeof fetch = async (_input, init) => {
        signals.push(init?.signal)
        return new Response(new ReadableStream())
      }
      const controller = new AbortController()
      const { client, play } = mocked({ fetch: first === 200 ? streaming : answering(first, streaming) })
      await play(client.fetch(url, { signal: controller.signal }))
      const reason = { left: true }
      controller.abort(reason)
      expect(signals.map((signal) => signal?.reason)).toEqual([reason])
    }
  })
})

describe('what one call says for itself', () => {
  it('is its own deadline and that of its attempts', async () => {
    const { client, play } = mocked({ fetch: hanging, retry: { baseMs: 0 }, budget: { capacity: 100, initial: 100 } })
    const ended = async (breakwater: CallOptions) => {
      const error = await play(caught(client.fetch(url, { breakwater })))
      return [error, attemptsOf(error).length]
    }
    expect(await ended({ deadlineMs: 100 })).toMatchObject([{ scope: 'call', limitMs: 100 }, 1])
    expect(await ended({ attemptMs: 100 })).toMatchObject([{ scope: 'attempt', limitMs: 100 }, 3])
    expect(await ended({ attemptMs: 100, retry: { attempts: 2 } })).toMatchObject([{ scope: 'attempt' }, 2])
    expect(await ended({ attemptMs: Infinity })).toMatchObject([{ scope: 'call', limitMs: 30_000 }, 1])
  })

  it('is its priority in the queue', async () => {
    const { client, play } = mocked({ fetch: answering(200), limit: { adaptive: false, max: 1 } })
    const order: string[] = []
    const call = async (priority: Priority) => {
      await client.fetch(url, { breakwater: { priority } })
      order.push(priority)
    }
    const first = client.fetch(url)
    const rest = (['background', 'low', 'normal', 'high', 'critical'] as const).map(call)
    await play(Promise.all([first, ...rest]))
    expect(order).toEqual(['critical', 'high', 'normal', 'low', 'background'])
  })
})

describe('shouldRetry', () => {
  it('is asked about errors and statuses of 400 or more, and decides in place of methods and statuses', async () => {
    const questions: unknown[] = []
    const { client, play } = mocked({
      fetch: answering(new TypeError('fetch failed'), 404, 200),
      retry: {
        shouldRetry: async (question) => {
          questions.push({ ...question, response: question.response?.status })
          return true
        },
      },
    })
    const response = await play(client.fetch(`${url}a`, { method: 'POST', body: 'x' }))
    expect(response.status).toBe(200)
    expect(questions).toEqual([
      { method: 'POST', url: `${url}a`, attempt: 1, error: expect.any(TypeError), response: undefined },
      { method: 'POST', url: `${url}a`, attempt: 2, response: 404 },
    ])
  })

  it.each([
    ['false ends it', () => false, 1],
    ['undefined leaves it to the rest', () => undefined, 3],
    ['a throw leaves it to the rest', () => Promise.reject(new Error('own')), 3],
  ])('%s', async (_name, shouldRetry, attempts) => {
    const { client, play, sent } = mocked({ fetch: answering(503), retry: { shouldRetry } })
    await play(client.fetch(url))
    expect(sent).toHaveLength(attempts)
  })

  it('is asked neither about an abort nor about our refusals nor about a request that is wrong', async () => {
    const shouldRetry = vi.fn(() => true)
    const { client, play, sent } = mocked({ fetch, retry: { shouldRetry } })
    await play(caught(client.fetch(url, { body: 'x' })))
    await play(caught(client.fetch(url, { signal: AbortSignal.abort() })))
    using _hold = client.isolate()
    await play(caught(client.fetch(url)))
    expect(shouldRetry).not.toHaveBeenCalled()
    expect(sent).toHaveLength(1)
  })
})

it('requests that are wrong do not open the circuit', async () => {
  const { client, play, sent } = mocked({ fetch, breaker: { consecutive: 2, minCalls: 2 } })
  const wrong: RequestInit[] = [
    { body: 'x' },
    { method: 'POST', headers: { 'x y': '1' } },
    { headers: [5] as unknown as HeadersInit },
    { method: 'PUT', body: new Blob(['x']).stream() },
    { redirect: 'never' as 'error' },
  ]
  const locked = new Blob(['x']).stream()
  locked.getReader()
  wrong.push({ method: 'PUT', body: locked, duplex: 'half' } as RequestInit)
  for (const init of wrong) expect(await play(caught(client.fetch(url, init)))).toBeInstanceOf(TypeError)
  const used = new Request(url, { method: 'PUT', body: 'x' })
  await used.text()
  expect(await play(caught(client.fetch(used)))).toBeInstanceOf(TypeError)
  const bodied = new Request(url, { method: 'PUT', body: 'x' })
  expect(await play(caught(client.fetch(bodied, { method: 'GET' })))).toBeInstanceOf(TypeError)
  expect(sent).toHaveLength(wrong.length + 2)
  expect(client.health().upstreams['fetch.test:80']).toMatchObject({ circuit: 'closed', budget: { tokens: 3 } })
})
