import { expect } from 'vitest'
import { valuesOf } from '../../src/simulate/parameter.ts'
import type { PolicyReport, Report } from '../../src/simulate/report.ts'
import { type ScenarioName, type ScenarioOptions, scenarioNamed } from '../../src/simulate/scenarios/index.ts'
import { simulate } from '../../src/simulate/simulate.ts'
import { World } from '../../src/simulate/world.ts'

/** Figures that are never null. */
const always = [
  'peakPerSecond',
  'peakOverCapacity',
  'attemptsPerClient',
  'amplification',
  'wasted',
  'goodputLost',
] as const satisfies readonly (keyof PolicyReport)[]

/** The same simulation twice, and once with another seed: the first two are the same text, the third is not. */
export async function expectSameTwice(given: ScenarioOptions): Promise<void> {
  const [first, second, other] = [await simulate(given), await simulate(given), await simulate({ ...given, seed: 77 })]
  expect(JSON.stringify(second)).toBe(JSON.stringify(first))
  expect(JSON.stringify({ ...other, parameters: {} })).not.toBe(JSON.stringify({ ...first, parameters: {} }))
  expectFinite(first)
}

/** Ends it from outside as soon as the world has begun, or before: what came of it until then is reported. */
export async function expectEndsWhenAborted(given: ScenarioOptions): Promise<void> {
  const controller = new AbortController()
  let steps = 0
  const onProgress = () => {
    if (++steps === 60) controller.abort()
  }
  const during = await simulate(given, { signal: controller.signal, onProgress })
  expect(steps).toBe(60)
  const before = await simulate(given, { signal: AbortSignal.abort() })
  for (const report of [during, before]) {
    expect(report.partial).toBe(true)
    expect(report.compared).toEqual([])
    expectFinite(report)
  }
}

/** After a run nothing is left that would wake up again. */
export async function expectNothingLeft(name: ScenarioName, given: object, policy = 'breakwater'): Promise<void> {
  const scenario = scenarioNamed(name)
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  const values = scenario.complete(valuesOf(name, scenario.parameters, { ...given }))
  const world = new World({ seed: 3 })
  await scenario.run(world, values, policy)
  await world.clock.advance(86_400_000)
  expect(world.clock.pending).toBe(0)
}

function expectFinite(report: Report): void {
  for (const policy of [report, ...report.compared]) {
    for (const name of always) expect(policy[name], name).toSatisfy(Number.isFinite)
    const { arrivals, queue, recovered } = policy.curves
    expect(queue.length).toBe(arrivals.length)
    expect(recovered.length).toBe(arrivals.length)
    for (const value of [...arrivals, ...queue, ...recovered]) expect(value).toSatisfy(Number.isFinite)
    for (const value of Object.values(policy.details)) expect(value === null || Number.isFinite(value)).toBe(true)
  }
}
