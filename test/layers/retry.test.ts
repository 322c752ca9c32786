import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/core/outcome.ts'
import { CircuitOpenError } from '../../src/layers/breaker/index.ts'
import type { RetryNeeds } from '../../src/layers/retry.ts'
import { world } from '../support/world.ts'
import { type Answer, answer, play } from './attempts.ts'

describe('retry', () => {
  it('lets a success through with no wait and no event', async () => {
    const w = world()
    const value = answer('success')
    const { result, below } = play(w, [value])
    expect(await result).toBe(value)
    expect(below.requests).toEqual(['request'])
    expect(w.events).toEqual([])
  })

  it('tries again after waits drawn from 50 and 100 ms, and says which attempt it is', async () => {
    const w = world(0.5)
    const value = answer('success')
    const { result, below, sentAt } = play(w, [new Error('one'), answer('failure'), value])
    await w.clock.advance(1000)
    expect(await result).toBe(value)
    expect(sentAt).toEqual([0, 25, 75])
    expect(below.contexts.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(w.told('retry.scheduled')).toEqual([
      { type: 'retry.scheduled', attempt: 1, delayMs: 25, verdict: 'failure' },
      { type: 'retry.scheduled', attempt: 2, delayMs: 50, verdict: 'failure' },
    ])
  })

  it.each(['throttled', 'overload'] as const)('waits from 1 s on after an answer that is %s', async (verdict) => {
    const w = world(0.5)
    const { result, sentAt } = play(w, [answer(verdict), answer(verdict), answer('success')])
    await w.clock.advance(10_000)
    await result
    expect(sentAt).toEqual([0, 500, 1500])
  })

  it('caps the wait before the draw', async () => {
    const w = world(0.5)
    const { sentAt } = play(w, [answer('failure'), answer('failure'), answer('failure'), answer('success')], {
      options: { attempts: 4, capMs: 60 },
    })
    await w.clock.advance(1000)
    expect(sentAt).toEqual([0, 25, 55, 85])
  })

  it('hands up the last error itself after the last attempt', async () => {
    const w = world()
    const errors = [new Error('one'), new Error('two'), new Error('three')]
    const { result, below } = play(w, errors)
    await w.clock.advance(1000)
    await expect(result).rejects.toBe(errors[2])
    expect(below.requests.length).toBe(3)
    expect(w.told('retry.refused')).toEqual([])
  })

  it('hands up the last value itself after the last attempt, and never frees it', async () => {
    const w = world()
    const values = [answer('failure'), answer('failure'), answer('failure')]
    const freed: Answer[] = []
    const { result } = play(w, values, { needs: { discard: (value) => freed.push(value) } })
    await w.clock.advance(1000)
    expect(await result).toBe(values[2])
    expect(freed).toEqual([values[0], values[1]])
    expect(freed[0]).toBe(values[0])
  })

  it('frees a refused value before it waits', async () => {
    const w = world(0.5)
    const freedAt: number[] = []
    const { result } = play(w, [answer('failure'), answer('success')], {
      needs: { discard: () => freedAt.push(w.clock.now()) },
    })
    await w.clock.advance(0)
    expect(freedAt).toEqual([0])
    await w.clock.advance(25)
    await result
    expect(freedAt).toEqual([0])
  })

  it.each<[string, Verdict, RetryNeeds<string, Answer>]>([
    ['that must not be repeated', 'failure', { repeatable: () => false }],
    ['that must not be repeated, as it turns out', 'failure', { repeatable: async () => false }],
    ['that says nothing', 'neutral', {}],
  ])('returns a value %s untouched, as no error', async (_which, verdict, needs) => {
    const w = world()
    const value = Object.freeze(answer(verdict))
    const { result, below } = play(w, [value], { needs: { ...needs, discard: () => expect.unreachable() } })
    expect(await result).toBe(value)
    expect(below.left).toBe(0)
    expect(w.events).toEqual([])
  })

  it('asks whether the request may be repeated with what the attempt gave', async () => {
    const w = world()
    const asked: unknown[] = []
    const error = new Error('two')
    const first = answer('overload')
    const { result } = play(w, [first, error], {
      needs: {
        repeatable: (request, ending) => {
          asked.push([request, ending])
          return asked.length < 2
        },
      },
    })
    await w.clock.advance(1000)
    await expect(result).rejects.toBe(error)
    expect(asked).toEqual([
      ['request', { verdict: 'overload', value: first }],
      ['request', { verdict: 'failure', error }],
    ])
  })

  it('has options of its own for a request that says so', async () => {
    const w = world()
    const base = { attempts: 1, baseMs: 50, throttleBaseMs: 1000, capMs: 20_000, jitter: 'full' } as const
    const one = play(w, [new Error('only')], { needs: { optionsOf: () => base } })
    await expect(one.result).rejects.toThrow('only')
    expect(one.below.requests.length).toBe(1)
  })
})

describe('a further attempt that would be in vain', () => {
  const refusedOnce = (reason: string) => [
    { type: 'retry.refused', attempt: 1, verdict: 'overload', reason, of: 'request' },
  ]
  const needs: RetryNeeds<string, Answer> = {
    discard: () => expect.unreachable(),
    label: (request) => ({ of: request }),
  }

  it.each([0, 499, 500])(
    'gives what it has at once where the deadline ends after %i ms of a wait of 500',
    async (ms) => {
      const w = world(0.5)
      const value = answer('overload')
      const { result } = play(w, [value], { needs, context: { deadlineAt: ms } })
      expect(await result).toBe(value)
      expect(w.clock.pending).toBe(0)
      expect(w.events).toEqual(refusedOnce('deadline'))
    },
  )

  it('is waited for when the deadline leaves a moment for it', async () => {
    const w = world(0.5)
    const value = answer('success')
    const { result } = play(w, [answer('overload'), value], { context: { deadlineAt: 501 } })
    await w.clock.advance(500)
    expect(await result).toBe(value)
  })

  it('gives what it has at once where those below would refuse it', async () => {
    const w = world(0.5)
    const value = answer('overload')
    const { result } = play(w, [value], { needs: { ...needs, refuse: () => new CircuitOpenError('open', 900) } })
    expect(await result).toBe(value)
    expect(w.events).toEqual(refusedOnce('circuit-open'))
  })

  it('throws the very error that it has', async () => {
    const w = world(0.5)
    const error = new Error('given')
    const { result } = play(w, [error], { context: { deadlineAt: 10 } })
    await expect(result).rejects.toBe(error)
  })
})

it('builds no event when nobody listens', async () => {
  const w = world(0.5)
  w.emit = undefined
  const needs: RetryNeeds<string, Answer> = { label: () => expect.unreachable() }
  const { result } = play(w, [answer('failure'), answer('failure')], { needs, context: { deadlineAt: 50 } })
  await w.clock.advance(1000)
  expect(await result).toEqual(answer('failure'))
})
