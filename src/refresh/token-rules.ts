import { callback, duration, number, object, oneOf, type Rules } from '../core/options.ts'
import { coordinationRule } from './coordination-rule.ts'
import type { TokenSourceOptions } from './token-options.ts'

// Apart from the defaults, which everybody loads with the page of all of them.

export const tokenSourceRules: Rules<TokenSourceOptions> = {
  fetchToken: callback,
  window: {
    wants: 'two shares from 0 to 1, the smaller one first',
    holds: (value) => {
      if (!Array.isArray(value) || value.length !== 2) return false
      const [from, to] = value as unknown[]
      return typeof from === 'number' && typeof to === 'number' && from >= 0 && from <= to && to <= 1
    },
  },
  hardMs: number(0, Number.MAX_VALUE),
  keepFresh: oneOf(true, false),
  timeoutMs: duration,
  mode: oneOf('exclusive', 'efficiency'),
  reuseLeewayMs: number(0, Number.MAX_VALUE),
  coordination: coordinationRule,
  key: { wants: 'a text that is not empty', holds: (value) => typeof value === 'string' && value !== '' },
  validate: callback,
  phase: number(0, 1),
  runtime: object,
}
