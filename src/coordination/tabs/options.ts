import { number, object, type Rules, resolve } from '../../core/options.ts'
import type { Runtime } from '../../core/runtime.ts'
import type { TabsStorage } from './storage.ts'

export interface TabsCoordinationOptions {
  /**
   * Those who share values have the same name, and nothing else of the origin has it.
   * @default 'breakwater'
   */
  name: string
  /**
   * How long a tab that is frozen can hold up the others, in ms. One that is closed or crashed does not.
   * @default 10000
   */
  leaseMs: number
  /**
   * Where values outlive the tabs, such as `localStorage`; every script of the origin can read them there. Nothing is
   * stored if absent.
   */
  storage: TabsStorage | undefined
  /** Time and chance other than the platform's. */
  runtime: Partial<Runtime> | undefined
}

export const tabsCoordinationDefaults: Readonly<TabsCoordinationOptions> = {
  name: 'breakwater',
  leaseMs: 10_000,
  storage: undefined,
  runtime: undefined,
}

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
