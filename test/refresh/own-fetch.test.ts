import { describe, expect, it } from 'vitest'
import { ownFetch } from '../../src/refresh/own-fetch.ts'
import type { TokenCallOptions } from '../../src/refresh/token.ts'
import { world } from '../support/world.ts'

const url = 'https://id.test/token'

/** The source's own fetch, over a platform that answers in this order and repeats the last. */
function make(...answers: (Response | Error | 'hang')[]) {
  const at = world(0.5)
  const sent: { init: RequestInit; body: string; method: string }[] = []
  const send: typeof fetch = async (input, init = {}) => {
    const request = new Request(input, init)
    sent.push({ init, body: await request.text(), method: request.method })
    const next = answers[Math.min(sent.length, answers.length) - 1]
    if (next instanceof Error) throw next
    if (next !== 'hang') return (next as Response).clone()
    return new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
  }
  return { ...at, sent, fetch: ownFetch(at, send) }
}

const down = new Response(null, { status: 502 })

describe('the fetch of a source that stands alone', () => {
  it('sends what it is given, and none of our options', async () => {
    const { fetch, sent } = make(new Response('ok'))
    const breakwater = { priority: 'critical' } as const
    const response = await fetch(url, { method: 'POST', body: 'a=b', headers: { x: 'y' }, breakwater })
    expect([await response.text(), sent[0]?.body, sent[0]?.method]).toEqual(['ok', 'a=b', 'POST'])
    expect(sent[0]?.init).not.toHaveProperty('breakwater')
  })

  it.each<[method: string, call: TokenCallOptions, times: number]>([
    ['GET', {}, 3],
    ['POST', {}, 1],
    ['POST', { idempotent: true }, 3],
    ['POST', { retry: { methods: ['POST'] } }, 3],
    ['POST', { retry: { methods: ['POST'], attempts: 2 } }, 2],
    ['POST', { retry: false, idempotent: true }, 1],
    ['GET', { idempotent: false }, 1],
  ])('tries %s with %j %s times', async (method, breakwater, times) => {
    const { fetch, sent, clock } = make(down)
    const called = fetch(url, { method, breakwater })
    await clock.advance(25_000)
    expect([(await called).status, sent.length]).toEqual([502, times])
  })

  it('sends the body of a request again, and a stream once', async () => {
    const { fetch, sent, clock } = make(down)
    const again = { breakwater: { idempotent: true } }
    const called = fetch(new Request(url, { method: 'POST', body: 'hello' }), again)
    await clock.advance(25_000)
    expect([(await called).status, sent.map(({ body }) => body)]).toEqual([502, ['hello', 'hello', 'hello']])
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('hello'))
        controller.close()
      },
    })
    const streamed = fetch(url, { method: 'POST', body: stream, duplex: 'half', ...again } as RequestInit)
    await clock.advance(25_000)
    expect([(await streamed).status, sent.length]).toEqual([502, 4])
  })

  it('ends an attempt that hangs, and the call with its caller', async () => {
    const { fetch, sent, clock } = make('hang', new Response('ok'))
    const called = fetch(url, { breakwater: { attemptMs: 1_000 } })
    await clock.advance(3_000)
    expect([(await called).status, sent.length]).toEqual([200, 2])
    const { fetch: other } = make('hang')
    const caller = new AbortController()
    const left = other(url, { signal: caller.signal })
    caller.abort('left')
    await expect(left).rejects.toBe('left')
    await expect(other(url, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone')
  })

  it('stays away for as long as one host wants, and not from another', async () => {
    const { fetch, sent, clock } = make(
      new Response(null, { status: 503, headers: { 'retry-after': '9' } }),
      new Response(),
    )
    expect((await fetch(url, { breakwater: { retry: false } })).status).toBe(503)
    const second = fetch(url)
    const elsewhere = fetch('https://other.test/')
    expect((await elsewhere).status).toBe(200)
    await clock.advance(8_999)
    expect(sent).toHaveLength(2)
    await clock.advance(3_000)
    expect((await second).status).toBe(200)
  })

  it('leaves it to the platform to say what is wrong with a URL', async () => {
    const { fetch } = make(new Response())
    await expect(fetch('not a url')).rejects.toBeInstanceOf(TypeError)
  })
})
