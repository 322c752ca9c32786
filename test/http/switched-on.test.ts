import { describe, expect, test } from 'vitest'
import { attemptsOf, createClient, ThrottledError } from '../../src/index.ts'
import { manualClock } from '../../src/testing/index.ts'

const url = 'http://on.test/'

/** A server that takes 10 ms for whatever `answer` gives. */
function slow(answer: (request: number) => Response) {
  const clock = manualClock()
  const seen = { requests: 0 }
  const fetch = async (_input: RequestInfo | URL, init?: RequestInit) => {
    const number = ++seen.requests
    await clock.sleep(10, init?.signal ?? undefined)
    return answer(number)
  }
  return { clock, seen, fetch }
}

describe('singleFlight', () => {
  test('does not share a body that is too long: each caller makes a call of its own, and all read everything', async () => {
    const { clock, seen, fetch } = slow((request) => new Response(`${request}`.repeat(100)))
    const client = createClient({ fetch, singleFlight: { maxBytes: 99 }, runtime: { clock } })
    const answers = [1, 2, 3].map(async () => (await client.fetch(url)).text())
    for (let turn = 0; turn < 5; turn++) await clock.advance(10)
    expect((await Promise.all(answers)).map((text) => text.length)).toEqual([100, 100, 100])
    expect(seen.requests).toBe(3)
  })

  test('shares a failure with those who waited, and forgets it', async () => {
    const { clock, seen, fetch } = slow(() => {
      throw new TypeError('fetch failed')
    })
    const client = createClient({ fetch, singleFlight: true, retry: false, runtime: { clock } })
    const errors = [1, 2].map(() => client.fetch(url).catch((error: unknown) => error))
    await clock.advance(10)
    const [one, other] = await Promise.all(errors)
    expect(one).toBeInstanceOf(TypeError)
    expect(other).toBe(one)
    const later = client.fetch(url).catch((error: unknown) => error)
    await clock.advance(10)
    expect(await later).not.toBe(one)
    expect(seen.requests).toBe(2)
  })

  test('tells followers what was tried for them; a call may keep out; a POST never joins', async () => {
    const { clock, seen, fetch } = slow(() => new Response('x'))
    const client = createClient({ fetch, singleFlight: true, runtime: { clock } })
    const calls = [
      client.fetch(url),
      client.fetch(url),
      client.fetch(url, { breakwater: { singleFlight: false } }),
      client.fetch(url, { method: 'POST' }),
      client.fetch(url, { method: 'POST' }),
    ]
    await clock.advance(10)
    const responses = await Promise.all(calls)
    expect(seen.requests).toBe(4)
    expect(responses.map((response) => attemptsOf(response).length)).toEqual([1, 1, 1, 1, 1])
  })
})

test('throttle refuses background work before that of users, once the server takes too little', async () => {
  const clock = manualClock()
  let step = 0
  // Any even spread of draws will do; this one needs no seed.
  const random = () => (step = (step + 0.618) % 1)
  const fetch = async () => new Response(null, { status: 429, headers: { 'retry-after': '0' } })
  const client = createClient({
    fetch,
    throttle: true,
    pushback: false,
    retry: false,
    limit: false,
    runtime: { clock, random },
  })
  const refused = { background: 0, critical: 0 }
  for (let call = 0; call < 400; call++) {
    const priority = call % 2 === 0 ? 'background' : 'critical'
    await client.fetch(url, { breakwater: { priority } }).catch((error: unknown) => {
      expect(error).toBeInstanceOf(ThrottledError)
      refused[priority]++
    })
    await clock.advance(20)
  }
  expect(refused.background).toBeGreaterThan(100)
  expect(refused.background).toBeGreaterThan(refused.critical)
})

test('health and an event tell of a hot key, by a hash and without the key', async () => {
  const clock = manualClock()
  const told: object[] = []
  const client = createClient({ fetch: async () => new Response('x'), runtime: { clock } })
  client.on('herd.detected', (event) => told.push(event))
  for (let call = 0; call < 600; call++) {
    await client.fetch(`${url}canary?token=canary`)
    await clock.advance(25)
  }
  const { herd } = client.health().upstreams['on.test:80'] ?? { herd: [] }
  expect(herd.map(({ signature }) => signature)).toContain('hot-key')
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({
    signature: 'hot-key',
    upstream: 'on.test:80',
    keyHash: expect.stringMatching(/^\w{8}$/),
  })
  expect(JSON.stringify([told, herd])).not.toContain('canary')
})
