import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hintHeaders } from '../../src/core/retry-after.ts'
import { attemptsOf, type BreakwaterEvent, createClient } from '../../src/index.ts'
import { type ManualClock, manualClock, seededRandom } from '../../src/testing/index.ts'

/** What the server does with one request. */
interface Turn {
  readonly kind: 'answer' | 'break' | 'hang' | 'deaf'
  readonly status: number
  readonly afterMs: number
  readonly retryAfter: string | undefined
}

interface Ask {
  readonly atMs: number
  readonly method: string
  readonly key: boolean
  readonly body: boolean
  readonly abortAfterMs: number | undefined
  readonly deadlineMs: number | undefined
}

const turn: fc.Arbitrary<Turn> = fc.record({
  kind: fc.constantFrom('answer', 'answer', 'answer', 'break', 'hang', 'deaf'),
  status: fc.constantFrom(200, 200, 204, 404, 408, 429, 500, 502, 503),
  afterMs: fc.nat(2_000),
  retryAfter: fc.option(fc.constantFrom('0', '1', '5', '40', '-1', 'soon', '999999999'), { nil: undefined, freq: 4 }),
})

const ask: fc.Arbitrary<Ask> = fc.record({
  atMs: fc.nat(20_000),
  method: fc.constantFrom('GET', 'PUT', 'DELETE', 'POST', 'PATCH'),
  key: fc.boolean(),
  body: fc.boolean(),
  abortAfterMs: fc.option(fc.nat(8_000), { nil: undefined }),
  deadlineMs: fc.option(fc.integer({ min: 1, max: 40_000 }), { nil: undefined }),
})

interface Sent {
  readonly call: string
  readonly host: string
  readonly atMs: number
}

/** A time in which a server wants to be left alone. */
interface Closed {
  readonly host: string
  readonly fromMs: number
  readonly untilMs: number
}

/** Plays the turns one after the other, as a server without memory; nothing that it answers has a body. */
function serve(turns: readonly Turn[], clock: ManualClock, sent: Sent[], closed: Closed[]): typeof fetch {
  let next = 0
  return (input, init) => {
    const { kind, status, afterMs, retryAfter } = turns[next++ % turns.length] as Turn
    const { host } = new URL(String(input))
    sent.push({ call: new Headers(init?.headers).get('x-call') ?? '', host, atMs: clock.now() })
    return new Promise((resolve, reject) => {
      const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
      const settle = () => {
        if (kind === 'break') return reject(new TypeError('fetch failed'))
        resolve(new Response(null, { status, headers }))
        if (init?.signal?.aborted || status < 408 || !/^\d+$/.test(retryAfter ?? '')) return
        const fromMs = clock.now()
        closed.push({ host, fromMs, untilMs: fromMs + Math.min(300, Number(retryAfter)) * 1_000 })
      }
      const cancel = kind === 'hang' ? () => {} : clock.setTimer(afterMs, settle)
      const signal = init?.signal
      if (kind === 'deaf') return
      signal?.addEventListener('abort', () => {
        cancel()
        reject(signal.reason)
      })
    })
  }
}

async function play(turns: readonly Turn[], asks: readonly Ask[], seed: number) {
  const clock = manualClock()
  const sent: Sent[] = []
  const closed: Closed[] = []
  const events: BreakwaterEvent[] = []
  const client = createClient({
    fetch: serve(turns, clock, sent, closed),
    runtime: { clock, random: seededRandom(seed) },
    attemptMs: 3_000,
    onEvent: (event) => events.push(event),
  })
  const calls = asks.map(({ atMs, method, key, body, abortAfterMs, deadlineMs }, index) => {
    const controller = new AbortController()
    const { signal } = controller
    let listeners = 0
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      listeners++
      addEventListener.apply(signal, given)
    }
    signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
      listeners--
      removeEventListener.apply(signal, given)
    }
    const call = {
      name: String(index),
      settled: 0,
      attempts: 0,
      retried: method !== 'POST' && method !== 'PATCH',
      abortedAt: Infinity,
    }
    if (key) call.retried = true
    const init = {
      method,
      signal,
      headers: { 'x-call': call.name, ...(key ? { 'idempotency-key': call.name } : {}) },
      ...(body && method !== 'GET' ? { body: 'x' } : {}),
      breakwater: { deadlineMs },
    }
    const settle = (ended: unknown) => {
      call.settled++
      call.attempts = attemptsOf(ended).length
    }
    clock.setTimer(atMs, () => {
      client.fetch(`http://${index % 2 ? 'odd' : 'even'}.test/`, init).then(settle, settle)
    })
    if (abortAfterMs !== undefined) {
      clock.setTimer(atMs + abortAfterMs, () => {
        call.abortedAt = clock.now()
        controller.abort(new Error(call.name))
      })
    }
    return { ...call, call, listeners: () => listeners }
  })
  await clock.advance(90_000)
  return { clock, client, sent, closed, events, calls }
}

