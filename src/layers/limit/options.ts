import { countOrInfinity, number, OptionsError, oneOf, type Rule, type Rules, resolve } from '../../core/options.ts'

/** A quota of calls in any span of time, as a server announces it. */
export interface CallsPerWindow {
  readonly calls: number
  readonly windowMs: number
}

export interface LimitOptions {
  /**
   * Whether the limit finds its own height; `false` makes `max` a fixed bulkhead.
   * @default true
   */
  adaptive: boolean
  /**
   * Calls in flight at the start.
   * @default 64
   */
  initial: number
  /**
   * Calls in flight that are always allowed.
   * @default 3
   */
  min: number
  /**
   * The most calls in flight. `Infinity` is no limit.
   * @default 1000
   */
  max: number
  /**
   * Calls that may wait for a place; one more fails at once. 0 lets none wait.
   * @default 10000
   */
  queue: number
  /**
   * Calls that may start per second. `Infinity`: as many as come.
   * @default Infinity
   */
  ratePerSecond: number
  /**
   * Calls that may start at once after a pause, with `ratePerSecond`.
   * @default 1
   */
  burst: number
  /**
   * How long the rate takes to rise from a tenth to all of `ratePerSecond`, from the first call on, in ms. 0: none.
   * @default 0
   */
  rampMs: number
  /**
   * A quota `{ calls, windowMs }` that no span of time exceeds; `'learned'` takes it from the server's
   * `RateLimit-Policy`.
   * @default undefined
   */
  callsPerWindow: CallsPerWindow | 'learned' | undefined
  /**
   * When a call gives its place back: at the response headers, or when its body has been read.
   * @default 'headers'
   */
  until: 'headers' | 'body'
}

export const limitDefaults: Readonly<LimitOptions> = {
  adaptive: true,
  initial: 64,
  min: 3,
  max: 1_000,
  queue: 10_000,
  ratePerSecond: Infinity,
  burst: 1,
  rampMs: 0,
  callsPerWindow: undefined,
  until: 'headers',
}

/** The ring of a quota holds a number for each of its calls. */
const mostCalls = 1_000_000

const quota: Rule = {
  wants: `'learned', or { calls, windowMs } with a whole number of calls from 1 to ${mostCalls} and ms above 0`,
  holds: (value) => value === 'learned' || isQuota(value),
}

export function isQuota(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { calls, windowMs, ...more } = value as Partial<CallsPerWindow>
  const whole = Number.isInteger(calls) && Number(calls) >= 1 && Number(calls) <= mostCalls
  return whole && typeof windowMs === 'number' && windowMs > 0 && windowMs < Infinity && Object.keys(more).length === 0
}

const limitRules: Rules<LimitOptions> = {
  adaptive: oneOf(true, false),
  initial: number(1, Number.MAX_SAFE_INTEGER),
  min: number(1, Number.MAX_SAFE_INTEGER),
  max: countOrInfinity(1),
  queue: countOrInfinity(0),
  ratePerSecond: { wants: 'a number above 0, or Infinity', holds: (value) => typeof value === 'number' && value > 0 },
  burst: number(1, Number.MAX_VALUE),
  rampMs: number(0, Number.MAX_VALUE),
  callsPerWindow: quota,
  until: oneOf('headers', 'body'),
}

/** A ceiling below the usual floor lowers the floor; a floor that was given above the ceiling is a contradiction. */
export function resolveLimit(given: Partial<LimitOptions> | undefined): Readonly<LimitOptions> {
  const resolved = resolve('limit', limitDefaults, limitRules, given)
  const { min, max } = resolved
  if (min <= max) return resolved
  if (given?.min === undefined) return Object.freeze({ ...resolved, min: max })
  throw new OptionsError('limit.min', `limit.min wants at most limit.max (${max}), got ${min}`)
}
