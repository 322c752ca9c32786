import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClient, DeadlineError } from '../../src/index.ts'
import { manualClock } from '../../src/testing/index.ts'
import { eventually, type Recorder, startRecorder } from '../support/recorder.ts'

let server: Recorder
let held: ServerResponse[]

beforeEach(async () => {
  held = []
  const failed = new Set<string>()
  server = await startRecorder({
    hold: (_request, response) => void held.push(response),
    begin: (_request, response) => {
      response.write('first ')
      held.push(response)
    },
    // What comes with the 503 is more than a socket's buffers hold.
    busy: (request, response) => {
      const url = request.url ?? ''
      if (failed.has(url)) return void response.end('ok')
      failed.add(url)
      response.writeHead(503).end(Buffer.alloc(1_000_000))
    },
  })
})
afterEach(() => server.close())

const theOne = async (): Promise<ServerResponse> => {
  await eventually(() => expect(held).toHaveLength(1))
  return held[0] as ServerResponse
}

const decoded = (chunk: { value?: Uint8Array | undefined }) => new TextDecoder().decode(chunk.value)

describe('sockets', () => {
  it('are not held by a hundred 503 that nobody read', async () => {
    const client = createClient({
      retry: { throttleBaseMs: 0 },
      budget: { initial: 100, capacity: 100 },
      breaker: false,
    })
    for (let call = 0; call < 100; call++) {
      const response = await client.fetch(`${server.origin}/busy/${call}`)
      expect(await response.text()).toBe('ok')
    }
    expect(server.requests).toHaveLength(200)
    // One that has carried nothing yet: Node's fetch opens it after one that it had to destroy.
    await eventually(async () => expect(await server.busyConnections()).toBeLessThanOrEqual(1))
  })

  it('are closed under attempts that timed out', async () => {
    const clock = manualClock()
    const client = createClient({ attemptMs: 1_000, retry: { attempts: 2, baseMs: 0 }, runtime: { clock } })
    const answer = client.fetch(`${server.origin}/hold`).catch((reason: unknown) => reason)
    await eventually(() => expect(held).toHaveLength(1))
    await clock.advance(1_000)
    await eventually(() => expect(held).toHaveLength(2))
    await clock.advance(1_000)
    expect(await answer).toMatchObject({ name: 'DeadlineError', scope: 'attempt' })
    await eventually(async () => expect(await server.busyConnections()).toBe(0))
    expect(clock.pending).toBe(0)
  })
})

describe('a response that streams', () => {
  it('is handed on chunk by chunk, as it comes', async () => {
    const client = createClient()
    const [response] = await Promise.all([client.fetch(`${server.origin}/begin`), theOne()])
    const reader = response.body!.getReader()
    expect(decoded(await reader.read())).toBe('first ')
    held[0]?.write('second ')
    expect(decoded(await reader.read())).toBe('second ')
    held[0]?.end('third')
    expect(decoded(await reader.read())).toBe('third')
    expect((await reader.read()).done).toBe(true)
  })

  it('is cut by no deadline: the patience is for the headers', async () => {
    const clock = manualClock()
    const client = createClient({ deadlineMs: 1_000, attemptMs: 500, runtime: { clock } })
    const response = await client.fetch(`${server.origin}/begin`)
    await clock.advance(3_600_000)
    held[0]?.end('and last')
    expect(await response.text()).toBe('first and last')
    expect(clock.pending).toBe(0)
  })

  it('gives its socket back when the reader cancels it', async () => {
    const response = await createClient().fetch(`${server.origin}/begin`)
    await response.body?.cancel()
    await eventually(async () => expect(await server.busyConnections()).toBe(0))
  })
})

