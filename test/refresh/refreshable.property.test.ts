import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seededRandom } from '../../src/core/random.ts'
import { refreshAfterMs, retryAfterFailureMs, sharedFailureMs } from '../../src/refresh/refresh-time.ts'
import {
  type Fresh,
  type LoadContext,
  type LookAgain,
  type Plan,
  Refreshable,
} from '../../src/refresh/refreshable/index.ts'
import { manualClock } from '../../src/testing/index.ts'

/** What a load does, in the order in which loads come; the last one repeats. */
const outcome = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('value' as const),
      lifetimeMs: fc.integer({ min: 10, max: 100_000 }),
      tookMs: fc.integer({ min: 0, max: 50_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('error' as const),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hang' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('later' as const) }) },
)

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 60_000 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('get' as const),
      leaves: fc.boolean(),
      minValidMs: fc.constantFrom(0, 1_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sleep' as const), ms: fc.integer({ min: 0, max: 200_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reject' as const) }) },
)

it('whatever loads, clocks and callers do: no wait and no error while there is a value, one load at a time, no timer left', async () => {
  let given = 0
  let failed = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { minLength: 1, maxLength: 12 }),
      fc.array(step, { maxLength: 40 }),
      fc.boolean(),
      async (outcomes, steps, keepFresh) => {
        const clock = manualClock()
        const random = seededRandom(steps.length + outcomes.length)
        let loads = 0
        let running = 0
        let most = 0
        const load = ({ signal, awaited }: LoadContext<number>): Promise<Fresh<number> | LookAgain> => {
          const next = outcomes[Math.min(loads++, outcomes.length - 1)] as (typeof outcomes)[0]
          const issuedAt = clock.now()
          const serial = loads
          most = Math.max(most, ++running)
          const work = (async () => {
            if (next.kind === 'error') throw Object.assign(new Error('refused'), next)
            if (next.kind === 'hang')
              return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
            if (next.kind === 'later' && !awaited) return { lookAgainInMs: 500 }
            const { lifetimeMs, tookMs } = next.kind === 'value' ? next : { lifetimeMs: 1_000, tookMs: 10 }
            await clock.sleep(tookMs, signal)
            return { value: serial, issuedAt, lifetimeMs }
          })()
          const done = () => {
            running--
          }
          work.then(done, done)
          return work
        }
        const hint = (error: unknown) => (error as { retryAfterMs?: number }).retryAfterMs
        const plan: Plan<number> = {
          timeoutMs: 30_000,
          timed: true,
          keepFresh,
          graceMs: 0,
          refreshAfterMs: ({ lifetimeMs }) =>
            refreshAfterMs(lifetimeMs, { window: [0.7, 0.9], hardMs: 60_000 }, random()),
          retryMs: (lifetimeMs, leftMs, error) => retryAfterFailureMs(lifetimeMs, leftMs, random, hint(error)),
          failureMs: (error) => sharedFailureMs(random, hint(error)),
        }
        const value = new Refreshable<number>(load, plan, { clock, random })
        const waiting: Promise<unknown>[] = []
        for (const one of steps) {
          if (one.do === 'wait') await clock.advance(one.ms)
          else if (one.do === 'sleep') await clock.oversleep(one.ms)
          else if (one.do === 'reject') {
            const { current } = value
            if (current) value.reject(current.value)
            expect(value.peek()).toBeUndefined()
          } else {
            const good = value.peek()
            const caller = new AbortController()
            const asked = value.get({ minValidMs: one.minValidMs, ...(one.leaves && { signal: caller.signal }) })
            if (good !== undefined && one.minValidMs === 0) {
              const first = await Promise.race([asked, Promise.resolve('waits')])
              expect(first).toBe(good)
            }
            waiting.push(
              asked.then(
                () => given++,
                () => failed++,
              ),
            )
            if (one.leaves) caller.abort()
          }
          expect(clock.pending).toBeLessThanOrEqual(3)
        }
        value.close('the value')
        await clock.advance(100_000)
        // Every caller got an answer, and nothing runs on.
        await Promise.all(waiting)
        expect([clock.pending, running]).toEqual([0, 0])
        expect(most).toBeLessThanOrEqual(1)
      },
    ),
    { numRuns: 1_000 },
  )
  expect(given).toBeGreaterThan(100)
  expect(failed).toBeGreaterThan(100)
}, 120_000)
