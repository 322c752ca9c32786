import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Chain, type Link } from '../../src/core/chain.ts'
import { type Context, createContext, type Layer, stack } from '../../src/core/layer.ts'
import { pass } from '../../src/core/pass.ts'
import { breaker } from '../../src/layers/breaker/index.ts'
import { DeadlineError, deadline } from '../../src/layers/deadline/index.ts'
import { Limiter, limit } from '../../src/layers/limit/index.ts'
import { observe } from '../../src/layers/observe.ts'
import { perKey } from '../../src/layers/per-key.ts'
import { Gate, pushback } from '../../src/layers/pushback/index.ts'
import { retry } from '../../src/layers/retry.ts'
import { singleFlight } from '../../src/layers/single-flight.ts'
import { type World, world } from '../support/world.ts'

interface Plan {
  /** How long each attempt takes, and whether it fails; the last goes on. */
  readonly attempts: readonly { readonly ms: number; readonly fails: boolean }[]
  /** Never looks at its signal. */
  readonly deaf: boolean
  readonly startsAt: number
  readonly leavesAfter: number | null
}

interface Asked extends Plan {
  readonly id: number
  tries: number
}

type Value = { readonly of: number }

/** What all layers of one stack have been through. */
class Ledger {
  readonly limiters: Limiter[] = []
  readonly ongoing: Chain<Link<{ end(reason: unknown): void }>>[] = []
  readonly discarded: Value[] = []
  readonly faults: string[] = []
  entered = 0
  ended = 0
}

type Make = (w: World, ledger: Ledger, n: number) => Layer<Asked, Value>

const isDeadline = (name: keyof typeof kinds) => name === 'deadline' || name === 'attempt deadline' || name === 'linger'

const kinds = {
  deadline: (_w, { ongoing, discarded }, n) => {
    const chain: (typeof ongoing)[number] = new Chain()
    ongoing.push(chain)
    return deadline({ ms: 7 * n }, { ongoing: chain, discard: (value) => discarded.push(value) })
  },
  'attempt deadline': (_w, { discarded }, n) =>
    deadline({ ms: 5 * n }, { scope: 'attempt', discard: (value) => discarded.push(value) }),
  linger: (w, { discarded }, n) =>
    deadline(
      { ms: 9 * n },
      { linger: (_value, release) => w.clock.setTimer(n, release), discard: (value) => discarded.push(value) },
    ),
  limit: (w, { limiters }, n) => {
    const limiter = new Limiter({ adaptive: false, max: 1 + (n % 3), queue: 3 }, w)
    limiters.push(limiter)
    return limit({}, { limiter })
  },
  breaker: (_w, _ledger, n) => breaker({ consecutive: 1 + n, openMs: 10 }),
  gate: (w, _ledger, n) => {
    const gate = new Gate({}, w)
    w.clock.setTimer(n, () => gate.close({ afterMs: 10, header: 'retry-after' }))
    return pushback({}, { gate })
  },
  observe: (_w, ledger) => observe({ started: () => ledger.entered++, ended: () => ledger.ended++ }),
  wait: (w, _ledger, n) => (next, runtime) =>
    pass({ wait: (_asked, { signal }) => w.clock.sleep(n, signal) }, next, runtime),
  'deaf wait': (w, _ledger, n) => (next, runtime) => pass({ wait: () => w.clock.sleep(n) }, next, runtime),
  'a layer of somebody':
    (_w, { faults }) =>
    (next) =>
    async (asked, context) => {
      const derived = { ...context }
      for (const name of ['signal', 'attempt', 'deadlineAt', 'priority'] as const)
        if (derived[name] !== context[name]) faults.push(`${name} is lost`)
      return next(asked, { ...derived, priority: 'high' })
    },
  'another runtime': (w, ledger) => (next) =>
    observe<Asked, Value>({ started: () => ledger.entered++, ended: () => ledger.ended++ })(next, {
      ...w,
      clock: { ...w.clock },
    }),
  retry: (_w, _ledger, n) => retry({ attempts: 1 + (n % 3), baseMs: 3 }),
  'stack of a key': (_w, _ledger, n) =>
    perKey({
      keyOf: ({ id }) => id % 2,
      layerOf: () => (next, runtime) =>
        stack([deadline<Asked, Value>({ ms: 10 * n }), limit<Asked, Value>({ max: 2, queue: 3 })], next, runtime),
    }),
  flight: (_w, _ledger, n) => singleFlight({ keyOf: ({ id }) => String(id % (1 + (n % 2))) }),
} satisfies Record<string, Make>

