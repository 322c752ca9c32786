import type { Verdict } from '../../src/core/outcome.ts'
import { seededRandom } from '../../src/core/random.ts'
import { type HerdEvent, HerdWatch } from '../../src/telemetry/herd.ts'
import { world } from '../support/world.ts'

/** One call as a trace has it: when, for what, and how its attempts ended. */
export interface Traced {
  readonly atMs: number
  readonly key: string
  readonly attempts: readonly { readonly verdict: Verdict; readonly tookMs: number }[]
}

export interface TraceShape {
  readonly seconds: number
  /** Calls per second at this second. */
  rate: (second: number) => number
  /** Draws what a call asks for. */
  key?: (random: () => number, nth: number) => string
  attempts?: (random: () => number, second: number) => Traced['attempts']
  /** Calls come in step instead of at random moments. */
  even?: boolean
}

const fine: Traced['attempts'] = [{ verdict: 'success', tookMs: 20 }]

export const endpoints =
  (count: number): NonNullable<TraceShape['key']> =>
  (random) =>
    `GET https://api.example/${Math.floor(random() * count)}`

/** A trace of so many seconds; the same seed gives the same one. */
export function trace(shape: TraceShape, seed = 1): Traced[] {
  const { seconds, rate, key = endpoints(1_000), attempts = () => fine, even = false } = shape
  const random = seededRandom(seed)
  const calls: Traced[] = []
  let due = 0
  for (let second = 0; second < seconds; second++) {
    const perSecond = rate(second)
    const count = even ? Math.round(perSecond) : poisson(perSecond, random)
    const moments = Array.from({ length: count }, (_, index) => (even ? index / count : random()))
    for (const moment of moments.sort((a, b) => a - b)) {
      calls.push({
        atMs: second * 1_000 + moment * 1_000,
        key: key(random, due++),
        attempts: attempts(random, second),
      })
    }
  }
  return calls
}

function poisson(mean: number, random: () => number): number {
  let count = 0
  let gone = -Math.log(1 - random())
  while (gone < mean) {
    gone -= Math.log(1 - random())
    count++
  }
  return count
}

/** What is told of a trace, and what stands in the health at its end. */
export async function watched(calls: readonly Traced[]) {
  const w = world()
  const watch = new HerdWatch(w, 'api.example:443')
  for (const { atMs, key, attempts } of calls) {
    if (atMs > w.clock.now()) await leap(w.clock, atMs)
    watch.called(key)
    for (const [index, { verdict, tookMs }] of attempts.entries()) {
      watch.attempted(index > 0)
      watch.answered(verdict, tookMs)
    }
  }
  const told = w.told<HerdEvent>('herd.detected')
  return { w, watch, told, signatures: told.map(({ signature }) => signature) }
}

/** No timers are set here, so the clock needs no turn of the event loop for each call. */
function leap(clock: { now: () => number }, atMs: number): void {
  Object.assign(clock, { now: () => atMs })
}
