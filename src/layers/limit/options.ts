import { countOrInfinity, number, oneOf, type Rules } from '../../core/options.ts'

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
}

export const limitDefaults: Readonly<LimitOptions> = {
  adaptive: true,
  initial: 64,
  min: 3,
  max: 1_000,
  queue: 10_000,
}

export const limitRules: Rules<LimitOptions> = {
  adaptive: oneOf(true, false),
  initial: number(1, Number.MAX_SAFE_INTEGER),
  min: number(1, Number.MAX_SAFE_INTEGER),
  max: countOrInfinity(1),
  queue: countOrInfinity(0),
}
