import { type ParameterTable, type Rival, type ScenarioOptions, scenarios } from 'breakwater/simulate'

export type Value = number | string | boolean

/** Values by the name of their parameter; `undefined` is left to the scenario. */
export type Values = Readonly<Record<string, Value | undefined>>

/** What the page knows of a scenario: nothing here is about one in particular. */
export interface LabScenario {
  readonly name: string
  readonly title: string
  readonly what: string
  readonly parameters: ParameterTable
  readonly rivals: readonly Rival[]
  /** Works out what was left to it. */
  complete(values: Values): Readonly<Record<string, Value>>
}

export const labScenarios = Object.values(scenarios) as unknown as readonly LabScenario[]

/** A page is also opened on a phone. */
const mostClients = 10_000

/** What else is smaller here than on the command line. */
const smaller: Readonly<Record<string, Values>> = {
  // Most rivals do not come back from it, and three minutes of that say as much as fifteen.
  reconnect: { runMs: 180_000 },
  failover: { others: 10_000, runMs: 180_000 },
  // Each call of these is made, so a run takes as long as its calls do.
  retry: { clients: 50 },
  token: { clients: 500 },
  hedge: { stepMs: 4_000 },
}

/** Beyond this a page needs more memory than browsers give it. */
export const mostClientsHere = 200_000

/** What the page starts with. */
export function standardOf({ name, parameters }: LabScenario): Values {
  const values: Record<string, Value | undefined> = {}
  for (const [parameter, { default: standard }] of Object.entries(parameters)) {
    values[parameter] = smaller[name]?.[parameter] ?? standard
  }
  if (typeof values.clients === 'number') values.clients = Math.min(values.clients, mostClients)
  return values
}

/** A run, as `simulate` takes it. */
export function optionsOf(scenario: LabScenario, values: Values, rival: string): ScenarioOptions {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(given),
    name: scenario.name,
    compare: rival === '' ? [] : [rival],
  } as ScenarioOptions
}

/** `retryAfterMs` as a person would write it: `Retry after`; `p99MsAt30`: `P99 at 30`. */
export function nameInWords(name: string): string {
  const words = name
    .replace(/Ms(?![a-z])/, '')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/(?<=[a-z]{2})(?=\d)/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
