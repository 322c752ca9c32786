import { callback, countOrInfinity, duration, number, type Rule, type Rules } from '../../core/options.ts'

export interface BreakerOptions {
  /**
   * The share of failed attempts in the window that opens the circuit, from above 0 to 1.
   * @default 0.5
   */
  failureRate: number
  /**
   * The share of slow attempts in the window that opens the circuit. Counts only with `slowMs`.
   * @default 0.5
   */
  slowRate: number
  /**
   * An attempt that takes at least this long is slow, in ms. `Infinity`: none is.
   * @default Infinity
   */
  slowMs: number
  /**
   * How far back attempts count, in ms.
   * @default 30000
   */
  windowMs: number
  /**
   * Attempts that must be in the window before a rate means anything.
   * @default 20
   */
  minCalls: number
  /**
   * Failures in a row, timeouts aside, that open the circuit whatever the rate. `Infinity`: no row does.
   * @default 10
   */
  consecutive: number
  /**
   * The first open time, in ms; half of it is drawn. It doubles with each probe that fails.
   * @default 1000
   */
  openMs: number
  /**
   * The longest open time, in ms.
   * @default 60000
   */
  maxOpenMs: number
  /**
   * Probes that must succeed, one after the other, to close the circuit. One that fails opens it again.
   * @default 3
   */
  probes: number
  /**
   * How long a probe may take before the circuit opens again, in ms: one that hangs must not hold the door.
   * @default 20000
   */
  halfOpenMs: number
  /**
   * Overrides what counts as a failure: gets what the attempt gave (`{ value }` or `{ error }`); `undefined` leaves it to
   * the usual rule.
   * @default undefined
   */
  isFailure: ((ending: { readonly value?: unknown; readonly error?: unknown }) => boolean | undefined) | undefined
}

export const breakerDefaults: Readonly<BreakerOptions> = {
  failureRate: 0.5,
  slowRate: 0.5,
  slowMs: Infinity,
  windowMs: 30_000,
  minCalls: 20,
  consecutive: 10,
  openMs: 1_000,
  maxOpenMs: 60_000,
  probes: 3,
  halfOpenMs: 20_000,
  isFailure: undefined,
}

const rate: Rule = {
  wants: 'a share above 0 and at most 1',
  holds: (value) => typeof value === 'number' && value > 0 && value <= 1,
}

const span: Rule = number(1, Number.MAX_VALUE)

export const breakerRules: Rules<BreakerOptions> = {
  failureRate: rate,
  slowRate: rate,
  slowMs: duration,
  windowMs: span,
  minCalls: countOrInfinity(1),
  consecutive: countOrInfinity(1),
  openMs: span,
  maxOpenMs: span,
  probes: countOrInfinity(1),
  halfOpenMs: span,
  isFailure: callback,
}
