import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Priority } from '../../../src/core/layer.ts'
import type { Verdict } from '../../../src/core/outcome.ts'
import { LimitError, Limiter } from '../../../src/layers/limit/index.ts'
import { world } from '../../support/world.ts'

const priorities: Priority[] = ['critical', 'high', 'normal', 'low', 'background']
const verdicts: Verdict[] = ['success', 'success', 'success', 'failure', 'timeout', 'overload', 'throttled', 'neutral']

type Action =
  | readonly ['enter', Priority]
  | readonly ['leave', number, Verdict, number]
  | readonly ['abort', number]
  | readonly ['wait', number]
  | readonly ['restart']

const nth = fc.nat(30)
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Action>[]>(
    { weight: 50, arbitrary: fc.tuple(fc.constant('enter'), fc.constantFrom(...priorities)) },
    { weight: 30, arbitrary: fc.tuple(fc.constant('leave'), nth, fc.constantFrom(...verdicts), fc.nat(100)) },
    { weight: 10, arbitrary: fc.tuple(fc.constant('abort'), nth) },
    { weight: 10, arbitrary: fc.tuple(fc.constant('wait'), fc.nat(700)) },
    { weight: 1, arbitrary: fc.constant<Action>(['restart']) },
  ),
  { maxLength: 150, size: 'max' },
)

interface Caller {
  readonly priority: Priority
  readonly controller: AbortController
  state: 'waits' | 'runs' | 'gone'
}

it.each([
  ['adaptive', true],
  ['fixed', false],
])('hands places over without gap or overshoot, the most important first: %s', async (_how, adaptive) => {
  let waited = 0
  let refused = 0
  await fc.assert(
    fc.asyncProperty(actions, async (steps) => {
      const w = world()
      const limiter = new Limiter({ adaptive, initial: 6, min: 3, max: 8, queue: 12 }, w)
      const callers: Caller[] = []
      const those = (state: Caller['state']) => callers.filter((caller) => caller.state === state)
      const pick = (state: Caller['state'], index: number) => {
        const list = those(state)
        return list.length === 0 ? undefined : list[index % list.length]
      }
      const come = async (priority: Priority) => {
        const controller = new AbortController()
        const caller: Caller = { priority, controller, state: 'waits' }
        const before = limiter.inFlight
        try {
          const turn = limiter.enter(w.context({ priority, signal: controller.signal }))
          callers.push(caller)
          waited += turn === undefined ? 0 : 1
          // Nobody may be refused or made to wait where a place is free, nor get in where none is.
          expect(turn === undefined).toBe(before < Math.floor(limiter.limit) && those('waits').length === 1)
          if (turn) await turn
          caller.state = 'runs'
        } catch (error) {
          if (!(error instanceof LimitError) && error !== 'left') throw error
          refused += error instanceof LimitError ? 1 : 0
          caller.state = 'gone'
        }
      }
      const comings: Promise<void>[] = []

      for (const step of steps) {
        const queueBefore = those('waits')
        const inFlightBefore = limiter.inFlight
        if (step[0] === 'enter') comings.push(come(step[1]))
        else if (step[0] === 'leave') {
          const caller = pick('runs', step[1])
          if (caller) {
            caller.state = 'gone'
            limiter.leave(step[2], step[3])
          }
        } else if (step[0] === 'abort') pick('waits', step[1])?.controller.abort('left')
        else if (step[0] === 'wait') await w.clock.advance(step[1])
        else limiter.restart()
        await w.clock.advance(0)

        const allowed = Math.floor(limiter.limit)
        expect(limiter.inFlight).toBe(those('runs').length)
        expect(limiter.queued).toBe(those('waits').length)
        expect(limiter.limit).toBeGreaterThanOrEqual(3)
        expect(limiter.limit).toBeLessThanOrEqual(8)
        // A cut may leave more in flight than is allowed, but then nobody else gets in.
        expect(limiter.inFlight).toBeLessThanOrEqual(Math.max(allowed, inFlightBefore))
        if (limiter.queued > 0) expect(limiter.inFlight).toBeGreaterThanOrEqual(allowed)
        const rank = (caller: Caller) => priorities.indexOf(caller.priority)
        const woken = queueBefore.filter(({ state }) => state === 'runs')
        const left = queueBefore.filter(({ state }) => state === 'waits')
        for (const one of woken) for (const other of left) expect(rank(one)).toBeLessThanOrEqual(rank(other))
      }

      while (limiter.inFlight > 0) {
        const caller = pick('runs', 0) as Caller
        caller.state = 'gone'
        limiter.leave('neutral', 10)
        await w.clock.advance(0)
      }
      await Promise.all(comings)
      expect({ queued: limiter.queued, waiting: those('waits').length, timers: w.clock.pending }).toEqual({
        queued: 0,
        waiting: 0,
        timers: 0,
      })
    }),
    { numRuns: 150 },
  )
  // A property that never fills the queue proves nothing.
  expect(waited).toBeGreaterThan(100)
  expect(refused).toBeGreaterThan(10)
})
