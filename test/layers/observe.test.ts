import { describe, expect, it } from 'vitest'
import { stack } from '../../src/core/layer.ts'
import type { Judge } from '../../src/core/outcome.ts'
import { type Observation, type ObserveNeeds, observe } from '../../src/layers/observe.ts'
import { script } from '../../src/testing/index.ts'
import { type World, world } from '../support/world.ts'

const judge: Judge<string, string> = {
  value: (value) => (value === 'busy' ? 'overload' : 'success'),
  error: () => 'failure',
}

/** One call that takes 30 ms and gives `step`. */
async function play(w: World, needs: ObserveNeeds<string, string>, step: string | Error, attempt = 1) {
  const slowly = async () => {
    await w.clock.sleep(30)
    if (step instanceof Error) throw step
    return step
  }
  const result = stack(
    [observe({ judge, ...needs })],
    script<string, string>(slowly),
    w,
  )('request', w.context({ attempt }))
  const ending = result.catch((error) => error)
  await w.clock.advance(30)
  return ending
}

describe('observe', () => {
  it('tells how an attempt went', async () => {
    const w = world()
    await play(w, { events: 'attempt' }, 'fine', 2)
    await play(w, { events: 'attempt' }, 'busy')
    await play(w, { events: 'attempt' }, new Error('broken'))
    expect(w.events).toEqual([
      { type: 'attempt.started', attempt: 2 },
      { type: 'attempt.succeeded', attempt: 2, durationMs: 30 },
      { type: 'attempt.started', attempt: 1 },
      { type: 'attempt.failed', attempt: 1, verdict: 'overload', durationMs: 30 },
      { type: 'attempt.started', attempt: 1 },
      { type: 'attempt.failed', attempt: 1, verdict: 'failure', durationMs: 30 },
    ])
  })

  it('tells how a call went', async () => {
    const w = world()
    await play(w, { events: 'call' }, 'fine')
    await play(w, { events: 'call' }, new Error('broken'))
    expect(w.events).toEqual([
      { type: 'call.settled', verdict: 'success', durationMs: 30 },
      { type: 'call.settled', verdict: 'failure', durationMs: 30 },
    ])
  })

  it('puts the label of the request into each event', async () => {
    const w = world()
    await play(w, { events: 'attempt', label: (request) => ({ of: request }) }, 'fine')
    expect(w.events).toEqual([
      expect.objectContaining({ type: 'attempt.started', of: 'request' }),
      expect.objectContaining({ type: 'attempt.succeeded', of: 'request' }),
    ])
  })

  it('gives the start and the end to who asks, events or not', async () => {
    const w = world()
    await w.clock.advance(5)
    const starts: unknown[] = []
    const ends: [Observation, unknown][] = []
    const error = new Error('broken')
    const needs: ObserveNeeds<string, string> = {
      started: (request, { attempt }) => starts.push([request, attempt, w.clock.now()]),
      ended: (observation, _request, _context, ending) => ends.push([observation, ending]),
    }
    await play(w, needs, 'busy')
    await play(w, needs, error)
    expect(starts).toEqual([
      ['request', 1, 5],
      ['request', 1, 35],
    ])
    expect(ends).toEqual([
      [{ verdict: 'overload', startedAt: 5, durationMs: 30 }, { value: 'busy' }],
      [{ verdict: 'failure', startedAt: 35, durationMs: 30 }, { error }],
    ])
    expect(w.events).toEqual([])
  })

  it.each(['call', 'attempt'] as const)('builds no event of a %s when nobody listens', async (events) => {
    const w = world()
    w.emit = undefined
    let labels = 0
    await play(w, { events, label: () => ({ labels: labels++ }) }, 'fine')
    await play(w, { events, label: () => ({ labels: labels++ }) }, new Error('broken'))
    expect(labels).toBe(0)
  })

  it('is heard by an ear that comes between the start and the end', async () => {
    const w = world()
    w.emit = undefined
    const heard: string[] = []
    const step = async () => {
      w.emit = ({ type }) => heard.push(type)
      return 'fine'
    }
    await stack([observe({ events: 'attempt' })], script<string, string>(step), w)('request', w.context())
    expect(heard).toEqual(['attempt.succeeded'])
  })
})
