import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { attemptsOf, CircuitOpenError, DeadlineError } from '../../src/index.ts'
import { answering, hanging } from '../support/answering.ts'
import { mocked } from '../support/mocked.ts'

const url = 'http://attempts.test/'
const caught = (promise: Promise<unknown>) => promise.catch((reason: unknown) => reason)

describe('attemptsOf', () => {
  it('a response tells what came before it', async () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    const network = new TypeError('fetch failed', { cause: refused })
    const { client, play } = mocked({ fetch: answering(network, 503, 200) }, 0.5)
    const response = await play(client.fetch(url))
    expect(attemptsOf(response)).toEqual([
      {
        attempt: 1,
        verdict: 'failure',
        startedAfterMs: 0,
        durationMs: 0,
        causes: [{ name: 'TypeError' }, { name: 'Error', code: 'ECONNREFUSED' }],
      },
      { attempt: 2, verdict: 'overload', startedAfterMs: 25, durationMs: 0, status: 503 },
      { attempt: 3, verdict: 'success', startedAfterMs: 1_025, durationMs: 0, status: 200 },
    ])
  })

  it('an error tells them too, those that timed out included', async () => {
    const { client, play } = mocked({ fetch: hanging, attemptMs: 1_000, deadlineMs: 1_700, retry: { baseMs: 0 } })
    const error = await play(caught(client.fetch(url)))
    expect(error).toBeInstanceOf(DeadlineError)
    expect(attemptsOf(error)).toEqual([
      {
        attempt: 1,
        verdict: 'timeout',
        startedAfterMs: 0,
        durationMs: 1_000,
        causes: [{ name: 'DeadlineError', code: 'deadline' }],
      },
      {
        attempt: 2,
        verdict: 'timeout',
        startedAfterMs: 1_000,
        durationMs: 700,
        causes: [{ name: 'DeadlineError', code: 'deadline' }],
      },
    ])
  })

  it('the reason of an abort tells them, where it can carry anything', async () => {
    for (const [reason, known] of [
      [new Error('left'), 1],
      [{ left: true }, 1],
      ['left', 0],
    ] as const) {
      const { client, clock } = mocked({ fetch: hanging })
      const controller = new AbortController()
      const answer = caught(client.fetch(url, { signal: controller.signal }))
      await clock.advance(10)
      controller.abort(reason)
      expect(attemptsOf(await answer)).toHaveLength(known)
      if (known) expect(attemptsOf(reason)).toMatchObject([{ verdict: 'neutral', durationMs: 10 }])
    }
  })

  it('is empty for what we refused, and for what is not ours', async () => {
    const { client, play } = mocked({ fetch: answering(200) })
    using _hold = client.isolate()
    const error = await play(caught(client.fetch(url)))
    expect(error).toBeInstanceOf(CircuitOpenError)
    expect(attemptsOf(error)).toEqual([])
    for (const other of [new Response(), new Error('other'), undefined, null, 'text', 7, {}]) {
      expect(attemptsOf(other)).toEqual([])
    }
    const circle = new Error('circle')
    circle.cause = circle
    expect(attemptsOf(circle)).toEqual([])
  })

  it('is found through an error that was wrapped around ours', async () => {
    const { client, play } = mocked({ fetch: answering(new TypeError('fetch failed')), retry: false })
    const error = await play(caught(client.fetch(url)))
    expect(attemptsOf(new Error('orders', { cause: error }))).toHaveLength(1)
  })

  it('is one list for each call, whoever shares a response object', async () => {
    const { client, play } = mocked({ fetch: answering(503, 200, 200) })
    const [first, second] = [await play(client.fetch(url)), await play(client.fetch(url))]
    expect([attemptsOf(first).length, attemptsOf(second).length]).toEqual([2, 1])
  })
})

describe('a secret in the query, a header or the body', () => {
  const canary = 'canary-5f2b'
  const secret = `http://user.test/path?token=${canary}#${canary}`
  const init = { method: 'PUT', headers: { authorization: canary, 'x-api-key': canary }, body: `${canary}=1` }

  it('is in no event, error, attempt or figure', async () => {
    const told: unknown[] = []
    const scenes = [
      mocked({ fetch: answering(503) }, 0.5),
      mocked({ fetch: answering(429) }),
      mocked({ fetch: answering(new TypeError('fetch failed', { cause: new Error('x') })) }),
      mocked({ fetch: hanging, attemptMs: 100, deadlineMs: 250 }),
      mocked({
        fetch: async () => new Response(null, { status: 429, headers: { 'retry-after': '60', 'x-token': canary } }),
      }),
      mocked({ fetch: answering(500), breaker: { consecutive: 1 }, retry: { baseMs: 0 } }),
      mocked({ fetch: hanging, limit: { adaptive: false, max: 1, queue: 0 }, deadlineMs: 100 }),
    ]
    for (const { client, play } of scenes) {
      client.on('*', (event) => told.push(event))
      const calls = Array.from({ length: 3 }, () => caught(client.fetch(secret, init)))
      for (const ended of await play(Promise.all(calls))) {
        told.push(attemptsOf(ended))
        if (ended instanceof Error) told.push(ended, String(ended), ended.stack, JSON.stringify(ended))
      }
      told.push(client.health(), client, await caught(client.close()))
      told.push(await caught(client.fetch(secret, init)))
    }
    const wrong = mocked({ baseUrl: 'http://user.test' }).client
    told.push(await caught(wrong.fetch(`//other.test/?token=${canary}`)))
    expect(told.length).toBeGreaterThan(100)
    const shown = inspect(told, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null })
    expect(shown.includes('user.test:80')).toBe(true)
    expect(shown.includes(canary)).toBe(false)
  })
})
