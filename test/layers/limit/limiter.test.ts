import { describe, expect, it } from 'vitest'
import { BreakwaterError } from '../../../src/core/error.ts'
import { type Context, type Priority, stack } from '../../../src/core/layer.ts'
import { OptionsError } from '../../../src/core/options.ts'
import { type Judge, plainJudge, type Verdict } from '../../../src/core/outcome.ts'
import { LimitError, Limiter, type LimitOptions, limit } from '../../../src/layers/limit/index.ts'
import { type World, world } from '../../support/world.ts'

const refusal = new BreakwaterError('circuit-open', 'the circuit is open', { retryAfterMs: 500 })

/** A limiter of fixed height, and callers who tell how far they got. */
function bulkhead(
  w: World,
  max: number,
  options: Partial<LimitOptions> = {},
  check?: () => BreakwaterError | undefined,
) {
  const limiter = new Limiter({ adaptive: false, max, ...options }, w, check ? { check } : {})
  const come = (given?: Partial<Context>) => {
    const caller: { in: boolean; error?: unknown } = { in: false }
    const enter = async () => {
      const turn = limiter.enter(w.context(given))
      if (turn) await turn
      caller.in = true
    }
    enter().catch((error) => {
      caller.error = error
    })
    return caller
  }
  const figures = () => ({ inFlight: limiter.inFlight, queued: limiter.queued })
  return { limiter, come, figures }
}

describe('places', () => {
  it('are taken at once as long as there are any', async () => {
    const w = world()
    const { limiter, figures } = bulkhead(w, 4)
    for (let call = 0; call < 4; call++) expect(limiter.enter(w.context())).toBeUndefined()
    expect(limiter.enter(w.context())).toBeInstanceOf(Promise)
    expect(figures()).toEqual({ inFlight: 4, queued: 1 })
  })

  it('are handed over without a gap: a newcomer cannot take what somebody waits for', async () => {
    const w = world()
    const { limiter, come, figures } = bulkhead(w, 3)
    for (let call = 0; call < 3; call++) come()
    const waiting = come()
    limiter.leave('success', 10)
    const newcomer = come()
    expect(figures()).toEqual({ inFlight: 3, queued: 1 })
    await w.clock.advance(0)
    expect([waiting.in, newcomer.in]).toEqual([true, false])
  })

  it('go to those who matter most, and to the first among equals', async () => {
    const w = world()
    const { limiter, come } = bulkhead(w, 3)
    for (let call = 0; call < 3; call++) come()
    const order: Priority[] = ['background', 'low', 'normal', 'high', 'critical', 'critical', 'low']
    const callers = order.map((priority) => come({ priority }))
    const served: number[] = []
    for (let turn = 0; turn < order.length; turn++) {
      limiter.leave('success', 10)
      await w.clock.advance(0)
      served.push(callers.findIndex((caller, index) => caller.in && !served.includes(index)))
    }
    expect(served).toEqual([4, 5, 3, 2, 1, 6, 0])
  })

  it('in the queue are given up at the moment of an abort', async () => {
    const w = world()
    const { limiter, come, figures } = bulkhead(w, 3)
    for (let call = 0; call < 3; call++) come()
    const controller = new AbortController()
    const leaver = come({ signal: controller.signal })
    const stayer = come()
    controller.abort('left')
    expect(figures()).toEqual({ inFlight: 3, queued: 1 })
    limiter.leave('success', 10)
    await w.clock.advance(0)
    expect(leaver).toEqual({ in: false, error: 'left' })
    expect(stayer.in).toBe(true)
  })

  it('in the queue are not taken by callers who have left already', async () => {
    const w = world()
    const { come, figures } = bulkhead(w, 3)
    for (let call = 0; call < 3; call++) come()
    const leaver = come({ signal: AbortSignal.abort('left') })
    await w.clock.advance(0)
    expect(leaver.error).toBe('left')
    expect(figures()).toEqual({ inFlight: 3, queued: 0 })
  })
})

describe('a full queue', () => {
  it('refuses at once and says what it saw', async () => {
    const w = world()
    const limiter = new Limiter({ adaptive: false, max: 3, queue: 2 }, w, { upstream: 'api.example:443' })
    for (let call = 0; call < 5; call++) limiter.enter(w.context())
    expect(() => limiter.enter(w.context())).toThrow(LimitError)
    const error = await (async () => limiter.enter(w.context()))().catch((error) => error)
    expect(error).toMatchObject({
      code: 'limit',
      name: 'LimitError',
      inFlight: 3,
      queued: 2,
      limit: 3,
      upstream: 'api.example:443',
    })
    expect(w.told('limit.refused')[0]).toEqual({ type: 'limit.refused', queued: 2, upstream: 'api.example:443' })
    expect({ inFlight: limiter.inFlight, queued: limiter.queued }).toEqual({ inFlight: 3, queued: 2 })
  })

  it('of length 0 lets nobody wait', () => {
    const w = world()
    const { limiter } = bulkhead(w, 3, { queue: 0 })
    for (let call = 0; call < 3; call++) limiter.enter(w.context())
    expect(() => limiter.enter(w.context())).toThrow(LimitError)
  })
})

