import { describe, expect, test } from 'vitest'
import { BodyError, type ClientOptions, createClient, DeadlineError } from '../../src/index.ts'
import { manualClock } from '../../src/testing/index.ts'

const url = 'http://api.test/'

/** A response whose chunks come every `everyMs`. */
function drip(clock: ReturnType<typeof manualClock>, chunks: number, everyMs: number, headers: HeadersInit = {}) {
  const seen = { cancelled: undefined as unknown, sent: 0 }
  const fetch = async (_input: RequestInfo | URL, init?: RequestInit) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason))
      },
      async pull(controller) {
        await clock.sleep(everyMs, init?.signal ?? undefined)
        if (seen.sent++ === chunks) controller.close()
        else controller.enqueue(new Uint8Array(100))
      },
      cancel(reason) {
        seen.cancelled = reason
      },
    })
    return new Response(body, { headers })
  }
  return { fetch, seen }
}

function scene(options: ClientOptions, chunks: number, everyMs: number, headers?: HeadersInit) {
  const clock = manualClock()
  const { fetch, seen } = drip(clock, chunks, everyMs, headers)
  const client = createClient({ ...options, fetch, runtime: { clock } })
  const run = async <T>(work: Promise<T>): Promise<T | Error> => {
    const result = work.catch((error: Error) => error)
    for (let turn = 0; turn < 200; turn++) await clock.advance(100)
    return result
  }
  return { clock, client, seen, run }
}

describe('maxResponseBytes', () => {
  test('lets a body pass that is just as long', async () => {
    const { client, run } = scene({ maxResponseBytes: 500 }, 5, 10)
    const bytes = await run(client.fetch(url).then((response) => response.arrayBuffer()))
    expect(bytes).toHaveProperty('byteLength', 500)
  })

  test('breaks off one that turns out longer, and frees its connection', async () => {
    const { client, run, seen } = scene({ maxResponseBytes: 499 }, 5, 10)
    const error = await run(client.fetch(url).then((response) => response.arrayBuffer()))
    expect(error).toBeInstanceOf(BodyError)
    expect(error).toMatchObject({ code: 'body', reason: 'too-large', upstream: 'api.test:80' })
    expect(seen.cancelled).toBe(error)
  })

  test('refuses at once what says that it is longer', async () => {
    const { client, run } = scene({ maxResponseBytes: 499 }, 5, 10, { 'content-length': '500' })
    expect(await run(client.fetch(url))).toMatchObject({ reason: 'too-large' })
  })
})

describe('idleReadMs', () => {
  test('breaks off a body that pauses for longer', async () => {
    const { client, run, seen } = scene({ idleReadMs: 1_000 }, 5, 1_500)
    const error = await run(client.fetch(url).then((response) => response.text()))
    expect(error).toMatchObject({ code: 'body', reason: 'idle' })
    expect(seen.cancelled).toBe(error)
  })

  test('lets a slow body take its time', async () => {
    const { client, run, clock } = scene({ idleReadMs: 1_000 }, 10, 900)
    expect(await run(client.fetch(url).then((response) => response.text()))).toHaveLength(1_000)
    expect(clock.pending).toBe(0)
  })
})

describe('attemptCovers', () => {
  test('headers: a long body is nobody’s business', async () => {
    const { client, run } = scene({ attemptMs: 1_000 }, 10, 900)
    expect(await run(client.fetch(url).then((response) => response.text()))).toHaveLength(1_000)
  })

  test('body: it ends with the attempt', async () => {
    const { client, run } = scene({ attemptMs: 1_000, attemptCovers: 'body' }, 10, 900)
    const error = await run(client.fetch(url).then((response) => response.text()))
    expect(error).toBeInstanceOf(DeadlineError)
    expect(error).toMatchObject({ scope: 'attempt', limitMs: 1_000 })
  })

  test('body: one that has been read in time leaves no timer', async () => {
    const { client, run, clock } = scene({ attemptMs: 10_000, attemptCovers: 'body' }, 3, 10)
    await run(client.fetch(url).then((response) => response.text()))
    expect(clock.pending).toBe(0)
  })
})

test('limit.until body: the place is kept until the body has been read', async () => {
  const { client, clock, run } = scene({ limit: { max: 1, initial: 1, until: 'body' } }, 1, 10)
  const first = await client.fetch(url)
  let second: Response | undefined
  void client.fetch(url).then((response) => {
    second = response
  })
  await clock.advance(1_000)
  expect(second).toBeUndefined()
  await run(first.text())
  expect(second?.status).toBe(200)
})

test('a guarded response looks like the one it stands for', async () => {
  const original = Object.defineProperties(new Response('text', { status: 201, headers: { 'x-a': '1' } }), {
    url: { value: 'http://api.test/final' },
    redirected: { value: true },
  })
  const client = createClient({ maxResponseBytes: 100, fetch: async () => original })
  const response = await client.fetch(url)
  const clone = response.clone()
  for (const one of [response, clone]) {
    expect(one).toMatchObject({ url: 'http://api.test/final', redirected: true, status: 201 })
    expect(one.headers.get('x-a')).toBe('1')
  }
  expect([await response.text(), await clone.text()]).toEqual(['text', 'text'])
})
