import { beforeEach, describe, expect, test } from 'vitest'
import { type CallOptions, type Client, createClient } from '../../src/index.ts'
import { type ManualClock, manualClock } from '../../src/testing/index.ts'

const url = 'http://hedged.test/'

interface Sent {
  readonly headers: Headers
  readonly signal: AbortSignal | null | undefined
}

let clock: ManualClock
let client: Client
let sent: Sent[]
/** How long each request takes, in order; the last one counts for all that follow. */
let tookMs: number[]

beforeEach(async () => {
  clock = manualClock()
  sent = []
  tookMs = [10]
  const fetch = async (_input: RequestInfo | URL, init?: RequestInit) => {
    const number = sent.push({ headers: new Headers(init?.headers), signal: init?.signal })
    const ms = tookMs[Math.min(number, tookMs.length) - 1] ?? 0
    await clock.sleep(ms, init?.signal ?? undefined)
    return new Response(`answer ${number}`)
  }
  client = createClient({ fetch, hedge: true, runtime: { clock, random: () => 0.5 } })
  for (let call = 0; call < 60; call++) {
    const answer = client.fetch(url)
    await clock.advance(10)
    await answer
  }
  sent = []
  tookMs = [1_000, 5]
})

async function call(init: RequestInit & { breakwater?: CallOptions } = {}): Promise<string> {
  const answer = client.fetch(url, init)
  for (let ms = 0; ms < 1_500; ms += 5) await clock.advance(5)
  return (await answer).text()
}

describe('a slow call', () => {
  test('is sent a second time, the faster answer counts and stays readable, and the loser is aborted', async () => {
    expect(await call()).toBe('answer 2')
    expect(sent).toHaveLength(2)
    expect(sent[0]?.signal?.aborted).toBe(true)
    expect(sent[1]?.signal?.aborted).toBe(false)
    expect(clock.pending).toBe(0)
  })

  test.each([
    ['a POST', { method: 'POST' }],
    ['a DELETE', { method: 'DELETE' }],
    ['a POST that asks for it without a word that it is idempotent', { method: 'POST', breakwater: { hedge: true } }],
    ['a PUT with a body', { method: 'PUT', body: 'x', breakwater: { idempotent: true } }],
    ['a call that says no', { breakwater: { hedge: false } }],
    ['a call that must not be repeated', { breakwater: { idempotent: false } }],
  ])('is not, for %s', async (_name, init) => {
    expect(await call(init)).toBe('answer 1')
    expect(sent).toHaveLength(1)
  })

  test('is, for a POST that says idempotent, under one key', async () => {
    expect(await call({ method: 'POST', breakwater: { idempotent: true } })).toBe('answer 2')
    const keys = sent.map(({ headers }) => headers.get('idempotency-key'))
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(keys).toEqual([keys[0], keys[0]])
  })

  test('shows in amplification', async () => {
    await call()
    expect(client.health().upstreams['hedged.test:80']?.amplification).toBeGreaterThan(1)
  })
})

test('the body of a loser that answers all the same is freed', async () => {
  const cancelled: unknown[] = []
  let deaf = 0
  const fetch = async () => {
    const number = ++deaf
    // Ignores its signal, as some do.
    await clock.sleep(number === 1 ? 1_000 : 5)
    return new Response(new ReadableStream({ cancel: () => void cancelled.push(number) }))
  }
  const own = createClient({ fetch, hedge: { delayMs: 20, minSamples: 1 }, runtime: { clock } })
  deaf = 1
  const warm = own.fetch(url)
  await clock.advance(5)
  await warm
  deaf = 0
  const answer = own.fetch(url)
  for (let ms = 0; ms < 1_500; ms += 5) await clock.advance(5)
  expect((await answer).bodyUsed).toBe(false)
  expect(cancelled).toEqual([1])
})