describe('the circuit behind the queue', () => {
  it('is asked before a place is taken or waited for', async () => {
    const { come, figures } = bulkhead(world(), 3, {}, () => refusal)
    const caller = come()
    await Promise.resolve()
    expect(caller.error).toBe(refusal)
    expect(figures()).toEqual({ inFlight: 0, queued: 0 })
  })

  it('is asked again at the hand-over: all who wait are sent away, each with the word of its moment', async () => {
    const w = world()
    let said: BreakwaterError | undefined
    const { limiter, come, figures } = bulkhead(w, 3, {}, () => said)
    for (let call = 0; call < 3; call++) come()
    const waiting = [come(), come(), come()]
    said = refusal
    limiter.leave('failure', 10)
    await w.clock.advance(0)
    expect(waiting).toEqual(Array(3).fill({ in: false, error: refusal }))
    expect(figures()).toEqual({ inFlight: 2, queued: 0 })
  })

  it('can send them away itself, those in flight aside', async () => {
    const w = world()
    const { limiter, come, figures } = bulkhead(w, 3)
    const inFlight = [come(), come(), come()]
    const waiting = [come(), come()]
    limiter.failAll(() => refusal)
    await w.clock.advance(0)
    expect(waiting).toEqual(Array(2).fill({ in: false, error: refusal }))
    expect(inFlight).toEqual(Array(3).fill({ in: true }))
    expect(figures()).toEqual({ inFlight: 3, queued: 0 })
  })
})

describe('a bulkhead', () => {
  it('never moves, whatever happens in it', async () => {
    const w = world()
    const { limiter } = bulkhead(w, 3)
    const verdicts: Verdict[] = ['success', 'timeout', 'overload', 'failure', 'throttled', 'neutral']
    for (const verdict of verdicts) {
      for (let call = 0; call < 3; call++) limiter.enter(w.context())
      for (let call = 0; call < 3; call++) limiter.leave(verdict, 10)
      await w.clock.advance(2_000)
    }
    limiter.restart()
    expect(limiter.limit).toBe(3)
    expect(w.events).toEqual([])
  })

  it.each([1, 2, Infinity])('may have %d places', (max) => {
    const w = world()
    const { limiter } = bulkhead(w, max)
    expect(limiter.limit).toBe(max)
    expect(limiter.enter(w.context())).toBeUndefined()
  })
})

describe('the layer', () => {
  const judge: Judge<number, Verdict> = { value: (verdict) => verdict, error: plainJudge.error }

  it('runs at most so many calls at a time, and all of them in the end', async () => {
    const w = world()
    let running = 0
    let most = 0
    const slowly = async (request: number): Promise<number> => {
      most = Math.max(most, ++running)
      await w.clock.sleep(10)
      running--
      if (request % 3 === 0) throw new Error('broken')
      return request
    }
    const call = stack<number, number>([limit({ adaptive: false, max: 5 })], slowly, w)
    const results = Array.from({ length: 50 }, (_, index) => call(index, w.context()).catch(() => -1))
    await w.clock.advance(100)
    expect((await Promise.all(results)).map((result, index) => result === -1 || result === index)).toEqual(
      Array(50).fill(true),
    )
    expect(most).toBe(5)
  })

  it('does not take the time in the queue for slowness', async () => {
    const w = world()
    const limiter = new Limiter({ initial: 3, min: 3 }, w)
    const seen: number[] = []
    const leave = limiter.leave.bind(limiter)
    limiter.leave = (verdict, durationMs) => {
      seen.push(durationMs)
      leave(verdict, durationMs)
    }
    const slowly = async (): Promise<Verdict> => {
      await w.clock.sleep(10)
      return 'neutral'
    }
    const call = stack<number, Verdict>([limit({}, { limiter, judge })], slowly, w)
    for (let index = 0; index < 9; index++) call(index, w.context())
    await w.clock.advance(30)
    expect(seen).toEqual(Array(9).fill(10))
  })

  it('gives the place of a call back whose caller leaves in its middle', async () => {
    const w = world()
    const limiter = new Limiter({}, w)
    const controller = new AbortController()
    const untilAbort = (_request: number, { signal }: Context) =>
      w.clock.sleep(1e9, signal).then((): Verdict => 'success')
    const call = stack<number, Verdict>([limit({}, { limiter, judge })], untilAbort, w)
    const result = call(1, w.context({ signal: controller.signal }))
    expect(limiter.inFlight).toBe(1)
    controller.abort('left')
    await expect(result).rejects.toBe('left')
    expect(limiter.inFlight).toBe(0)
  })

  it('gives the place of a call back whose value nobody can judge', async () => {
    const w = world()
    const limiter = new Limiter({}, w)
    const error = new Error('no verdict')
    const puzzled: Judge<number, string> = {
      value: () => {
        throw error
      },
      error: () => 'neutral',
    }
    const call = stack<number, string>([limit({}, { limiter, judge: puzzled })], async () => 'value', w)
    await expect(call(1, w.context())).rejects.toBe(error)
    expect(limiter.inFlight).toBe(0)
  })

  it.each<[string, Partial<Record<keyof LimitOptions, unknown>>]>([
    ['a floor above the ceiling', { min: 11, max: 10 }],
    ['no place at all', { max: 0 }],
    ['half a queue', { queue: 1.5 }],
    ['an adaptive that is neither', { adaptive: 'yes' }],
  ])('refuses %s', (_what, options) => {
    expect(() => new Limiter(options as Partial<LimitOptions>, world())).toThrow(OptionsError)
  })
})
