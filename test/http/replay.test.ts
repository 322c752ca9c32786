import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { attemptsOf } from '../../src/index.ts'
import { answering, hanging } from '../support/answering.ts'
import { mocked } from '../support/mocked.ts'

const url = 'http://replay.test/'
const caught = (promise: Promise<unknown>) => promise.catch((reason: unknown) => reason)
const put = (body: RequestInit['body'] | object, more: RequestInit = {}) =>
  ({ method: 'PUT', body, duplex: 'half', ...more }) as RequestInit

const unhandled: unknown[] = []
const keep = (reason: unknown) => unhandled.push(reason)
beforeEach(() => void process.on('unhandledRejection', keep))
afterEach(() => {
  process.off('unhandledRejection', keep)
  expect(unhandled).toEqual([])
})

/** Reads what it is sent, as the platform does, and answers only then. */
function reading(answer: typeof fetch) {
  const bodies: string[] = []
  const send: typeof fetch = async (input, init) => {
    bodies.push(await new Request(input, init).text())
    return answer(input, init)
  }
  return { bodies, send }
}

describe('while a call waits for its turn, its caller may change what it gave', () => {
  it('and what is sent is what was given', async () => {
    const seen: [string, string | null, string][] = []
    const { client, play } = mocked({
      limit: { adaptive: false, max: 1 },
      fetch: async (input, init) => {
        const request = new Request(input, init)
        seen.push([request.url, request.headers.get('x-page'), await request.text()])
        return new Response()
      },
    })
    const at = new URL(url)
    const headers = new Headers()
    const pairs: [string, string][] = [['x-page', '']]
    const plain = { 'x-page': '' }
    const bytes = new Uint8Array(1)
    const form = new URLSearchParams()
    const calls: Promise<Response>[] = []
    for (const page of ['1', '2', '3']) {
      at.searchParams.set('page', page)
      headers.set('x-page', page)
      pairs[0] = ['x-page', page]
      plain['x-page'] = page
      bytes[0] = page.charCodeAt(0)
      form.set('page', page)
      calls.push(client.fetch(at, { method: 'POST', headers, body: bytes }))
      calls.push(client.fetch(at, { method: 'PUT', headers: pairs, body: bytes.buffer }))
      calls.push(client.fetch(at, { method: 'POST', headers: plain, body: form }))
    }
    await play(Promise.all(calls))
    const expected = ['1', '2', '3'].flatMap((page) => {
      const to = `${url}?page=${page}`
      return [
        [to, page, page],
        [to, page, page],
        [to, page, `page=${page}`],
      ]
    })
    expect(seen).toEqual(expected)
  })
})

describe('a stream', () => {
  it.each([
    ['text, which Node sends', 'text'],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['a number', 7],
    ['nothing', null],
  ])('of what is no bytes is never sent again as something else: %s', async (_name, chunk) => {
    let sent = 0
    const { client, play } = mocked({
      fetch: async (_input, init) => {
        sent++
        const { body } = init as { body: ReadableStream }
        const reader = body.getReader()
        while (!(await reader.read()).done);
        return new Response(null, { status: 503 })
      },
    })
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(chunk)
        controller.close()
      },
    })
    expect((await play(client.fetch(url, put(stream)))).status).toBe(503)
    expect(sent).toBe(1)
  })

  it("that breaks is the caller's own error: sent once, and no sign of a sick server", async () => {
    const failure = new Error('the source')
    const { client, play } = mocked({ fetch, retry: { baseMs: 0 } })
    for (const method of ['PUT', 'POST']) {
      const stream = new ReadableStream({ pull: () => Promise.reject(failure) })
      const error = await play(caught(client.fetch('http://127.0.0.1:1/', put(stream, { method }))))
      expect(error).toBeInstanceOf(TypeError)
      expect(attemptsOf(error)).toHaveLength(1)
    }
  })

  it('is let go of when its call is over, so that its source hears that nobody reads it', async () => {
    const reason = new Error('left')
    const controller = new AbortController()
    let cancelled: unknown
    let given: ReadableStream | undefined
    const { client, clock } = mocked({
      fetch: (input, init) => {
        given = init?.body as unknown as ReadableStream
        return hanging(input, init)
      },
    })
    const stream = new ReadableStream(
      {
        pull: (to) => to.enqueue(new Uint8Array(10)),
        cancel: (why) => {
          cancelled = why
        },
      },
      { highWaterMark: 0 },
    )
    const call = caught(client.fetch(url, put(stream, { signal: controller.signal })))
    await clock.advance(0)
    controller.abort(reason)
    expect(await call).toBe(reason)
    await given?.cancel(reason)
    expect(cancelled).toContain(reason)
  })

  it('that is in use already is refused by the platform, in its own words', async () => {
    for (const method of ['PUT', 'POST']) {
      const locked = new Blob(['x']).stream()
      locked.getReader()
      const plain = (await caught(fetch(url, put(locked, { method })))) as Error
      const { client, play } = mocked({ fetch })
      const ours = (await play(caught(client.fetch(url, put(locked, { method }))))) as Error
      expect([ours.name, ours.message]).toEqual([plain.name, plain.message])
    }
  })
})

