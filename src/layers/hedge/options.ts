import { countOrInfinity, duration, number, type Rule, type Rules } from '../../core/options.ts'

export interface HedgeOptions {
  /**
   * How slow a call must be, among those observed, before another is sent beside it: 0.95 hedges the slowest 5 %.
   * @default 0.95
   */
  percentile: number
  /**
   * A fixed wait before the hedge, in ms, in place of the observed percentile. 0 sends it at once.
   * @default undefined
   */
  delayMs: number | undefined
  /**
   * Calls that must have been observed before any is hedged. Counts for a fixed wait too: without latencies nobody knows
   * whether the server has room.
   * @default 50
   */
  minSamples: number
  /**
   * The most hedges of one call.
   * @default 1
   */
  maxExtra: number
  /**
   * Hedges over calls, at the most: the budget of hedges, apart from that of retries.
   * @default 0.1
   */
  ratio: number
}

export const hedgeDefaults: Readonly<HedgeOptions> = {
  percentile: 0.95,
  delayMs: undefined,
  minSamples: 50,
  maxExtra: 1,
  ratio: 0.1,
}

const share: Rule = {
  wants: 'a share above 0 and below 1',
  holds: (value) => typeof value === 'number' && value > 0 && value < 1,
}

export const hedgeRules: Rules<HedgeOptions> = {
  percentile: share,
  delayMs: duration,
  minSamples: countOrInfinity(1),
  maxExtra: countOrInfinity(1),
  ratio: number(0, 1),
}
