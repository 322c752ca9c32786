import type { ParameterTable, ValuesOf } from '../parameter.ts'
import type { Scenario } from '../scenario.ts'
import { broadcast } from './broadcast.ts'
import { cache } from './cache.ts'
import { cron } from './cron.ts'
import { failover } from './failover.ts'
import { hedge } from './hedge.ts'
import { reconnect } from './reconnect.ts'
import { retry } from './retry.ts'
import { retryAfter } from './retry-after.ts'
import { token } from './token.ts'

/** Every scenario, in the order in which they are listed. */
export const scenarios = {
  reconnect,
  retry,
  token,
  cache,
  'retry-after': retryAfter,
  cron,
  broadcast,
  hedge,
  failover,
} as const

type Scenarios = typeof scenarios

export type ScenarioName = keyof Scenarios

type TableOf<Name extends ScenarioName> = Scenarios[Name] extends Scenario<infer Table> ? Table : ParameterTable

/** What to simulate: a scenario by its name, what is set of it, and who is run in the same world beside us. */
export type ScenarioOptions = {
  readonly [Name in ScenarioName]: Partial<ValuesOf<TableOf<Name>>> & {
    readonly name: Name
    /** Rivals by name. */
    readonly compare?: readonly string[]
  }
}[ScenarioName]

/** A scenario by its name, if there is one. */
export function scenarioNamed(name: string): Scenario | undefined {
  return Object.hasOwn(scenarios, name) ? (scenarios[name as ScenarioName] as unknown as Scenario) : undefined
}
