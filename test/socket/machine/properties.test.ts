import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deadlineOf,
  type Effect,
  type Input,
  initialState,
  type Now,
  type Rules,
  type State,
  type StateName,
  step,
} from '../../../src/socket/machine/index.ts'
import { type Happening, happening, rules } from './inputs.ts'

/** Where a socket may go from where it is. Staying is always legal. */
const legal: Readonly<Record<StateName, readonly StateName[]>> = {
  idle: ['admitting', 'suspended', 'closing'],
  waiting: ['admitting', 'suspended', 'closing'],
  admitting: ['resolving', 'waiting', 'suspended', 'closed', 'closing'],
  resolving: ['dialing', 'waiting', 'suspended', 'closed', 'closing'],
  dialing: ['negotiating', 'waiting', 'suspended', 'closed', 'closing'],
  negotiating: ['open', 'waiting', 'suspended', 'closed', 'closing'],
  open: ['rotating', 'waiting', 'suspended', 'closed', 'closing'],
  // When the old connection is lost first, the rotation goes on as the dial that it is.
  rotating: ['open', 'admitting', 'resolving', 'dialing', 'negotiating', 'waiting', 'closed', 'closing'],
  suspended: ['waiting', 'closing'],
  closing: ['closed'],
  closed: ['waiting'],
}

/** States in which nothing is due: somebody else has to move. */
const timeless: readonly StateName[] = ['idle', 'admitting', 'suspended', 'closed']

interface Stepped {
  readonly before: State
  readonly input: Input
  readonly now: Now
  readonly after: State
  readonly effects: readonly Effect[]
}

/** Runs happenings one after the other, and shows each step. */
function run(given: Rules, happenings: readonly Happening[], see: (stepped: Stepped) => void): State {
  let state = initialState(given)
  let at = 0
  for (const { waitFor, chance, hidden, blocked, input } of happenings) {
    const left = deadlineOf(state) - at
    at += 'ms' in waitFor ? waitFor.ms : Number.isFinite(left) ? Math.max(0, left) * waitFor.shareOfDeadline : 0
    const now: Now = { at, chance, unsent: 0, hidden, blocked }
    const what = input(state)
    const [after, effects] = step(state, what, now, given)
    see({ before: state, input: what, now, after, effects })
    state = after
  }
  return state
}

function simply(input: Input): Happening {
  return { waitFor: { ms: 0 }, chance: 0.5, hidden: false, blocked: undefined, input: () => input }
}

const opening = (['admitted', 'resolved', 'opened', 'ready'] as const).map((type) => simply({ type, generation: 1 }))

/** Where runs begin: some moves are many steps away from the start. */
const beginnings: fc.Arbitrary<readonly Happening[]> = fc.constantFrom(
  [],
  [simply({ type: 'connect' })],
  [simply({ type: 'connect' }), ...opening],
  [simply({ type: 'connect' }), ...opening, simply({ type: 'rotate' })],
)

/** Checks every step of many runs. */
function always(
  check: (given: Rules) => (stepped: Stepped) => void,
  after?: (state: State, given: Rules) => void,
  numRuns = 1_500,
): void {
  const happenings = fc.array(happening, { minLength: 5, maxLength: 60 })
  const runs = fc.property(rules, beginnings, happenings, (given, beginning, more) => {
    const last = run(given, [...beginning, ...more], check(given))
    after?.(last, given)
  })
  fc.assert(runs, { numRuns })
}

