import type { Context, Layer } from '../core/layer.ts'
import { callback, duration, number, OptionsError, oneOf, type Rules, resolve } from '../core/options.ts'
import { type Random, seededRandom } from '../core/random.ts'

/** One thing that goes wrong: how often, and when. */
export interface Fault<Req, Res> {
  /** Share of the calls that it hits, from 0 to 1. Each fault draws for itself, in the order of the list. */
  rate: number
  /** Hits only between these moments after the stack was built, in ms. */
  fromMs?: number
  untilMs?: number
  /** Waits before anything else, in ms, or for what a function of chance says. */
  latencyMs?: number | ((random: Random) => number)
  /** Never answers; ends with the call's signal. */
  hang?: true
  /** Throws this in place of calling. */
  error?: (request: Req) => unknown
  /** Answers this in place of calling: a status, say. */
  value?: (request: Req) => Res
  /** Changes the answer: a body that breaks off, say. */
  after?: (value: Res, request: Req) => Res
}

export interface ChaosOptions {
  /**
   * The same seed hits the same calls.
   * @default 1
   */
  seed: number
}

export const chaosDefaults: Readonly<ChaosOptions> = { seed: 1 }

// What is called here is marked, so that who takes only the defaults takes no rule along.
const rules: Rules<ChaosOptions> = { seed: /* @__PURE__ */ number(0, 2 ** 53 - 1) }

const wait = {
  wants: 'milliseconds of at least 0, or Infinity, or a function',
  holds: (value: unknown) => duration.holds(value) || callback.holds(value),
}

const faultRules: Rules<Fault<never, never>> = {
  rate: /* @__PURE__ */ number(0, 1),
  fromMs: duration,
  untilMs: duration,
  latencyMs: wait,
  hang: /* @__PURE__ */ oneOf(true),
  error: callback,
  value: callback,
  after: callback,
}

/** Makes a share of the calls fail, wait, hang or answer wrongly, by a schedule that a seed repeats. For tests. */
export function chaos<Req, Res>(
  faults: readonly Fault<Req, Res>[],
  options: Partial<ChaosOptions> = {},
): Layer<Req, Res> {
  const { seed } = resolve('chaos', chaosDefaults, rules, options)
  for (const fault of faults) {
    resolve<object>('chaos', {}, faultRules, fault)
    if (fault.rate === undefined) throw new OptionsError('chaos.rate', `chaos.rate wants ${faultRules.rate.wants}`)
  }
  return (next, { clock }) => {
    const random = seededRandom(seed)
    // A stream of its own: how long one fault waits must not move whom the others hit.
    const waits = seededRandom(Number.MAX_SAFE_INTEGER - seed)
    const bornAt = clock.now()
    const hits = ({ rate, fromMs = 0, untilMs = Infinity }: Fault<Req, Res>) => {
      const age = clock.now() - bornAt
      // Drawn for every call, in its time or not: what one fault does must not move the others.
      return random() < rate && age >= fromMs && age < untilMs
    }
    return async (request, context) => {
      const struck = faults.filter(hits)
      for (const { latencyMs, hang, error, value } of struck) {
        if (latencyMs !== undefined) {
          await clock.sleep(typeof latencyMs === 'number' ? latencyMs : latencyMs(waits), context.signal)
        }
        if (hang) await ended(context)
        if (error) throw error(request)
        if (value) return value(request)
      }
      const answer = await next(request, context)
      return struck.reduce<Res>((changed, { after }) => (after ? after(changed, request) : changed), answer)
    }
  }
}

function ended({ signal }: Context): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
