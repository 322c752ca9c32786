import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { attemptsOf, type ClientOptions } from '../../src/index.ts'
import { mocked } from '../support/mocked.ts'

const url = 'http://other.test/'

/** The answers of a `fetch` that is not the platform's, or of a mock. */
const answer = (status: number, given: object = {}) =>
  ({ status, headers: new Headers(), body: null, ...given }) as unknown as Response

function scene(options: ClientOptions) {
  const made = mocked({ ...options, attemptMs: 1_000 })
  const health = () => made.client.health().upstreams['other.test:80']
  return { ...made, health }
}

/** A stream of Node, as `node-fetch` has it: neither locked nor to be cancelled. */
const streamOfNode = () => ({ pipe: () => {}, destroy: () => {} })

describe('a response that is not the platform’s', () => {
  it('may come late with a body that cannot be cancelled, and gives its place back once', async () => {
    const { client, clock, play, health } = scene({
      retry: false,
      fetch: async () => {
        await clock.sleep(5_000)
        return answer(200, { body: streamOfNode() })
      },
    })
    const [end] = await play(Promise.allSettled([client.fetch(url)]), { stepMs: 500 })
    expect(end).toMatchObject({ status: 'rejected', reason: { code: 'deadline' } })
    await clock.advance(10_000)
    expect(health()?.limit.inFlight).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('is tried again although its body cannot be cancelled', async () => {
    const { client, play, sent } = scene({ fetch: async () => answer(503, { body: streamOfNode() }) })
    expect((await play(client.fetch(url))).status).toBe(503)
    expect(sent).toHaveLength(3)
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['one without headers', { status: 200 }],
  ])('nor one at all leaves nothing behind: %s', async (_name, value) => {
    const { client, clock, play, health } = scene({
      limit: { callsPerWindow: 'learned' },
      fetch: async () => value as never,
    })
    await expect(play(client.fetch(url))).rejects.toBeInstanceOf(TypeError)
    expect(health()?.limit.inFlight).toBe(0)
    await play(client.close({ drainMs: 1_000 }), { forMs: 5_000 })
    expect(clock.pending).toBe(0)
  })
})

describe('a response', () => {
  it('may be frozen, or the same for several calls, each of which may still cut its body', async () => {
    for (const one of [Object.freeze(new Response('body')), new Response('body')]) {
      const signals: (AbortSignal | null | undefined)[] = []
      const { client, play } = scene({
        fetch: async (_input, init) => {
          signals.push(init?.signal)
          return one
        },
      })
      const callers = [new AbortController(), new AbortController()]
      for (const { signal } of callers) {
        const response = await play(client.fetch(url, { signal }))
        expect(response).toBe(one)
        expect(attemptsOf(response)).toHaveLength(1)
      }
      for (const [index, caller] of callers.entries()) caller.abort(index)
      expect(signals.map((signal) => signal?.reason)).toEqual([0, 1])
    }
  })

  it('leaves one listener on the signal of its callers however many there are, and none once they left', async () => {
    const { client, play } = scene({ fetch: async () => new Response('body') })
    const caller = new AbortController()
    const responses: Response[] = []
    for (let call = 0; call < 100; call++) responses.push(await play(client.fetch(url, { signal: caller.signal })))
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(1)
    caller.abort()
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
    expect(responses).toHaveLength(100)
  })

  it('without a body leaves none', async () => {
    const { client, play } = scene({ fetch: async () => new Response(null, { status: 204 }) })
    const caller = new AbortController()
    await play(client.fetch(url, { signal: caller.signal }))
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0)
  })
})
