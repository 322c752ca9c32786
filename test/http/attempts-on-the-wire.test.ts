import { describe, expect, test } from 'vitest'
import { attemptsOf, createClient } from '../../src/index.ts'
import { manualClock } from '../../src/testing/index.ts'

const url = 'http://api.test/'

function sequence(...steps: (Response | Error)[]) {
  const sent: Headers[] = []
  const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    sent.push(new Headers(init?.headers ?? (input instanceof Request ? input.headers : {})))
    const step = steps[sent.length - 1] ?? new Response('ok')
    if (step instanceof Error) throw step
    return step
  }
  return { fetch, sent }
}

const refused = () => new Response(null, { status: 500 })
const random = () => 0

/** As undici fails when the server closes a connection: what it had read on it before tells whether it was kept alive. */
function closed(bytesRead: number, code = 'UND_ERR_SOCKET'): TypeError {
  const cause = Object.assign(new Error('other side closed'), { code, socket: { bytesRead } })
  return new TypeError('fetch failed', { cause })
}

describe('an Idempotency-Key', () => {
  test.each(['POST', 'PATCH'])(
    'is made once for a %s that says idempotent, and kept over its attempts',
    async (method) => {
      const { fetch, sent } = sequence(refused(), refused())
      const client = createClient({ fetch, runtime: { random } })
      const response = await client.fetch(url, { method, body: 'x', breakwater: { idempotent: true } })
      expect(response.status).toBe(200)
      const keys = sent.map((headers) => headers.get('idempotency-key'))
      expect(keys).toHaveLength(3)
      expect(new Set(keys).size).toBe(1)
      expect(keys[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/)
    },
  )

  test('of the caller is left alone, and other calls get none', async () => {
    const { fetch, sent } = sequence()
    const client = createClient({ fetch })
    const own = { method: 'POST', headers: { 'idempotency-key': 'mine' }, breakwater: { idempotent: true } }
    await client.fetch(url, own)
    await client.fetch(new Request(url, own), { breakwater: { idempotent: true } })
    await client.fetch(url, { method: 'PUT', breakwater: { idempotent: true } })
    await client.fetch(url, { method: 'POST' })
    expect(sent.map((headers) => headers.get('idempotency-key'))).toEqual(['mine', 'mine', null, null])
  })
})

test('attemptHeader tells the server which attempt it gets, beside the caller’s own headers', async () => {
  const { fetch, sent } = sequence(refused(), refused())
  const client = createClient({ fetch, attemptHeader: 'x-attempt', runtime: { random } })
  await client.fetch(url, { headers: { 'x-own': 'kept' } })
  expect(sent.map((headers) => `${headers.get('x-attempt')} ${headers.get('x-own')}`)).toEqual([
    '1 kept',
    '2 kept',
    '3 kept',
  ])
})

describe('a request that died with a kept-alive connection', () => {
  test('is sent again at once, and costs nothing', async () => {
    const { fetch, sent } = sequence(closed(500))
    const clock = manualClock()
    const client = createClient({ fetch, budget: { initial: 0 }, runtime: { clock } })
    const response = await client.fetch(url)
    expect(sent).toHaveLength(2)
    expect(attemptsOf(response)).toHaveLength(2)
  })

  test('only once: after that it is a failure like any other', async () => {
    const error = closed(500)
    const { fetch, sent } = sequence(closed(500), error)
    const client = createClient({ fetch, budget: { initial: 0 } })
    await expect(client.fetch(url)).rejects.toBe(error)
    expect(sent).toHaveLength(2)
  })

  test('does not use up one of the attempts', async () => {
    const { fetch, sent } = sequence(closed(500), refused(), refused())
    const client = createClient({ fetch, runtime: { random } })
    expect((await client.fetch(url)).status).toBe(200)
    expect(sent).toHaveLength(4)
  })

  test.each([
    ['a connection that had served nothing yet', () => closed(0), 'GET'],
    ['a POST, of which nobody knows what became', () => closed(500), 'POST'],
    ['another cause', () => closed(500, 'ENOTFOUND'), 'GET'],
  ])('%s is not sent again for it', async (_name, error, method) => {
    const { fetch, sent } = sequence(error())
    const client = createClient({ fetch, budget: { initial: 0 } })
    await expect(client.fetch(url, { method })).rejects.toThrow(TypeError)
    expect(sent).toHaveLength(1)
  })
})

test('a quota that the server announces is kept where the options say so', async () => {
  const clock = manualClock()
  const sentAt: number[] = []
  const fetch = async () => {
    sentAt.push(clock.now())
    return new Response(null, { headers: { 'ratelimit-policy': '"burst";q=5;w=10, "day";q=100000;w=86400' } })
  }
  const client = createClient({ fetch, limit: { callsPerWindow: 'learned' }, runtime: { clock } })
  await client.fetch(url)
  const calls = Array.from({ length: 9 }, () => client.fetch(url))
  for (let ms = 0; ms < 20_000; ms += 1_000) await clock.advance(1_000)
  await Promise.all(calls)
  expect(sentAt.filter((at) => at < 10_000).length).toBeLessThanOrEqual(6)
  expect(Math.max(...sentAt)).toBeGreaterThanOrEqual(10_000)
})
