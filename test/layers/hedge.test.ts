import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { settled } from '../../src/core/clock.ts'
import { BreakwaterError } from '../../src/core/error.ts'
import type { Call } from '../../src/core/layer.ts'
import { OptionsError } from '../../src/core/options.ts'
import type { HedgeOptions } from '../../src/layers/hedge/index.ts'
import { hedge } from '../../src/layers/hedge/index.ts'
import { hang } from '../../src/testing/index.ts'
import { world } from '../support/world.ts'
import { type Answer, failing, race, takes, warm } from './hedge-race.ts'

const unhandled = vi.fn()
beforeEach(() => void process.on('unhandledRejection', unhandled))
afterEach(async () => {
  await settled()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

describe('a slow call', () => {
  it('is sent a second time after the wait, and the first good answer counts', async () => {
    const w = world()
    const { below, result, seen } = race(w, [takes(w, 100, 'slow'), takes(w, 30, 'fast')])
    await w.clock.advance(19)
    expect(below.requests).toHaveLength(1)
    await w.clock.advance(1)
    expect(below.requests).toHaveLength(2)
    await w.clock.advance(29)
    expect(seen).toEqual({})
    await w.clock.advance(1)
    expect((await result).name).toBe('fast')
    expect(w.events).toEqual([
      { type: 'hedge.sent', delayMs: 20, upstream: 'api.example:443' },
      { type: 'hedge.won', durationMs: 50, upstream: 'api.example:443' },
    ])
  })

  it('aborts the loser, frees what it brings too late, and never aborts the winner', async () => {
    const w = world()
    const { below, result, freed, controller } = race(w, [takes(w, 100, 'slow', 'deaf'), takes(w, 30, 'fast')])
    await w.clock.advance(50)
    await result
    const [slow, fast] = below.contexts.map(({ signal }) => signal)
    expect([slow?.aborted, fast?.aborted]).toEqual([true, false])
    expect(freed).toEqual([])
    await w.clock.advance(50)
    expect(freed).toEqual(['slow'])
    controller.abort('later')
    expect(fast?.aborted).toBe(false)
    expect(w.clock.pending).toBe(0)
  })

  it('that answers first after all wins over its hedge', async () => {
    const w = world()
    const { below, result } = race(w, [takes(w, 40, 'slow'), takes(w, 30, 'fast')])
    await w.clock.advance(40)
    expect((await result).name).toBe('slow')
    expect(below.contexts.map(({ signal }) => signal.aborted)).toEqual([false, true])
    expect(w.told('hedge.won')).toEqual([])
    expect(w.clock.pending).toBe(0)
  })

  it('is left alone when it ends in time, and leaves no timer', async () => {
    const w = world()
    const { below, result } = race(w, [takes(w, 19, 'in time')])
    await w.clock.advance(19)
    await result
    expect(below.requests).toHaveLength(1)
    expect([w.clock.pending, w.events.length]).toEqual([0, 0])
  })

  it('gets as many hedges as the options allow, each after another wait, and one winner', async () => {
    const w = world()
    const answers = [takes(w, 500, 'a', 'deaf'), takes(w, 500, 'b', 'deaf'), takes(w, 500, 'c', 'deaf')]
    const { below, result, freed } = race(w, [...answers, takes(w, 10, 'd')], { options: { maxExtra: 3 } })
    const sentAt: number[] = []
    for (let ms = 0; ms < 90; ms += 5) {
      while (sentAt.length < below.requests.length) sentAt.push(ms)
      await w.clock.advance(5)
    }
    expect(sentAt).toEqual([0, 20, 40, 60])
    expect((await result).name).toBe('d')
    expect(below.contexts.map(({ signal }) => signal.aborted)).toEqual([true, true, true, false])
    await w.clock.advance(1_000)
    expect(freed.sort()).toEqual(['a', 'b', 'c'])
    expect(w.clock.pending).toBe(0)
  })

  it('gets no more of them after one was refused', async () => {
    const w = world()
    const options = { maxExtra: 3 }
    const { below, result } = race(w, [takes(w, 500, 'slow')], { options, needs: { refuse: () => 'limit' } })
    await w.clock.advance(500)
    await result
    expect(below.requests).toHaveLength(1)
    expect(w.events).toEqual([{ type: 'hedge.refused', reason: 'limit', upstream: 'api.example:443' }])
  })
})

describe('an answer that is no success', () => {
  it.each<[string, Partial<Answer>]>([
    ['a failure', { verdict: 'failure' }],
    ['pushback', { verdict: 'throttled' }],
    ['overload', { verdict: 'overload' }],
  ])('of the primary before the wait stops the hedge: %s', async (_what, answer) => {
    const w = world()
    const { below, result } = race(w, [takes(w, 10, 'refused', 'heeds', answer)])
    await w.clock.advance(1_000)
    expect((await result).name).toBe('refused')
    expect(below.requests).toHaveLength(1)
    expect(w.clock.pending).toBe(0)
  })

  it('stops further hedges, and those under way may still win', async () => {
    const w = world()
    const refused = takes(w, 10, 'refused', 'heeds', { verdict: 'throttled' })
    const { below, result, freed } = race(w, [takes(w, 200, 'slow'), refused], { options: { maxExtra: 5 } })
    await w.clock.advance(200)
    expect((await result).name).toBe('slow')
    expect(below.requests).toHaveLength(2)
    expect(freed).toEqual(['refused'])
    expect(w.clock.pending).toBe(0)
  })

  it('of all copies: the last one is what the caller gets', async () => {
    const w = world()
    const last = new Error('the hedge broke')
    const { result, freed } = race(w, [takes(w, 30, 'refused', 'heeds', { verdict: 'overload' }), failing(w, 60, last)])
    await w.clock.advance(80)
    await expect(result).rejects.toBe(last)
    expect(freed).toEqual(['refused'])
    expect(w.told('hedge.won')).toEqual([])

    const first = new Error('the primary broke')
    const other = race(w, [failing(w, 90, first), failing(w, 10, last)])
    await w.clock.advance(90)
    await expect(other.result).rejects.toBe(first)
    expect(w.clock.pending).toBe(0)
  })
})

describe('the abort of the caller', () => {
  it('aborts all copies with its reason, and what they still bring is freed', async () => {
    const w = world()
    const { below, result, freed, controller } = race(w, [takes(w, 100, 'slow', 'deaf'), takes(w, 90, 'b', 'deaf')])
    await w.clock.advance(20)
    controller.abort('left')
    await expect(result).rejects.toBe('left')
    expect(below.contexts.map(({ signal }) => signal.reason)).toEqual(['left', 'left'])
    expect(w.clock.pending).toBe(2)
    await w.clock.advance(100)
    expect(freed.sort()).toEqual(['b', 'slow'])
    expect(w.clock.pending).toBe(0)
  })

  it('before the hedge leaves no timer', async () => {
    const w = world()
    const { result, controller } = race(w, [hang()])
    controller.abort('left')
    await expect(result).rejects.toBe('left')
    expect(w.clock.pending).toBe(0)
  })

  it('before the start sends nothing', async () => {
    const w = world()
    const { below, result } = race(w, [], { context: { signal: AbortSignal.abort('left') } })
    await expect(result).rejects.toBe('left')
    expect(below.requests).toEqual([])
    expect(w.clock.pending).toBe(0)
  })

  it.each(['primary', 'hedge'])('in the moment in which the %s is sent leaves no timer', async (which) => {
    const w = world()
    const controller = new AbortController()
    const leave = (_request: string, { signal }: { signal: AbortSignal }) => {
      controller.abort('left')
      return Promise.reject<Answer>(signal.reason)
    }
    const { result } = race(w, which === 'primary' ? [leave] : [hang(), leave], {
      options: { maxExtra: 2 },
      context: { signal: controller.signal },
    })
    if (which === 'hedge') await w.clock.advance(20)
    await expect(result).rejects.toBe('left')
    expect(w.clock.pending).toBe(0)
  })

  it.each(['primary', 'hedge'])('still reaches the winner until it is released: %s', async (which) => {
    const w = world()
    for (const released of [false, true]) {
      const releases: (() => void)[] = []
      const linger = (_value: Answer, release: () => void) => releases.push(release)
      const [slowMs, fastMs] = which === 'primary' ? [30, 100] : [100, 30]
      const answers = [takes(w, slowMs, 'first'), takes(w, fastMs, 'second')]
      const { below, result, controller } = race(w, answers, { needs: { linger } })
      await w.clock.advance(200)
      await result
      if (released) releases[0]?.()
      controller.abort('left')
      const winner = below.contexts[which === 'primary' ? 0 : 1]?.signal
      expect(winner?.reason).toBe(released ? undefined : 'left')
      expect(releases).toHaveLength(1)
    }
  })
})

describe('never sent twice is', () => {
  it('a retry', async () => {
    const w = world()
    const context = w.context({ attempt: 2 })
    const { below, result } = race(w, [takes(w, 500, 'slow')], { context })
    await w.clock.advance(500)
    await result
    expect(below.requests).toHaveLength(1)
    expect(below.contexts[0]?.signal).toBe(context.signal)
  })

  it('what must not be, and what goes to a server without a hedger', async () => {
    for (const needs of [{ hedgeable: () => false }, { hedgerOf: () => undefined }]) {
      const w = world()
      const { below, result } = race(w, [takes(w, 500, 'slow')], { needs })
      await w.clock.advance(500)
      await result
      expect([below.requests.length, w.events.length]).toEqual([1, 0])
    }
  })

  it.each(['circuit', 'gate', 'limit', 'retry-budget'] as const)(
    'a call whose server must not get more: %s',
    async (reason) => {
      const w = world()
      const { below, result, hedger } = race(w, [takes(w, 500, 'slow')], { needs: { refuse: () => reason } })
      await w.clock.advance(500)
      await result
      expect(below.requests).toHaveLength(1)
      expect(w.events).toEqual([{ type: 'hedge.refused', reason, upstream: 'api.example:443' }])
      // What was refused is not paid for.
      expect(hedger.spend()).toBeUndefined()
    },
  )
})

describe('a call that throws at once', () => {
  it.each(['primary', 'hedge'])('fails like one that rejects: %s', async (which) => {
    const w = world()
    const error = new Error('at once')
    const throws = () => {
      throw error
    }
    const steps = which === 'primary' ? [throws] : [failing(w, 50, new Error('later')), throws]
    const run = hedge<string, Answer>({}, { hedgerOf: () => warm() })(
      (request, context) => (steps.shift() as Call<string, Answer>)(request, context),
      w,
    )
    const result = run('request', w.context())
    result.catch(() => {})
    await w.clock.advance(50)
    await expect(result).rejects.toThrow(which === 'primary' ? 'at once' : 'later')
    expect(w.clock.pending).toBe(0)
  })
})

describe('options', () => {
  it.each<[string, Partial<Record<keyof HedgeOptions, unknown>>]>([
    ['a percentile of none', { percentile: 0 }],
    ['a percentile of all', { percentile: 1 }],
    ['a wait below 0', { delayMs: -1 }],
    ['a wait that is no number', { delayMs: Number.NaN }],
    ['no sample at all', { minSamples: 0 }],
    ['no hedge at all', { maxExtra: 0 }],
    ['half a hedge', { maxExtra: 1.5 }],
    ['more hedges than calls', { ratio: 1.1 }],
    ['a text', { ratio: '0.1' }],
  ])('refuse %s', (_what, options) => {
    expect(() => hedge(options as Partial<HedgeOptions>)).toThrow(OptionsError)
  })

  it('refuse a name that does not exist', () => {
    expect(() => hedge({ delay: 5 } as Partial<HedgeOptions>)).toThrow(/hedge has no option 'delay'/)
    expect(() => hedge({ delay: 5 } as Partial<HedgeOptions>)).toThrow(BreakwaterError)
  })
})
