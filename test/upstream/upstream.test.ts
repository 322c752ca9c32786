import { describe, expect, it } from 'vitest'
import { type Call, stack } from '../../src/core/layer.ts'
import { type Judge, plainJudge, type Verdict } from '../../src/core/outcome.ts'
import type { Hint } from '../../src/core/retry-after.ts'
import { CircuitOpenError } from '../../src/layers/breaker/index.ts'
import { LimitError } from '../../src/layers/limit/index.ts'
import { PushbackError } from '../../src/layers/pushback/index.ts'
import { Upstream, type UpstreamOptions } from '../../src/upstream/upstream.ts'
import { type World, world } from '../support/world.ts'

interface Answer {
  verdict: Verdict
  hint?: Hint
}

const judge: Judge<Answer, Answer> = { value: ({ verdict }) => verdict, error: plainJudge.error }
const fine: Answer = { verdict: 'success' }
const broken: Answer = { verdict: 'failure' }

function hinted(afterMs: number): Answer {
  return { verdict: 'overload', hint: { afterMs, header: 'retry-after' } }
}

/** An upstream whose server takes 10 ms and answers what it is sent. */
function upstreamOf(w: World, options: Partial<UpstreamOptions> = {}) {
  const upstream = new Upstream('api.example:443', { attemptMs: 10_000, ...options }, w)
  const sentAt: number[] = []
  const server: Call<Answer, Answer> = async (answer) => {
    sentAt.push(w.clock.now())
    await w.clock.sleep(10)
    return answer
  }
  const call = stack(upstream.layers<Answer, Answer>({ judge, read: ({ hint }) => hint }), server, w)
  const send = (answer: Answer, deadlineAt = Infinity) => {
    const result = call(answer, w.context({ deadlineAt }))
    result.catch(() => undefined)
    return result
  }
  const sendMany = async (answer: Answer, times: number) => {
    const results = Array.from({ length: times }, () => send(answer).catch((error) => error))
    await w.clock.advance(10 * times)
    return Promise.all(results)
  }
  return { upstream, sentAt, send, sendMany }
}

describe('the order of the layers', () => {
  it('waits for a shut gate outside the queue, and holds no place while it does', async () => {
    const w = world(0.5)
    const { upstream, sentAt, send } = upstreamOf(w, { limit: { adaptive: false, max: 1, queue: 1 } })
    send(hinted(30_000))
    await w.clock.advance(10)
    for (let call = 0; call < 5; call++) send(fine)
    await w.clock.advance(0)
    expect(upstream.health()).toMatchObject({ queue: 0, gate: { shutForMs: 30_000 } })
    expect(sentAt).toEqual([0])
    await w.clock.advance(33_000)
    expect(sentAt[1]).toBe(33_010)
  })

  it('fails at once at the gate where the deadline ends first, and at an open circuit, without a place', async () => {
    const w = world(0.5)
    const { send, sendMany } = upstreamOf(w, {
      limit: { adaptive: false, max: 1, queue: 0 },
      breaker: { consecutive: 1 },
    })
    await sendMany(hinted(30_000), 1)
    await expect(send(fine, 20_000)).rejects.toBeInstanceOf(PushbackError)
    await w.clock.advance(60_000)
    await sendMany(broken, 1)
    await expect(send(fine)).rejects.toBeInstanceOf(CircuitOpenError)
  })

  it('does not queue for a circuit that opens meanwhile: those who wait are told at once, with a time', async () => {
    const w = world(0.5)
    const { upstream, sentAt, send } = upstreamOf(w, {
      limit: { adaptive: false, max: 2 },
      breaker: { consecutive: 2, openMs: 1_000 },
    })
    const results = Array.from({ length: 100 }, () => send(broken).catch((error) => error))
    expect(upstream.health().queue).toBe(98)
    await w.clock.advance(10)
    expect(sentAt.length).toBe(2)
    for (const error of (await Promise.all(results)).slice(2)) {
      expect(error).toBeInstanceOf(CircuitOpenError)
      expect(error).toMatchObject({ retryAfterMs: 750, upstream: 'api.example:443' })
    }
    expect(upstream.health().queue).toBe(0)
  })

  it('takes the permit behind the queue, so that no attempt is sent under a phase of before', async () => {
    const w = world(0.5)
    const { upstream, sentAt, send } = upstreamOf(w, { limit: { adaptive: false, max: 1 } })
    send(fine)
    const waiting = send(fine)
    const hold = upstream.circuit.isolate()
    await expect(waiting).rejects.toMatchObject({ phase: 'isolated' })
    hold[Symbol.dispose]()
    await w.clock.advance(10)
    expect(sentAt).toEqual([0])
  })

  it('refuses at once when the queue is full', async () => {
    const w = world()
    const { send } = upstreamOf(w, { limit: { adaptive: false, max: 1, queue: 1 } })
    send(fine)
    send(fine)
    await expect(send(fine)).rejects.toBeInstanceOf(LimitError)
  })

  it('lets the ramp after an outage queue instead of rejecting', async () => {
    const w = world(0.5)
    const { upstream, send, sendMany } = upstreamOf(w, { breaker: { consecutive: 3, probes: 1, openMs: 1_000 } })
    await sendMany(broken, 3)
    await w.clock.advance(1_000)
    await sendMany(fine, 1)
    expect(upstream.health()).toMatchObject({ circuit: 'closed', limit: { max: 64 / 10 } })
    const results = Array.from({ length: 100 }, () => send(fine))
    expect(upstream.health().queue).toBe(94)
    await w.clock.advance(1_000)
    expect(await Promise.all(results)).toEqual(Array(100).fill(fine))
  })
})

