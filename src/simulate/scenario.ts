import type { GivenOf, ParameterTable, ValuesOf } from './parameter.ts'
import type { Curves, Figures, PolicyReport } from './report.ts'
import type { World } from './world.ts'

/** What a scenario gives for one policy. */
export interface Outcome extends Figures {
  readonly details?: Readonly<Record<string, number | null>>
  readonly curves: Curves
}

/** Whoever else can be in a scenario. */
export interface Rival {
  readonly name: string
  /** With its version, for a person. */
  readonly label: string
}

/** A scenario: what can be set, who can be compared, and one run of it. */
export interface Scenario<Table extends ParameterTable = ParameterTable> {
  readonly name: string
  readonly title: string
  /** One line: what happens to whom. */
  readonly what: string
  readonly parameters: Table
  readonly rivals: readonly Rival[]
  /**
   * Runs `breakwater` or a rival through it. The world is new, with the same chance for each policy.
   */
  run(world: World, values: ValuesOf<Table>, policy: string): Promise<Outcome>
  /** Works out what was left to it, and refuses what cannot be together. */
  complete(values: GivenOf<Table>): ValuesOf<Table>
  /** What happened, in a sentence or two, for a person who reads nothing else. */
  summary(ours: PolicyReport, values: ValuesOf<Table>, compared: readonly PolicyReport[]): string
}

/** Says that a value is a scenario, and keeps what can be set of it for the types. */
export function scenario<Table extends ParameterTable>(given: Scenario<Table>): Scenario<Table> {
  return given
}
