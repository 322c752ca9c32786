import * as msw from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PushbackError } from '../../src/index.ts'
import { failingHandlers, seededRandom } from '../../src/testing/index.ts'
import { mocked } from '../support/mocked.ts'

const origin = 'https://shared.test'
const server = setupServer(
  ...failingHandlers(msw, { origin }),
  ...failingHandlers(msw, { origin: 'https://other.test' }),
)

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterAll(() => server.close())

let calls = 0
beforeEach(() => {
  calls++
})

const told = (seconds: number, status = 429) => `${origin}/flaky/1?status=${status}&retry-after=${seconds}&id=${calls}`
const well = `${origin}/status/200`

describe('what one call was told', () => {
  it('holds back all of them, and they come back one by one over the spread', async () => {
    const { client, play, sent } = mocked({}, seededRandom(7))
    const first = client.fetch(told(5))
    while (client.health().upstreams['shared.test:443']?.gate.shutForMs === 0) await play(Promise.resolve())
    const others = Array.from({ length: 40 }, () => client.fetch(well))
    const responses = await play(Promise.all([first, ...others]))
    expect(responses.map(({ status }) => status)).toEqual(Array(41).fill(200))

    const back = sent.slice(1).map(({ atMs }) => atMs)
    expect(back).toHaveLength(41)
    expect(Math.min(...back)).toBeGreaterThanOrEqual(5_000)
    expect(Math.max(...back)).toBeLessThanOrEqual(6_000)
    // Over tenths of the spread, no two of them hold most of the calls.
    const tenths = new Set(back.map((atMs) => Math.floor((atMs - 5_000) / 100)))
    expect(tenths.size).toBeGreaterThan(7)
    expect(new Set(back).size).toBe(41)
  })

  it('holds nobody back who talks to another upstream', async () => {
    const { client, play, sent, clock } = mocked()
    const first = client.fetch(told(5))
    const other = await play(client.fetch('https://other.test/status/200'))
    expect(other.status).toBe(200)
    expect(clock.now()).toBe(0)
    expect((await play(first)).status).toBe(200)
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 0, 5_000])
  })

  it('is held against what upstreamOf says, not against the host', async () => {
    const { client, play, clock } = mocked({ upstreamOf: (url) => url.pathname.split('/')[1] ?? '' })
    const first = client.fetch(told(5))
    expect((await play(client.fetch(well))).status).toBe(200)
    expect(clock.now()).toBe(0)
    expect(Object.keys(client.health().upstreams)).toEqual(['flaky', 'status'])
    await play(first)
  })

  it('fails those at once who cannot wait that long, and says when to come back', async () => {
    const { client, play, clock, sent } = mocked()
    const first = client.fetch(told(5))
    while (client.health().upstreams['shared.test:443']?.gate.shutForMs === 0) await play(Promise.resolve())
    const hurried = client.fetch(well, { breakwater: { deadlineMs: 4_000 } })
    const error = await play(hurried.catch((reason: unknown) => reason))
    expect(error).toBeInstanceOf(PushbackError)
    expect(error).toMatchObject({ code: 'pushback', retryAfterMs: 5_000, upstream: 'shared.test:443' })
    expect(clock.now()).toBe(0)
    await play(first)
    expect(sent).toHaveLength(2)
  })

  it('counts for those on the wire only at their next attempt', async () => {
    const { client, play, sent } = mocked()
    const both = Promise.all([client.fetch(told(5)), client.fetch(`${origin}/flaky/1?status=500&id=wire${calls}`)])
    expect((await play(both)).map(({ status }) => status)).toEqual([200, 200])
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 0, 5_000, 5_000])
  })

  it('is ended by nobody but time: a shorter hint does not open the gate earlier', async () => {
    const { client, play, sent } = mocked({ retry: { baseMs: 0, throttleBaseMs: 0 } })
    await play(Promise.all([client.fetch(told(9)), client.fetch(told(2, 503))]))
    expect(sent.slice(2).every(({ atMs }) => atMs >= 9_000)).toBe(true)
  })

  it('is nothing where pushback is off: then the caller waits its own backoff', async () => {
    const { client, play, sent } = mocked({ pushback: false }, 0.5)
    expect((await play(client.fetch(told(5)))).status).toBe(200)
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 500])
  })

  it('is read from the headers and statuses that the options name', async () => {
    const { client, play, sent } = mocked({ pushback: { headers: ['x-come-back'], statuses: [500] } })
    await play(client.fetch(`${origin}/flaky/1?status=500&x-come-back=3&retry-after=9&id=own${calls}`))
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 3_000])
  })

  it('is told to whoever listens, without any header but its name', async () => {
    const { client, play } = mocked()
    const events: unknown[] = []
    client.on('pushback.received', (event) => events.push(event))
    client.on('pushback.waiting', (event) => events.push(event))
    await play(client.fetch(told(5)))
    const upstream = 'shared.test:443'
    expect(events).toEqual([
      { type: 'pushback.received', upstream, hintMs: 5_000, header: 'retry-after' },
      { type: 'pushback.waiting', upstream, delayMs: 5_000 },
    ])
  })

  it('leaves a waiting call as soon as its caller does', async () => {
    const { client, play, clock, sent } = mocked()
    const first = client.fetch(told(5))
    while (client.health().upstreams['shared.test:443']?.gate.shutForMs === 0) await play(Promise.resolve())
    const controller = new AbortController()
    const waiting = client.fetch(well, { signal: controller.signal }).catch((reason: unknown) => reason)
    await clock.advance(0)
    const reason = { left: true }
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    await play(first)
    expect(sent).toHaveLength(2)
    expect(clock.pending).toBe(0)
  })
})