const names = Object.keys(kinds) as (keyof typeof kinds)[]
const layers = fc.array(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 1, max: 8 })), {
  minLength: 1,
  maxLength: 6,
})
const plan: fc.Arbitrary<Plan> = fc.record({
  attempts: fc.array(fc.record({ ms: fc.nat(60), fails: fc.boolean() }), { minLength: 1, maxLength: 3 }),
  deaf: fc.boolean(),
  startsAt: fc.nat(40),
  leavesAfter: fc.option(fc.nat(60)),
})

it('any stack settles each call once and in time, and leaves nothing behind', async () => {
  const run = async (given: [keyof typeof kinds, number][], plans: Plan[]) => {
    const w = world(0.5)
    const ledger = new Ledger()
    const made: Value[] = []
    const base = async (asked: Asked, context: Context): Promise<Value> => {
      if (!Object.hasOwn(context, 'signal')) ledger.faults.push('a context that cannot be spread')
      const { ms, fails } = asked.attempts[
        Math.min(asked.tries++, asked.attempts.length - 1)
      ] as Plan['attempts'][number]
      if (ms > 0) await w.clock.sleep(ms, asked.deaf ? undefined : context.signal)
      if (fails) throw new Error('failed')
      const value = { of: asked.id }
      made.push(value)
      return value
    }
    const call = stack<Asked, Value>(
      given.map(([name, n]) => (kinds[name] as Make)(w, ledger, n)),
      base,
      w,
    )
    const calls = plans.map((one, id) => {
      const controller = new AbortController()
      const ends: { value?: Value; error?: unknown; at: number }[] = []
      w.clock.setTimer(one.startsAt, () => {
        call({ ...one, id, tries: 0 }, createContext({ signal: controller.signal })).then(
          (value) => ends.push({ value, at: w.clock.now() }),
          (error: unknown) => ends.push({ error, at: w.clock.now() }),
        )
      })
      const leavesAt = one.startsAt + (one.leavesAfter ?? Infinity)
      w.clock.setTimer(leavesAt, () => controller.abort(`${id} left`))
      return { id, controller, ends, leavesAt }
    })
    await w.clock.advance(100_000)

    const shares = given.some(([name]) => name === 'flight')
    const first = given[0]?.[0] as keyof typeof kinds
    for (const { id, controller, ends, leavesAt } of calls) {
      expect(ends).toHaveLength(1)
      const [end] = ends as [(typeof ends)[number]]
      expect(end.error).not.toBeInstanceOf(TypeError)
      if (typeof end.error === 'string' && !shares) expect(end.error).toBe(`${id} left`)
      if (end.error instanceof DeadlineError)
        expect(given.some(([name]) => isDeadline(name) || name === 'stack of a key')).toBe(true)
      // An outermost deadline lets nobody wait who wants to leave.
      if (isDeadline(first)) expect(end.at).toBeLessThanOrEqual(leavesAt)
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    }
    const landed = new Set(calls.map(({ ends }) => ends[0]?.value))
    if (!shares) {
      expect(new Set(ledger.discarded).size).toBe(ledger.discarded.length)
      expect(ledger.discarded.filter((value) => landed.has(value))).toEqual([])
    }
    if (isDeadline(first) && !shares && !given.some(([name]) => name === 'stack of a key')) {
      for (const value of made) expect(landed.has(value) || ledger.discarded.includes(value)).toBe(true)
    }
    expect(ledger.faults).toEqual([])
    expect(ledger.ended).toBe(ledger.entered)
    expect(ledger.limiters.map(({ inFlight, queued }) => [inFlight, queued])).toEqual(ledger.limiters.map(() => [0, 0]))
    expect(ledger.ongoing.map(({ size, first: one }) => [size, one])).toEqual(ledger.ongoing.map(() => [0, undefined]))
    expect(w.clock.pending).toBe(0)
  }
  await fc.assert(fc.asyncProperty(layers, fc.array(plan, { minLength: 1, maxLength: 5 }), run), { numRuns: 300 })
})