describe("an abort ends with the caller's own reason, and the server hears of it", () => {
  const reasons: [string, unknown][] = [
    ['an error', new Error('enough')],
    ['an object', { left: true }],
    ['text', 'enough'],
    ['nothing', undefined],
  ]
  const sends: [string, (url: string, signal: AbortSignal) => Promise<Response>][] = [
    ['fetch', (url, signal) => fetch(url, { signal })],
    ['client.fetch', (url, signal) => createClient().fetch(url, { signal })],
    ['client.fetch of a Request', (url, signal) => createClient().fetch(new Request(url, { signal }))],
    ['client.http', async (url, signal) => createClient().http(url, { signal })],
  ]
  const cases = sends.flatMap(([by, send]) => reasons.map(([name, reason]) => [by, name, send, reason] as const))

  it.each(cases)('%s, before it begins: %s', async (_by, _name, send, reason) => {
    const controller = new AbortController()
    controller.abort(reason)
    const error = await send(`${server.origin}/hold`, controller.signal).catch((caught: unknown) => caught)
    expect(error).toBe(controller.signal.reason)
    expect(server.requests).toHaveLength(0)
  })

  it.each(cases)('%s, while it waits for the headers: %s', async (_by, _name, send, reason) => {
    const controller = new AbortController()
    const answer = send(`${server.origin}/hold`, controller.signal).catch((caught: unknown) => caught)
    const closed = once(await theOne(), 'close')
    controller.abort(reason)
    expect(await answer).toBe(controller.signal.reason)
    await closed
  })

  it.each(cases)('%s, while its body is read: %s', async (_by, _name, send, reason) => {
    const controller = new AbortController()
    const response = await send(`${server.origin}/begin`, controller.signal)
    const closed = once(await theOne(), 'close')
    const reader = response.body!.getReader()
    expect(decoded(await reader.read())).toBe('first ')
    const rest = reader.read().catch((caught: unknown) => caught)
    controller.abort(reason)
    expect(await rest).toBe(controller.signal.reason)
    await closed
  })
})

describe('an upload', () => {
  const slow = (chunks: number, bytes: number, between: () => Promise<void>): ReadableStream<Uint8Array> => {
    let sent = 0
    return new ReadableStream({
      pull: async (controller) => {
        await between()
        controller.enqueue(new Uint8Array(bytes))
        if (++sent === chunks) controller.close()
      },
    })
  }

  it.each(['PUT', 'POST'])('of 200 KiB that takes a minute is cut by no attempt deadline: %s', async (method) => {
    const clock = manualClock()
    const client = createClient({ attemptMs: 50, deadlineMs: 120_000, runtime: { clock } })
    const body = () => slow(20, 10_240, () => clock.advance(3_000))
    for (const input of [
      () => client.fetch(`${server.origin}/a`, { method, body: body(), duplex: 'half' } as RequestInit),
      () => client.fetch(new Request(`${server.origin}/a`, { method, body: body(), duplex: 'half' } as RequestInit)),
      async () => client.http(`${server.origin}/a`, { method, body: body() }),
    ]) {
      const from = clock.now()
      expect(await (await input()).text()).toBe('ok')
      expect(clock.now() - from).toBe(60_000)
    }
    expect(server.requests.map((request) => request.body.length)).toEqual([204_800, 204_800, 204_800])
    expect(clock.pending).toBe(0)
  })

  it('that is small has the whole patience of an attempt once it is out', async () => {
    const clock = manualClock()
    const client = createClient({ attemptMs: 50, retry: false, runtime: { clock } })
    const body = slow(3, 10, () => clock.advance(1_000))
    const request = new Request(`${server.origin}/hold`, { method: 'PUT', body, duplex: 'half' } as RequestInit)
    const answer = client.fetch(request).catch((caught: unknown) => caught)
    await theOne()
    await eventually(() => expect(server.requests[0]?.body.length).toBe(30))
    expect(clock.now()).toBe(3_000)
    await clock.advance(49)
    // One timer for the deadlines of the attempt and of the call.
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    expect(await answer).toBeInstanceOf(DeadlineError)
    expect(clock.now()).toBe(3_050)
  })

  it('of 200 KiB in memory is ended by the deadline of the call alone', async () => {
    const clock = manualClock()
    const client = createClient({ attemptMs: 50, deadlineMs: 10_000, runtime: { clock } })
    const init = { method: 'PUT', body: new Uint8Array(204_800) }
    const answer = client.fetch(`${server.origin}/hold`, init).catch((caught: unknown) => caught)
    await theOne()
    await clock.advance(9_999)
    expect(held).toHaveLength(1)
    await clock.advance(1)
    expect(await answer).toMatchObject({ name: 'DeadlineError', scope: 'call' })
  })
})