describe('what would refuse a further attempt', () => {
  it('is a gate that outlasts the deadline, or a circuit that is not closed', async () => {
    const w = world(0.5)
    const { upstream, sendMany } = upstreamOf(w, { breaker: { consecutive: 3, openMs: 1_000 } })
    expect(upstream.refuse(w.context())).toBeUndefined()
    await sendMany(broken, 3)
    expect(upstream.refuse(w.context())).toBeInstanceOf(CircuitOpenError)
    await w.clock.advance(1_000)
    expect(upstream.refuse(w.context())).toBeUndefined()
    await sendMany(hinted(30_000), 1)
    expect(upstream.refuse(w.context({ deadlineAt: w.clock.now() + 1_000 }))).toBeInstanceOf(PushbackError)
  })
})

describe('the parts', () => {
  it('can be switched off one by one', async () => {
    const w = world(0.5)
    const { upstream, sentAt, sendMany } = upstreamOf(w, { breaker: false, pushback: false, limit: false })
    await sendMany(broken, 500)
    await sendMany(hinted(30_000), 500)
    expect(sentAt.length).toBe(1_000)
    expect(upstream.health()).toMatchObject({
      circuit: 'closed',
      gate: { shutForMs: 0 },
      limit: { max: null },
      queue: 0,
    })
    expect(upstream.refuse(w.context({ deadlineAt: 0 }))).toBeUndefined()
  })

  it('leave the circuit to the hand where the breaker is off', async () => {
    const { upstream, send } = upstreamOf(world(), { breaker: false })
    const hold = upstream.circuit.isolate()
    await expect(send(fine)).rejects.toBeInstanceOf(CircuitOpenError)
    hold[Symbol.dispose]()
    expect(upstream.health().circuit).toBe('closed')
  })

  it.each([
    [10_000, undefined, 20_000],
    [10_000, 500, 500],
    [0, undefined, 1],
    [Infinity, undefined, Number.MAX_VALUE],
  ])('give a probe twice the patience of an attempt: %d ms, or %s as given', (attemptMs, halfOpenMs, expected) => {
    const breaker = halfOpenMs === undefined ? {} : { halfOpenMs }
    const { upstream } = upstreamOf(world(), { attemptMs, breaker })
    expect(upstream.circuit.options.halfOpenMs).toBe(expected)
  })
})

describe('health', () => {
  it('of a new upstream', () => {
    expect(upstreamOf(world()).upstream.health()).toMatchObject({
      circuit: 'closed',
      gate: { shutForMs: 0 },
      limit: { max: 64, inFlight: 0 },
      queue: 0,
      budget: { tokens: 3 },
      p50Ms: null,
      p95Ms: null,
      amplification: 1,
    })
  })

  it.each<[string, Partial<UpstreamOptions>]>([
    ['as it comes', {}],
    [
      'without limits',
      { limit: { max: Infinity, adaptive: false }, budget: { capacity: Infinity, initial: Infinity } },
    ],
    ['with nothing', { limit: false, breaker: false, pushback: false }],
  ])('is plain JSON: %s', async (_which, options) => {
    const w = world()
    const { upstream, sendMany } = upstreamOf(w, options)
    upstream.attemptStarted(false)
    upstream.attemptEnded('success', 12.5)
    await sendMany(broken, 12)
    await sendMany(hinted(3_600_000), 1)
    const health = upstream.health()
    expect(JSON.parse(JSON.stringify(health))).toEqual(health)
  })

  it('has the latencies of attempts that were answered', () => {
    const { upstream } = upstreamOf(world())
    for (let ms = 1; ms <= 100; ms++) {
      upstream.attemptStarted(false)
      upstream.attemptEnded('success', ms)
      upstream.attemptStarted(false)
      upstream.attemptEnded('timeout', 10_000)
    }
    const { p50Ms, p95Ms } = upstream.health()
    expect(Math.abs((p50Ms ?? 0) / 50 - 1)).toBeLessThan(0.02)
    expect(Math.abs((p95Ms ?? 0) / 95 - 1)).toBeLessThan(0.02)
  })

  it('counts what is on the wire', () => {
    const { upstream } = upstreamOf(world())
    upstream.attemptStarted(false)
    upstream.attemptStarted(true)
    upstream.attemptEnded('failure', 10)
    expect(upstream.health().limit.inFlight).toBe(1)
  })

  it('has the amplification of the last minute: attempts for each call that made any', async () => {
    const w = world()
    const { upstream } = upstreamOf(w)
    for (const isExtra of [false, false, true, true, false, true, false]) upstream.attemptStarted(isExtra)
    expect(upstream.health().amplification).toBe(7 / 4)
    await w.clock.advance(60_000)
    expect(upstream.health().amplification).toBe(1)
    upstream.attemptStarted(true)
    expect(upstream.health().amplification).toBe(1)
  })
})