describe('a Request', () => {
  it('whose body was read is refused by the platform, in its own words', async () => {
    const request = new Request(url, { method: 'PUT', body: 'x' })
    await request.text()
    const plain = (await caught(fetch(request))) as Error
    const { client, play } = mocked({ fetch })
    const ours = (await play(caught(client.fetch(request)))) as Error
    expect([ours.name, ours.message]).toEqual([plain.name, plain.message])
  })

  it('with another body in its init sends that one, each time', async () => {
    const { bodies, send } = reading(answering(503, new TypeError('fetch failed'), 200))
    const { client, play } = mocked({ fetch: send })
    const request = new Request(url, { method: 'PUT', body: 'old' })
    expect((await play(client.fetch(request, { body: 'new' }))).status).toBe(200)
    expect(bodies).toEqual(['new', 'new', 'new'])
  })

  it('is used up by its call, as by the plain fetch', async () => {
    const { client, play } = mocked({ fetch: reading(answering(200)).send })
    const request = new Request(url, { method: 'PUT', body: 'x' })
    await play(client.fetch(request))
    expect(request.bodyUsed).toBe(true)
  })
})

describe('where the platform does not show the body of a request or a response', () => {
  /** As Firefox has requests. */
  const hidden = (request: Request): Request => {
    const copy = request.clone.bind(request)
    return Object.defineProperties(request, {
      body: { value: undefined },
      clone: { value: () => hidden(copy()) },
    })
  }

  it.each([
    ['a small body', 'text', 1_000, ['text', 'text', 'text']],
    ['a body above replayBytes', 'text', 3, ['text']],
  ])('%s is kept all the same', async (_name, body, replayBytes, expected) => {
    const { bodies, send } = reading(answering(503, 503, 200))
    const { client, play } = mocked({ fetch: send, replayBytes })
    const request = hidden(new Request(url, { method: 'PUT', body }))
    expect((await play(client.fetch(request))).status).toBe(expected.length === 3 ? 200 : 503)
    expect(bodies).toEqual(expected)
  })

  it('a GET has none, and is repeated after errors as well', async () => {
    const { client, play, sent } = mocked({ fetch: answering(new TypeError('fetch failed'), 503, 200) })
    expect((await play(client.fetch(hidden(new Request(url))))).status).toBe(200)
    expect(sent).toHaveLength(3)
  })

  it('a response without a stream, as in React Native, has been read', async () => {
    const shown = Object.defineProperty(new Response('text'), 'body', { value: undefined })
    const controller = new AbortController()
    const left = vi.spyOn(controller.signal, 'removeEventListener')
    const { client, play } = mocked({ fetch: async () => shown })
    expect(await (await play(client.fetch(url, { signal: controller.signal }))).text()).toBe('text')
    expect(left).toHaveBeenCalledOnce()
  })

  it('and where there are no weak references, bodies are cut by their caller as anywhere', async () => {
    vi.stubGlobal('WeakRef', undefined)
    vi.stubGlobal('FinalizationRegistry', undefined)
    let below: AbortSignal | null | undefined
    const controller = new AbortController()
    const { client, play } = mocked({
      fetch: async (_input, init) => {
        below = init?.signal
        return new Response('text')
      },
    })
    await play(client.fetch(url, { signal: controller.signal }))
    controller.abort('left')
    expect(below?.reason).toBe('left')
    vi.unstubAllGlobals()
  })
})
