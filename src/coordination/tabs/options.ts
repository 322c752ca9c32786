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
