import {
  callback,
  countOrInfinity,
  duration,
  number,
  numberOrInfinity,
  object,
  type Rule,
  type Rules,
} from '../../core/options.ts'
import { coordinationRule } from '../coordination-rule.ts'
import type { CacheOptions } from './options.ts'

const share = number(0, 1)
const finite = number(0, Number.MAX_VALUE)

const early: Rule = {
  wants: 'a share from 0 to 1, or { beta } above 0',
  holds: (value) => share.holds(value) || Number((Object(value) as { beta?: unknown }).beta) > 0,
}

export const cacheRules: Rules<CacheOptions<unknown>> = {
  load: callback,
  ttlMs: {
    wants: 'milliseconds above 0, Infinity, or a function that gives them',
    holds: (value) => typeof value === 'function' || (duration.holds(value) && value !== 0),
  },
  jitter: share,
  staleMs: finite,
  staleIfErrorMs: finite,
  earlyRefresh: early,
  failureMs: finite,
  timeoutMs: duration,
  maxEntries: countOrInfinity(1),
  maxBytes: numberOrInfinity(1),
  sizeOf: callback,
  coordination: coordinationRule,
  name: { wants: 'a text', holds: (value) => typeof value === 'string' },
  runtime: object,
}
