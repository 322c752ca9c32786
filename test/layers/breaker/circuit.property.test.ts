import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Circuit } from '../../../src/layers/breaker/circuit.ts'
import type { Phase } from '../../../src/layers/breaker/index.ts'
import type { Permit } from '../../../src/layers/breaker/permit.ts'
import { seededRandom } from '../../../src/testing/index.ts'
import { world } from '../../support/world.ts'

type Action =
  | readonly ['wait', number]
  | readonly ['acquire']
  | readonly ['success' | 'failure' | 'timeout' | 'ignore', number]
  | readonly ['isolate']
  | readonly ['release', number]

const nth = fc.nat(7)
const actions = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Action>[]>(
    { weight: 20, arbitrary: fc.tuple(fc.constant('wait' as const), fc.oneof(fc.nat(300), fc.nat(3_000))) },
    { weight: 50, arbitrary: fc.constant(['acquire'] as const) },
    { weight: 20, arbitrary: fc.tuple(fc.constant('success' as const), nth) },
    {
      weight: 30,
      arbitrary: fc.tuple(
        fc.constantFrom('failure' as const, 'failure' as const, 'timeout' as const, 'ignore' as const),
        nth,
      ),
    },
    { weight: 3, arbitrary: fc.constant(['isolate'] as const) },
    { weight: 5, arbitrary: fc.tuple(fc.constant('release' as const), nth) },
  ) as fc.Arbitrary<Action>,
  { maxLength: 80, size: 'max' },
)

const legal: Readonly<Record<Phase, readonly Phase[]>> = {
  closed: ['open', 'isolated'],
  open: ['half-open', 'isolated'],
  'half-open': ['open', 'closed', 'isolated'],
  isolated: ['closed'],
}

const phaseOf: Readonly<Record<string, Phase>> = {
  'circuit.opened': 'open',
  'circuit.half-opened': 'half-open',
  'circuit.closed': 'closed',
  'circuit.isolated': 'isolated',
}

/** Removes and returns one of the list, counted around its end. */
function take<T>(list: T[], index: number): T | undefined {
  return list.length === 0 ? undefined : list.splice(index % list.length, 1)[0]
}

it('makes only legal moves, has one probe at most, and cockatiel agrees', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(actions, fc.integer(), async (steps, seed) => {
      const w = world(seededRandom(seed))
      const circuit = new Circuit({ consecutive: 2, minCalls: 4, probes: 2, openMs: 200, halfOpenMs: 1_000 }, w)
      const permits: { permit: Permit; probeOf: number }[] = []
      const holds: Disposable[] = []
      let before: Phase = circuit.phase
      // Which half-open this is, and whether anybody has probed since the circuit opened: until then, an open time that
      // ran out reads as half-open, while cockatiel, which is told of probes only, is still open.
      let halfOpens = 0
      let probed = false

      for (const [action, given = 0] of steps) {
        if (action === 'wait') await w.clock.advance(given)
        else if (action === 'isolate') holds.push(circuit.isolate())
        else if (action === 'release') take(holds, given)?.[Symbol.dispose]()
        else if (action === 'acquire') {
          const refusal = circuit.check()
          const probing = permits.some(({ probeOf }) => probeOf === halfOpens)
          const free = before === 'closed' || (before === 'half-open' && !probing)
          expect(refusal === undefined).toBe(free)
          if (refusal === undefined) {
            permits.push({ permit: circuit.acquire(), probeOf: before === 'half-open' ? halfOpens : -1 })
            if (before === 'half-open') probed = true
          } else {
            expect(() => circuit.acquire()).toThrow(refusal.message)
            expect(refusal.phase).toBe(before)
            if (before !== 'isolated') expect(refusal.retryAfterMs).toBeGreaterThan(0)
          }
        } else {
          const permit = take(permits, given)?.permit
          if (action === 'success') permit?.success(10)
          else if (action === 'ignore') permit?.ignore()
          else permit?.failure(action, 10)
        }

        const phase = circuit.phase
        if (phase !== before) {
          expect(legal[before], `${action}: ${before} to ${phase}`).toContain(phase)
          seen.add(`${before} to ${phase}`)
          if (phase === 'half-open') halfOpens++
          if (phase === 'open') probed = false
        }
        before = phase
        expect(await circuit.settled()).toBe(phase === 'half-open' && !probed ? 'open' : phase)
      }

      let told: Phase = 'closed'
      for (const { type } of w.events) {
        const next = phaseOf[type] as Phase
        expect(legal[told]).toContain(next)
        told = next
      }
      expect(told).toBe(await circuit.settled())
      expect(w.clock.pending).toBe(0)
    }),
    { numRuns: 500 },
  )
  // A property that never gets anywhere proves nothing.
  expect([...seen].sort()).toEqual(
    Object.entries(legal)
      .flatMap(([from, tos]) => tos.map((to) => `${from} to ${to}`))
      .sort(),
  )
})
