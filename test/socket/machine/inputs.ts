import fc from 'fast-check'
import type { Cause, Loss } from '../../../src/socket/classify.ts'
import type { Input, Rules, State } from '../../../src/socket/machine/index.ts'

const causes: readonly Cause[] = [
  'local',
  'drop',
  'restart',
  'overload',
  'refused',
  'timeout',
  'auth',
  'held',
  'held',
  'drop',
  'refused',
  'fatal',
]

const hint = fc.record({
  afterMs: fc.oneof(fc.constant(0), fc.nat(3_600_000)),
  withinMs: fc.oneof(fc.constant(0), fc.nat(3_600_000)),
})

const loss: fc.Arbitrary<Loss> = fc.record({
  cause: fc.constantFrom(...causes),
  code: fc.constantFrom(1000, 1006, 1012, 4000),
  reason: fc.constant(''),
  wasClean: fc.boolean(),
  floorMs: fc.option(fc.nat(400_000), { nil: undefined, freq: 3 }),
  hint: fc.option(hint, { nil: undefined, freq: 3 }),
  failed: fc.boolean(),
})

/** Small numbers and large ones, and now and then a first window of nothing. */
export const rules: fc.Arbitrary<Rules> = fc
  .record({
    reconnect: fc.constantFrom(true, true, true, true, false),
    maxAttempts: fc.constantFrom(Infinity, Infinity, Infinity, 0, 1, 5),
    local: fc.constantFrom(1_000, 0, 50),
    drop: fc.constantFrom(5_000, 0, 50_000),
    restart: fc.constantFrom(10_000, 1),
    overload: fc.constantFrom(30_000, 2_000_000),
    maxWindowMs: fc.constantFrom(900_000, 200, 20_000),
    patienceMs: fc.constantFrom(45_000, 100, 180_000),
    transportMs: fc.constantFrom(20_000, 10),
    provenMs: fc.constantFrom(10_000, 0),
  })
  .map(({ local, drop, restart, overload, ...rest }) => ({
    ...rest,
    firstWindowMs: { local, drop, restart, overload },
    maxPatienceMs: 180_000,
  }))

/** One thing that happens, told relative to the state that it meets. */
export interface Happening {
  /** How much time goes by before: a share of what is left to the deadline, or ms. */
  readonly waitFor: { readonly shareOfDeadline: number } | { readonly ms: number }
  readonly chance: number
  readonly hidden: boolean
  readonly blocked: 'offline' | 'hidden' | undefined
  readonly input: (state: State) => Input
}

const progress = ['admitted', 'resolved', 'transport', 'opened', 'ready'] as const
const natural = { admitting: 'admitted', resolving: 'resolved', dialing: 'opened', negotiating: 'ready' } as const

/** The generation that is meant: mostly one that counts, now and then one that is over, or has never been. */
const generation: fc.Arbitrary<(state: State) => number> = fc.oneof(
  { weight: 6, arbitrary: fc.constant((state: State) => state.attempt?.generation ?? state.generation) },
  { weight: 4, arbitrary: fc.constant((state: State) => state.live?.generation ?? state.generation) },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 2 }).map((away) => (state: State) => state.generation + away) },
)

/** A connection in use is never held: that is for dials that were not made. */
function asLost(state: State, which: number, given: Loss): Input {
  const cause = which === state.live?.generation && given.cause === 'held' ? 'drop' : given.cause
  return { type: 'lost', generation: which, loss: { ...given, cause } }
}

const input: fc.Arbitrary<(state: State) => Input> = fc.oneof(
  // What an attempt would say next, so that runs get anywhere.
  {
    weight: 14,
    arbitrary: fc.constant((state: State): Input => {
      const { attempt } = state
      return attempt ? { type: natural[attempt.stage], generation: attempt.generation } : { type: 'due', lateMs: 0 }
    }),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...progress), generation).map(
      ([type, which]) =>
        (state: State): Input => ({ type, generation: which(state) }),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(loss, generation).map(
      ([given, which]) =>
        (state: State): Input =>
          asLost(state, which(state), given),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(0, 0, 500, 2_500, 400_000).map((lateMs) => (): Input => ({ type: 'due', lateMs })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(hint, fc.boolean(), generation).map(
      ([given, drain, which]) =>
        (state: State): Input => ({ type: 'hint', generation: which(state), hint: given, drain }),
    ),
  },
  { weight: 2, arbitrary: fc.boolean().map((network) => (): Input => ({ type: 'world', network })) },
  { weight: 2, arbitrary: fc.constant((): Input => ({ type: 'rotate' })) },
  { weight: 1, arbitrary: fc.constant((): Input => ({ type: 'reconnect' })) },
  { weight: 1, arbitrary: fc.constant((): Input => ({ type: 'connect' })) },
  { weight: 1, arbitrary: loss.map((given) => (): Input => ({ type: 'close', loss: given })) },
)

export const happening: fc.Arbitrary<Happening> = fc.record({
  waitFor: fc.oneof(
    fc.constantFrom(1, 1, 1, 0.5, 3).map((shareOfDeadline) => ({ shareOfDeadline })),
    fc.constantFrom(0, 0, 1, 700, 20_000, 10_000_000).map((ms) => ({ ms })),
  ),
  chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  hidden: fc.boolean(),
  blocked: fc.constantFrom(undefined, undefined, undefined, undefined, 'offline' as const, 'hidden' as const),
  input,
})
