import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BreakwaterError } from '../../../src/core/error.ts'
import { type Context, type Priority, stack } from '../../../src/core/layer.ts'
import { Limiter, type LimitOptions, limit } from '../../../src/layers/limit/index.ts'
import { script } from '../../../src/testing/index.ts'
import { type World, world } from '../../support/world.ts'

const refusal = new BreakwaterError('circuit-open', 'the circuit is open')

/** A limiter with a rate, and callers who tell when they got in. */
function paced(w: World, options: Partial<LimitOptions>, check?: () => BreakwaterError | undefined) {
  const limiter = new Limiter(options, w, check ? { check } : {})
  const come = (given?: Partial<Context>) => {
    const caller: { at?: number; error?: unknown } = {}
    const enter = async () => {
      const turn = limiter.enter(w.context(given))
      if (turn) await turn
      caller.at = w.clock.now()
    }
    enter().catch((error) => {
      caller.error = error
    })
    return caller
  }
  return { limiter, come }
}

const aSecond = { ratePerSecond: 1 }

describe('callers who wait for the rate', () => {
  it('are let in one by one, the first first, with one timer for all of them', async () => {
    const w = world()
    const { limiter, come } = paced(w, aSecond)
    const callers = [come(), come(), come(), come()]
    await w.clock.advance(0)
    expect([limiter.inFlight, limiter.queued, w.clock.pending]).toEqual([1, 3, 1])
    await w.clock.advance(3_000)
    expect(callers.map(({ at }) => at)).toEqual([0, 1_000, 2_000, 3_000])
    expect([limiter.inFlight, limiter.queued, w.clock.pending]).toEqual([4, 0, 0])
  })

  it('are let in by what they matter, however late they came', async () => {
    const w = world()
    const { come } = paced(w, aSecond)
    const order: Priority[] = ['normal', 'background', 'low', 'normal', 'high', 'critical']
    const callers = order.map((priority) => come({ priority }))
    await w.clock.advance(5_000)
    expect(callers.map(({ at }) => at)).toEqual([0, 5_000, 4_000, 3_000, 2_000, 1_000])
  })

  it('cannot be overtaken by one who comes just when a turn is free', async () => {
    const w = world()
    const { come } = paced(w, aSecond)
    let newcomer: { at?: number } = {}
    // Set before the timer of the one who waits, and so before it at the moment of its turn.
    w.clock.setTimer(1_000, () => {
      newcomer = come()
    })
    const [first, waiting] = [come(), come()]
    await w.clock.advance(2_000)
    expect([first.at, waiting.at, newcomer.at]).toEqual([0, 1_000, 2_000])
  })

  it('leave at the moment of their abort, and their turn goes to the next', async () => {
    const w = world()
    const { limiter, come } = paced(w, aSecond)
    const controller = new AbortController()
    const callers = [come(), come({ signal: controller.signal }), come()]
    await w.clock.advance(500)
    controller.abort('left')
    expect(limiter.queued).toBe(1)
    await w.clock.advance(500)
    expect(callers).toEqual([{ at: 0 }, { error: 'left' }, { at: 1_000 }])
    expect(w.clock.pending).toBe(0)
  })

  it('who all leave use up nothing: the next one finds its turn', async () => {
    const w = world()
    const { limiter, come } = paced(w, aSecond)
    come()
    const controllers = [new AbortController(), new AbortController()]
    for (const { signal } of controllers) come({ signal })
    for (const controller of controllers) controller.abort('left')
    await w.clock.advance(1_000)
    expect([limiter.queued, w.clock.pending]).toEqual([0, 0])
    const next = come()
    await w.clock.advance(0)
    expect(next.at).toBe(1_000)
  })

  it('wait for a place as well, whichever comes later', async () => {
    const w = world()
    const { limiter, come } = paced(w, { adaptive: false, max: 1, ratePerSecond: 10 })
    const callers = [come(), come(), come()]
    await w.clock.advance(250)
    limiter.leave('success', 250)
    await w.clock.advance(0)
    limiter.leave('success', 0)
    await w.clock.advance(500)
    expect(callers.map(({ at }) => at)).toEqual([0, 250, 350])
  })

  it('are refused at once when the queue is full', async () => {
    const w = world()
    const { come } = paced(w, { ...aSecond, queue: 1 })
    const callers = [come(), come(), come()]
    await w.clock.advance(0)
    expect(callers[2]?.error).toMatchObject({ code: 'limit', queued: 1 })
  })

  it('are all sent away without a timer left, by hand', async () => {
    const w = world()
    const { limiter, come } = paced(w, aSecond)
    const callers = [come(), come(), come()]
    limiter.failAll(() => refusal)
    await w.clock.advance(0)
    expect(callers).toEqual([{ at: 0 }, { error: refusal }, { error: refusal }])
    expect([limiter.queued, w.clock.pending]).toEqual([0, 0])
  })

  it('are all sent away without a timer left when the circuit is found open', async () => {
    const w = world()
    let said: BreakwaterError | undefined
    const { limiter, come } = paced(w, aSecond, () => said)
    const callers = [come(), come(), come()]
    said = refusal
    limiter.leave('failure', 10)
    await w.clock.advance(0)
    expect(callers).toEqual([{ at: 0 }, { error: refusal }, { error: refusal }])
    expect([limiter.queued, w.clock.pending]).toEqual([0, 0])
  })

  it('are served after those were sent away', async () => {
    const w = world()
    const { limiter, come } = paced(w, aSecond)
    come()
    come()
    limiter.failAll(() => refusal)
    const later = come()
    await w.clock.advance(1_000)
    expect(later.at).toBe(1_000)
  })
})

