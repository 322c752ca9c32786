import type { Context } from '../../src/core/layer.ts'
import { type ManualClock, manualClock } from '../../src/core/manual-clock.ts'
import { seededRandom } from '../../src/core/random.ts'
import type { Runtime, RuntimeEvent } from '../../src/core/runtime.ts'

/** All that a layer gets from outside, held still: time moves by hand, chance repeats, and what is told is kept. */
export interface World extends Runtime {
  readonly clock: ManualClock
  /** Every event so far, in order. */
  readonly events: RuntimeEvent[]
  /** What a call brings along: nobody's abort, the first attempt, all the time there is. */
  context(given?: Partial<Context>): Context
  /** The events of one type, as far as a test looks into them. */
  told<Event extends RuntimeEvent>(type: Event['type']): Event[]
}

/** @param random the same number every time, or a stream of them; one that repeats if absent */
export function world(random: number | (() => number) = seededRandom(1)): World {
  const events: RuntimeEvent[] = []
  return {
    clock: manualClock(),
    random: typeof random === 'number' ? () => random : random,
    emit: (event) => events.push(event),
    events,
    context: (given) => ({
      signal: new AbortController().signal,
      attempt: 1,
      deadlineAt: Infinity,
      priority: 'normal',
      ...given,
    }),
    told: <Event extends RuntimeEvent>(type: Event['type']) => events.filter((event) => event.type === type) as Event[],
  }
}
