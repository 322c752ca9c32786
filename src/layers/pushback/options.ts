import { headerList, number, type Rules, statusList } from '../../core/options.ts'
import { hintHeaders } from '../../core/retry-after.ts'

export interface PushbackOptions {
  /**
   * The longest hint that is waited for, in ms. While a longer one stands a call fails at once, and once in this long
   * one may ask whether it still does.
   * @default 300000
   */
  maxMs: number
  /**
   * How much later than the hint callers may come, as a share of it (and at least 1 s): the wait above the floor is
   * drawn from it. 0 leaves the second.
   * @default 0.2
   */
  jitter: number
  /**
   * Answers that close the gate, whichever of `headers` they carry. Any other answer that is worth a retry closes it
   * with a `Retry-After`.
   * @default [429, 503]
   */
  statuses: readonly number[]
  /**
   * Where a hint is looked for, in order; other names are read as `Retry-After` is.
   * @default ['retry-after', 'ratelimit', 'ratelimit-reset', 'x-ratelimit-reset', 'x-ratelimit-retry-after']
   */
  headers: readonly string[]
}

export const pushbackDefaults: Readonly<PushbackOptions> = {
  maxMs: 300_000,
  jitter: 0.2,
  statuses: [429, 503],
  headers: hintHeaders,
}

export const pushbackRules: Rules<PushbackOptions> = {
  maxMs: number(0, Number.MAX_VALUE),
  jitter: number(0, Number.MAX_VALUE),
  statuses: statusList,
  headers: headerList,
}
