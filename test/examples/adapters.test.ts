import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { environmentManager } from '@tanstack/query-core'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { createClient } from 'breakwater'
import { manualClock } from 'breakwater/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { answering } from '../support/answering.ts'
import { type StandIn, standIn } from '../support/stand-in.ts'

interface Adapter {
  readonly file: string
  /** What the server gets to see, once per attempt. */
  readonly sends: string
  readonly serve: RequestListener
  /** Loads the example, and makes the call that it shows. */
  readonly call: (signal: AbortSignal) => Promise<unknown>
  readonly gives: unknown
  /** What becomes of a 503 that stays, in the words of the library. */
  readonly refused: object
}

const json =
  (body: unknown): RequestListener =>
  (_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  }

const trpc: RequestListener = async (request, response) => {
  const { served } = await import('../../examples/06-trpc.ts')
  createHTTPHandler({ router: served, basePath: '/trpc/' })(request, response)
}

const adapters: Adapter[] = [
  {
    file: '04-tanstack-query.ts',
    sends: 'GET /orders',
    serve: json([{ id: 'a' }]),
    call: async (signal) => {
      const { watchOrders } = await import('../../examples/04-tanstack-query.ts')
      return new Promise((resolve, reject) => {
        const leave = watchOrders(({ data, error }) => {
          if (data) resolve(data)
          if (error) reject(error)
        })
        signal.addEventListener('abort', () => {
          leave()
          reject(signal.reason)
        })
      })
    },
    gives: [{ id: 'a' }],
    refused: { name: 'HTTPError', response: { status: 503 } },
  },
  {
    file: '05-openapi-fetch.ts',
    sends: 'GET /orders/a',
    serve: json({ id: 'a', item: 7 }),
    call: async (signal) => (await import('../../examples/05-openapi-fetch.ts')).order('a', signal),
    gives: expect.objectContaining({ data: { id: 'a', item: 7 } }),
    refused: { error: '', response: { status: 503 } },
  },
  {
    file: '06-trpc.ts',
    sends: 'GET /trpc/order,order',
    serve: trpc,
    call: async (signal) => {
      const { order } = await import('../../examples/06-trpc.ts')
      return Promise.all([order('a', signal), order('b', signal)])
    },
    gives: [
      { id: 'a', item: 7 },
      { id: 'b', item: 7 },
    ],
    refused: { name: 'TRPCClientError' },
  },
  {
    file: '07-axios.ts',
    sends: 'GET /orders/a',
    serve: json({ id: 'a' }),
    call: async (signal) => (await import('../../examples/07-axios.ts')).order('a', signal),
    gives: { id: 'a' },
    refused: { name: 'AxiosError', response: { status: 503 } },
  },
  {
    file: '08-sdk.ts',
    sends: 'POST /openai/v1/chat/completions',
    serve: json({ choices: [{ message: { role: 'assistant', content: 'Hello' } }] }),
    call: async (signal) => (await import('../../examples/08-sdk.ts')).ask('Say hello', signal),
    gives: 'Hello',
    refused: { status: 503 },
  },
  {
    file: '09-your-own-layer.ts',
    sends: 'GET /orders',
    serve: json([{ id: 'a' }]),
    call: async (signal) => (await import('../../examples/09-your-own-layer.ts')).orders(signal),
    gives: [{ id: 'a' }],
    refused: { name: 'HTTPError', response: { status: 503 } },
  },
]

let server: StandIn
const start = async (serve: RequestListener) => {
  server = await standIn(serve)
  vi.stubGlobal('fetch', server.fetch)
}
const sent = () => server.requests.map(({ method, url }) => `${method} ${url?.split('?')[0]}`)

beforeEach(() => {
  // Each test has an example that has learned nothing of its server yet, and whose waits are drawn as none.
  vi.resetModules()
  vi.spyOn(Math, 'random').mockReturnValue(0)
  vi.spyOn(console, 'info').mockReturnValue()
  // TanStack Query has retries of its own in browsers only, and it is these that must be off.
  environmentManager.setIsServer(() => false)
})

afterEach(async () => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  await server?.[Symbol.asyncDispose]()
})

describe.each(adapters)('$file', ({ file, sends, serve, call, gives, refused }) => {
  beforeEach(() => start(serve))

  test('has at most 40 lines', () => {
    expect(readFileSync(`examples/${file}`, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(40)
  })

  test('gets its answer by one retry of ours after a 503', async () => {
    server.refuse(1)
    expect(await call(new AbortController().signal)).toEqual(gives)
    expect(sent()).toEqual([sends, sends])
  })

  test('takes its request off the wire when it is aborted', async () => {
    const { arrived, left } = server.hang()
    const page = new AbortController()
    const outcome = call(page.signal).catch((error: unknown) => error)
    await arrived
    page.abort()
    await left
    expect(await outcome).toBeInstanceOf(Error)
    expect(sent()).toEqual([sends])
    // Sooner than the 10 s after which an attempt leaves by itself.
  }, 8_000)

  test('does not repeat what we have given up', async () => {
    server.refuse(Infinity)
    expect(await call(new AbortController().signal).catch((error: unknown) => error)).toMatchObject(refused)
    expect(sent()).toEqual([sends, sends, sends])
  })
})

test('07-axios.ts says of one POST that it may be repeated, under one key', async () => {
  await start(json({ id: 'b' }))
  server.refuse(1)
  const { placeOrder, api } = await import('../../examples/07-axios.ts')
  expect(await placeOrder(7)).toEqual({ id: 'b' })
  const [first, second] = server.requests.map(({ headers }) => headers['idempotency-key'])
  expect(first).toMatch(/^[\da-f-]{36}$/)
  expect(second).toBe(first)

  server.refuse(1)
  await expect(api.post('/orders', { item: 7 })).rejects.toMatchObject({ response: { status: 503 } })
  expect(sent()).toHaveLength(3)
})

test('08-sdk.ts sends one key with all attempts of a question', async () => {
  await start(json({ choices: [] }))
  server.refuse(1)
  const { ask } = await import('../../examples/08-sdk.ts')
  await ask('Say hello', new AbortController().signal)
  const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
  expect(keys).toHaveLength(2)
  expect(new Set(keys).size).toBe(1)
})

describe('09-your-own-layer.ts', () => {
  test('signs each attempt and tells of a call once', async () => {
    await start(json([]))
    server.refuse(1)
    const { orders } = await import('../../examples/09-your-own-layer.ts')
    await orders(new AbortController().signal)
    expect(server.requests.map(({ headers }) => headers['x-client'])).toEqual(['shop', 'shop'])
    expect(vi.mocked(console.info).mock.calls).toEqual([[expect.stringMatching(/^\/orders took \d+ ms$/)]])
  })

  test('times the attempts and the waits, and leaves the request of the caller as it was', async () => {
    const { named } = await import('../../examples/09-your-own-layer.ts')
    const took = vi.fn()
    const clock = manualClock()
    const send = answering(503, async (input, init) => {
      await clock.sleep(30)
      return new Response(new Request(input, init).headers.get('x-client'))
    })
    const client = createClient({ fetch: send, layers: [named('shop', took)], runtime: { clock, random: () => 0.5 } })
    const request = new Request('https://api.example/orders')
    const response = client.fetch(request)
    await clock.advance(1_000)
    expect(await (await response).text()).toBe('shop')
    expect(took.mock.calls).toEqual([['/orders', 530]])
    expect(request.headers.has('x-client')).toBe(false)
  })
})