describe('a quota that is learned', () => {
  it('holds for those who come after it', async () => {
    const w = world()
    const { limiter, come } = paced(w, { callsPerWindow: 'learned' })
    limiter.learnQuota({ calls: 2, windowMs: 10_000 })
    const callers = [come(), come(), come()]
    await w.clock.advance(10_000)
    expect(callers.map(({ at }) => at)).toEqual([0, 0, 10_000])
  })
})

describe('the wait', () => {
  it.each([0.3, 3, 7, 333, 9_999])(
    'is over in as many turns as there are callers: %d a second',
    async (ratePerSecond) => {
      const w = world()
      let timers = 0
      const { setTimer } = w.clock
      const clock = Object.assign(w.clock, {
        setTimer: (ms: number, fn: (lateByMs: number) => void) => {
          if (++timers > 1_000) throw new Error('it never ends')
          return setTimer(ms, fn)
        },
      })
      const { come } = paced(w, { ratePerSecond, adaptive: false })
      const callers = Array.from({ length: 200 }, () => come())
      await clock.advance((200 / ratePerSecond) * 1_000)
      expect(callers.filter(({ at }) => at !== undefined)).toHaveLength(200)
      expect(timers).toBeLessThan(500)
    },
  )

  it('of a thousand callers who leave at random moments ends for each of them, and leaves nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3_000), { minLength: 100, maxLength: 200, size: 'max' }), async (leaveAt) => {
        const w = world()
        const { limiter, come } = paced(w, { adaptive: false, max: 20, ratePerSecond: 50, burst: 5 })
        const callers = leaveAt.map((ms) => {
          const controller = new AbortController()
          w.clock.setTimer(ms, () => controller.abort('left'))
          return come({ signal: controller.signal })
        })
        for (let ms = 0; ms < 6_000; ms += 100) {
          await w.clock.advance(100)
          while (limiter.inFlight > 0) limiter.leave('success', 100)
        }
        expect(callers.filter(({ at, error }) => (at === undefined) === (error === undefined))).toEqual([])
        expect([limiter.inFlight, limiter.queued, w.clock.pending]).toEqual([0, 0, 0])
      }),
      { numRuns: 10 },
    )
  })
})

describe('a place that is held until the body has been read', () => {
  it.each(['resolves', 'rejects'])('comes back when that %s', async (how) => {
    const w = world()
    const limiter = new Limiter({ until: 'body' }, w)
    const held = Promise.withResolvers<void>()
    const layer = limit<string, string>({}, { limiter, heldUntil: () => held.promise })
    await stack([layer], script<string, string>('value'), w)('request', w.context())
    expect(limiter.inFlight).toBe(1)
    if (how === 'resolves') held.resolve()
    else held.reject(new Error('the body broke off'))
    await w.clock.advance(0)
    expect(limiter.inFlight).toBe(0)
  })

  it('comes back at the headers where the options say so, or where there is no body', async () => {
    const w = world()
    for (const [until, ended] of [
      ['headers', new Promise(() => {})],
      ['body', undefined],
    ] as const) {
      const limiter = new Limiter({ until }, w)
      const layer = limit<string, string>({}, { limiter, heldUntil: () => ended })
      await stack([layer], script<string, string>('value'), w)('request', w.context())
      expect(limiter.inFlight).toBe(0)
    }
  })
})
