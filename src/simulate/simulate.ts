import { OptionsError } from '../core/options.ts'
import { valuesOf } from './parameter.ts'
import type { Curves, PolicyReport, Report } from './report.ts'
import type { Scenario } from './scenario.ts'
import { type ScenarioOptions, scenarioNamed, scenarios } from './scenarios/index.ts'
import { World } from './world.ts'

/** How far a simulation is. */
export interface Progress {
  /** Who is in the world now. */
  readonly policy: string
  /** How far this policy's run is, from 0 to 1. */
  readonly share: number
  /** How late it is in its world, in ms. */
  readonly atMs: number
  /** This policy's curves so far, for who draws them as they come; worked out when it is read. */
  readonly curves: Curves
}

export interface SimulateOptions {
  /** Ends the simulation; the report has what came of it until then. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Runs a whole fleet of this package's own clients, in virtual time, through what a scenario does to it. The behaviour is
 * that of `createClient`, `ReliableSocket`, `createTokenSource` and `createCache`, run by another clock; only the server and
 * the network are models. `compare` runs the published formulas of other clients through the same.
 *
 * 100,000 sockets take some 15 s and 2 GB; a million want a larger heap than Node gives itself.
 *
 * @throws OptionsError naming the scenario, parameter or rival, what it got and what it wants
 */
export async function simulate(given: ScenarioOptions, options: SimulateOptions = {}): Promise<Report> {
  const name: unknown = given?.name
  const scenario = typeof name === 'string' ? scenarioNamed(name) : undefined
  if (scenario === undefined) {
    throw new OptionsError(
      'name',
      `simulate wants a scenario whose name is one of ${Object.keys(scenarios).join(', ')}`,
    )
  }
  const { name: _, compare = [], ...rest } = given
  const policies = ['breakwater', ...rivalsOf(scenario, compare)]
  const values = scenario.complete(valuesOf(scenario.name, scenario.parameters, rest))
  const reports: PolicyReport[] = []
  for (const policy of policies) {
    // One that was never run has nothing to report.
    if (reports.length > 0 && options.signal?.aborted) break
    reports.push(await runPolicy(scenario, values, policy, options))
  }
  const [ours, ...compared] = reports as [PolicyReport, ...PolicyReport[]]
  return {
    scenario: scenario.name,
    title: scenario.title,
    parameters: values,
    summary: scenario.summary(ours, values, compared),
    ...ours,
    compared,
  }
}

async function runPolicy(
  scenario: Scenario,
  values: Report['parameters'],
  policy: string,
  { signal, onProgress }: SimulateOptions,
): Promise<PolicyReport> {
  const seed = values.seed as number
  const onStep = (atMs: number, share: number) =>
    onProgress?.({
      policy,
      share,
      atMs,
      get curves() {
        return world.curves()
      },
    })
  const world = new World({ seed, signal, onStep: onProgress && onStep })
  const { details = {}, curves, ...figures } = await scenario.run(world, values as never, policy)
  const label = scenario.rivals.find((rival) => rival.name === policy)?.label ?? 'Breakwater'
  return { policy, label, partial: world.aborted, ...figures, details, curves }
}

function rivalsOf({ name, rivals }: Scenario, compare: unknown): readonly string[] {
  const known = rivals.map((rival) => rival.name)
  if (!Array.isArray(compare)) throw new OptionsError(`${name}.compare`, `${name}.compare wants a list of names`)
  for (const rival of compare) {
    if (!known.includes(rival)) {
      const wants = known.length === 0 ? 'nobody: it has no rivals' : known.join(', ')
      throw new OptionsError(`${name}.compare`, `${name}.compare knows ${wants}; got ${JSON.stringify(rival)}`)
    }
  }
  return [...new Set(compare)]
}
