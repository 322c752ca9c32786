import { type LabScenario, labScenarios, type Value, type Values } from './lab-scenario.ts'
import type { Chosen } from './settings.ts'

/** What a link to a run holds. */
export interface Shared {
  readonly scenario: string
  readonly values: Values
  readonly rival: string | undefined
}

/** The part of the address behind `#`: a link with it shows the same run. Durations are in ms. */
export function write({ scenario, changed, rival }: Chosen): string {
  const query = new URLSearchParams({ scenario: scenario.name, compare: rival })
  for (const [name, value] of Object.entries(changed)) if (value !== undefined) query.set(name, String(value))
  return `#${query}`
}

/** What such a part says; whatever it says that nothing is known of is left out. */
export function read(hash: string): Shared {
  const query = new URLSearchParams(hash.replace(/^#/, ''))
  const scenario = labScenarios.find(({ name }) => name === query.get('scenario')) ?? (labScenarios[0] as LabScenario)
  const values: Record<string, Value> = {}
  for (const [name, text] of query) {
    const value = given(scenario, name, text)
    if (value !== undefined) values[name] = value
  }
  return { scenario: scenario.name, values, rival: query.get('compare') ?? undefined }
}

function given({ parameters }: LabScenario, name: string, text: string): Value | undefined {
  const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  if (parameter === undefined) return undefined
  if (parameter.kind === 'flag') return text === 'true'
  if (parameter.kind === 'choice') return parameter.choices.includes(text) ? text : undefined
  const value = text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : undefined
}
