import { number, object, type Rules, resolve } from '../../core/options.ts'
import { type TabsCoordinationOptions, tabsCoordinationDefaults } from './options.ts'

// Apart from the defaults, which every application gets with its client.
const rules: Rules<TabsCoordinationOptions> = {
  name: {
    wants: 'a text of 1 to 200 characters that begins with none of - and |',
    holds: (value) => typeof value === 'string' && /^[^-|][^|]{0,199}$/.test(value),
  },
  leaseMs: number(100, 2 ** 31 - 1),
  storage: object,
  runtime: object,
}

/** @throws OptionsError for an unknown option or a bad value */
export function resolveTabs(given: Partial<TabsCoordinationOptions> = {}): Readonly<TabsCoordinationOptions> {
  return resolve('tabs', tabsCoordinationDefaults, rules, given)
}