describe('whatever a server does and callers ask', () => {
  it('each call ends once, pays for what it repeats, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(turn, { minLength: 1, maxLength: 12 }),
        fc.array(ask, { minLength: 1, maxLength: 12 }),
        fc.nat(),
        async (turns, asks, seed) => {
          const { clock, client, sent, closed, events, calls } = await play(turns, asks, seed)
          for (const { call, listeners } of calls) {
            const own = sent.filter((request) => request.call === call.name)
            expect(call.settled).toBe(1)
            expect(own.length).toBeLessThanOrEqual(call.retried ? 3 : 1)
            expect(call.attempts).toBe(own.length)
            expect(own.every(({ atMs }) => atMs <= call.abortedAt)).toBe(true)
            // A signal forgets its listeners when it aborts.
            if (call.abortedAt === Infinity) expect(listeners()).toBe(0)
          }
          for (const [authority, health] of Object.entries(client.health().upstreams)) {
            const of = events.filter((event) => event.upstream === authority)
            const extra = of.filter((event) => event.type === 'attempt.started' && event.attempt > 1).length
            const paidBack = of.filter((event) => event.type === 'attempt.succeeded' && event.attempt > 1).length
            const earned = of.filter((event) => event.type === 'attempt.succeeded' && event.attempt === 1).length
            expect(extra - paidBack).toBeLessThanOrEqual(3 + 0.1 * earned + 1e-9)
            expect(health).toMatchObject({ queue: 0, limit: { inFlight: 0 } })
          }
          for (const { host, fromMs, untilMs } of closed) {
            const within = ({ atMs }: Sent) => atMs > fromMs && atMs < untilMs
            expect(sent.filter((request) => request.host === host && within(request))).toEqual([])
          }
          expect(events.filter(({ type }) => type === 'attempt.started')).toHaveLength(sent.length)
          expect(events.filter(({ type }) => type === 'call.settled')).toHaveLength(asks.length)
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('a header says at most when to come back, and never breaks a call', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(...'0123456789,;="rt GMT:-.e'), maxLength: 60 }),
      fc.integer().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.constant('9'.repeat(10_000)),
      fc.constant(`"a${'\\"'.repeat(5_000)}`),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...hintHeaders),
        text,
        fc.constantFrom(429, 503, 500),
        async (name, value, status) => {
          const clock = manualClock()
          const headers = new Headers()
          try {
            headers.set(name, value)
            headers.set('date', value)
          } catch {
            fc.pre(false)
          }
          let sent = 0
          const client = createClient({
            fetch: async () => (sent++ === 0 ? new Response(null, { status, headers }) : new Response(null)),
            runtime: { clock, random: () => 0.5 },
          })
          let ended: Response | undefined
          void client.fetch('http://header.test/').then((response) => {
            ended = response
          })
          await clock.advance(30_000)
          expect(ended?.status).toBe(sent === 1 ? status : 200)
          const { shutForMs = 0 } = client.health().upstreams['header.test:80']?.gate ?? {}
          expect(shutForMs).toBeLessThanOrEqual(300_000)
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: 500 },
    )
  })
})