describe('the machine, whatever happens in whatever order', () => {
  it('makes legal moves only, and comes to all of them', () => {
    const seen = new Set<string>()
    const check = ({ before, input, after }: Stepped) => {
      if (before.name !== after.name) {
        expect(legal[before.name], `${before.name} by ${input.type}`).toContain(after.name)
        seen.add(`${before.name} ${after.name}`)
      }
      if (after.name === 'closing' && before.name !== 'closing') expect(input.type).toBe('close')
      if (before.name === 'closed' && after.name !== 'closed') expect(input.type).toBe('reconnect')
    }
    // Some moves are rare.
    always(() => check, undefined, 5_000)
    const all = Object.entries(legal).flatMap(([from, tos]) => tos.map((to) => `${from} ${to}`))
    expect(all.filter((move) => !seen.has(move))).toEqual([])
  })

  it('has one connection at most, two while it rotates, and tells what becomes of each attempt exactly once', () => {
    always(() => {
      const active = new Set<number>()
      const became = new Map<number, string>()
      return ({ before, input, after, effects }) => {
        // The connection in use has ended by itself: nobody has to be told to let go of it.
        if (input.type === 'lost' && input.generation === before.live?.generation) active.delete(input.generation)
        for (const effect of effects) {
          if (effect.do === 'begin') {
            expect(became.has(effect.generation)).toBe(false)
            expect(before.name, 'a dial after the end').not.toMatch(/clos/)
            active.add(effect.generation)
          } else if (effect.do === 'adopt') {
            const adopted = before.attempt?.generation ?? Number.NaN
            expect(after.live?.generation).toBe(adopted)
            expect(became.get(adopted)).toBeUndefined()
            became.set(adopted, 'adopted')
            if (before.live) active.delete(before.live.generation)
          } else if (effect.do === 'drop') {
            if (became.get(effect.generation) !== 'adopted') {
              expect(became.get(effect.generation)).toBeUndefined()
              became.set(effect.generation, 'dropped')
            }
            active.delete(effect.generation)
          } else if (effect.do === 'close' && after.name !== 'closing') {
            expect(before.live).toBeDefined()
            active.delete(before.live?.generation ?? Number.NaN)
          }
        }
        const kept = [after.live?.generation, after.attempt?.generation].filter((each) => each !== undefined)
        expect([...active].sort()).toEqual(kept.sort())
        expect(active.size).toBeLessThanOrEqual(after.name === 'rotating' ? 2 : 1)
        expect(after.name === 'rotating').toBe(after.live !== undefined && after.attempt !== undefined)
        for (let each = 1; each <= after.generation; each++) {
          if (!active.has(each)) expect(became.has(each), `attempt ${each} was forgotten`).toBe(true)
        }
      }
    })
  })

  it('owns a timer in every state that it could hang in, and in no other', () => {
    always(() => ({ after }) => {
      const deadline = deadlineOf(after)
      expect(Number.isNaN(deadline)).toBe(false)
      if (timeless.includes(after.name)) expect(deadline, after.name).toBe(Infinity)
      else if (after.name === 'rotating') expect(deadline < Infinity).toBe(after.attempt?.stage !== 'admitting')
      // An open one has a deadline only where the server drains.
      else if (after.name !== 'open') expect(deadline, after.name).toBeLessThan(Infinity)
    })
  })

  it('does something at every deadline', () => {
    always(
      () => () => {},
      (state, given) => {
        let now = { at: 0, chance: 0.5, unsent: 0, hidden: false, blocked: undefined }
        let current = state
        for (let turn = 0; turn < 50 && deadlineOf(current) < Infinity; turn++) {
          now = { ...now, at: deadlineOf(current) }
          const [next, effects] = step(current, { type: 'due', lateMs: 0 }, now, given)
          expect(effects.length, current.name).toBeGreaterThan(0)
          current = next
        }
        expect([...timeless, 'open', 'rotating']).toContain(current.name)
      },
    )
  })

  it('tells each loss once, and the end once', () => {
    always(() => ({ before, after, effects }) => {
      const lost = effects.filter((effect) => effect.do === 'lost')
      expect(lost.length).toBeLessThanOrEqual(1)
      const ends = lost.filter(({ willReconnect }) => !willReconnect).length
      expect(ends).toBe(after.name === 'closed' && before.name !== 'closed' ? 1 : 0)
      if (before.live && !after.live) expect(lost.length).toBe(after.name === 'closing' ? 0 : 1)
    })
  })

  it('gives each attempt a number of its own, and does nothing for an old one', () => {
    always(() => ({ before, input, after, effects }) => {
      const begun = effects.filter((effect) => effect.do === 'begin').length
      expect(after.generation - before.generation).toBe(begun)
      expect(begun).toBeLessThanOrEqual(1)
      if (!('generation' in input)) return
      const { generation } = input
      if (generation === before.live?.generation || generation === before.attempt?.generation) return
      expect(after).toBe(before)
      expect(effects).toEqual([])
    })
  })

  it('keeps windows and patience within their bounds', () => {
    always((given) => ({ after }) => {
      const { memory } = after
      expect(memory.windowMs).toBeGreaterThanOrEqual(0)
      expect(memory.windowMs).toBeLessThanOrEqual(given.maxWindowMs)
      expect(memory.patienceMs).toBeGreaterThanOrEqual(Math.min(given.patienceMs, 15_000))
      expect(memory.patienceMs).toBeLessThanOrEqual(given.maxPatienceMs)
      expect(memory.transportMs).toBeGreaterThanOrEqual(given.transportMs)
      expect(memory.transportMs).toBeLessThanOrEqual(3 * given.transportMs)
    })
  })

  it('never dials before a floor, and no hint makes a floor lower', () => {
    always((given) => {
      let floorAt = -Infinity
      return ({ before, input, after, effects, now }) => {
        if (input.type === 'reconnect' && after !== before) floorAt = -Infinity
        if (input.type === 'lost' && after !== before && after.name !== 'open') {
          const { floorMs = 0, hint, cause } = input.loss
          const wait = effects.find((effect) => effect.do === 'wait')
          const floor = Math.max(floorMs, hint?.afterMs ?? 0)
          if (wait) {
            expect(wait.delayMs).toBeGreaterThanOrEqual(floor)
            const remembered = before.memory.hint ?? { afterMs: 0, withinMs: 0 }
            const widest = Math.max(given.maxWindowMs, 60_000, ...Object.values(given.firstWindowMs))
            const drained = before.dueAt < Infinity ? Math.max(0, before.dueAt - now.at) + 1 : 0
            const highest = Math.max(floor, remembered.afterMs, drained)
            expect(wait.delayMs, cause).toBeLessThanOrEqual(highest + Math.max(widest, 0.1 * highest))
          }
          if (after.name === 'waiting' || after.name === 'suspended') floorAt = now.at + floor
        }
        if (effects.some((effect) => effect.do === 'begin') && before.live === undefined) {
          expect(now.at).toBeGreaterThanOrEqual(floorAt)
        }
        if (input.type === 'hint') expect(after.floorAt).toBe(before.floorAt)
      }
    })
  })

  it('dials nothing while dialing is pointless, but a rotation that somebody asks for', () => {
    always(() => ({ input, effects, now }) => {
      if (!effects.some((effect) => effect.do === 'begin')) return
      if (now.blocked !== undefined) expect(input.type).toBe('rotate')
    })
  })
})
