import { expect, test } from 'vitest'
import { createClient, isBreakwaterError } from '../../src/index.ts'
import { chaos, manualClock, seededRandom } from '../../src/testing/index.ts'

const url = 'http://api.test/orders'

test('50,000 concurrent callers of one key send one request, and each reads a body of its own', async () => {
  let requests = 0
  const clock = manualClock()
  const fetch = async () => {
    requests++
    await clock.sleep(50)
    return new Response('the very same', { headers: { 'x-kind': 'order' } })
  }
  const client = createClient({ fetch, singleFlight: true, runtime: { clock } })
  const callers = Array.from({ length: 50_000 }, (_, index) =>
    client.fetch(url, index % 2 === 0 ? {} : { headers: { traceparent: `00-${index}` } }),
  )
  await clock.advance(50)
  const responses = await Promise.all(callers)
  expect(requests).toBe(1)
  expect(new Set(responses).size).toBe(50_000)
  const texts = await Promise.all(responses.map((response) => response.text()))
  expect(new Set(texts)).toEqual(new Set(['the very same']))
  expect(responses.at(-1)?.headers.get('x-kind')).toBe('order')
})

test('callers with other credentials, or another Accept, do not share', async () => {
  const seen: string[] = []
  const clock = manualClock()
  const fetch = async (_input: RequestInfo | URL, init?: RequestInit) => {
    const headers = new Headers(init?.headers)
    const name = `${headers.get('authorization')} ${headers.get('accept')}`
    seen.push(name)
    await clock.sleep(5)
    return new Response(name)
  }
  const client = createClient({ fetch, singleFlight: true, runtime: { clock } })
  const asked = ['a', 'b', 'a'].flatMap((authorization) =>
    ['text/html', 'text/plain'].map((accept) => ({ authorization, accept })),
  )
  const answers = asked.map(async (headers) => (await client.fetch(url, { headers })).text())
  await clock.advance(5)
  expect(await Promise.all(answers)).toEqual(asked.map(({ authorization, accept }) => `${authorization} ${accept}`))
  expect(seen).toHaveLength(4)
})

test.each([
  ['a server whose clock is right', 0],
  ['a server whose clock is an hour behind', -3_600_000],
])('50 clients that hear the same Retry-After of 2 s from %s come back spread out', async (_name, skewMs) => {
  const clock = manualClock()
  const cameBack: number[] = []
  const calls = Array.from({ length: 50 }, (_, seed) => {
    let refused = false
    const fetch = async () => {
      if (refused) {
        cameBack.push(clock.now())
        return new Response(null)
      }
      refused = true
      const now = clock.wallNow() + skewMs
      const headers = { date: new Date(now).toUTCString(), 'retry-after': new Date(now + 2_000).toUTCString() }
      return new Response(null, { status: 503, headers })
    }
    return createClient({ fetch, runtime: { clock, random: seededRandom(seed) } }).fetch(url)
  })
  for (let ms = 0; ms < 10_000; ms += 10) await clock.advance(10)
  await Promise.all(calls)
  expect(cameBack).toHaveLength(50)
  expect(Math.min(...cameBack)).toBeGreaterThanOrEqual(2_000)
  expect(Math.max(...cameBack) - Math.min(...cameBack)).toBeGreaterThan(400)
})

test('1,000 calls aborted at random moments settle once with their reasons, and nothing is left', async () => {
  const clock = manualClock()
  const random = seededRandom(7)
  const client = createClient({
    // 60 in flight at the most, slow, failing, pushing back: calls are queued, waiting, probing and hedged.
    limit: { initial: 20, max: 20 },
    hedge: { minSamples: 5, delayMs: 20 },
    singleFlight: true,
    fetch: async (_input, init) => {
      const ms = random() < 0.1 ? 5_000 : random() * 60
      await clock.sleep(ms, init?.signal ?? undefined)
      const dice = random()
      if (dice < 0.1) throw new TypeError('fetch failed')
      if (dice < 0.15) return new Response(null, { status: 503, headers: { 'retry-after': '1' } })
      return new Response(null)
    },
    layers: [chaos<Request, Response>([{ rate: 0.05, hang: true }])],
    runtime: { clock, random },
  })
  const settled = { value: 0, aborted: 0, refused: 0, failed: 0 }
  const calls = Array.from({ length: 1_000 }, async (_, index) => {
    await clock.sleep(random() * 2_000)
    const controller = new AbortController()
    const reason = { index }
    clock.setTimer(random() * 3_000, () => controller.abort(reason))
    try {
      await client.fetch(`${url}/${index % 300}`, { signal: controller.signal })
      settled.value++
    } catch (error) {
      if (error === reason) settled.aborted++
      else if (isBreakwaterError(error)) settled.refused++
      else {
        expect(error).toBeInstanceOf(TypeError)
        settled.failed++
      }
    }
  })
  for (let ms = 0; ms < 60_000; ms += 100) await clock.advance(100)
  await Promise.all(calls)
  expect(settled.value + settled.aborted + settled.refused + settled.failed).toBe(1_000)
  expect(settled.aborted).toBeGreaterThan(100)
  const health = client.health().upstreams['api.test:80']
  expect(health?.queue).toBe(0)
  expect(health?.limit.inFlight).toBe(0)
  await client.close()
  expect(clock.pending).toBe(0)
})
