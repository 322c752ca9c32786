import { describe, expect, it } from 'vitest'
import { valuesOf } from '../../../src/simulate/parameter.ts'
import type { PolicyReport } from '../../../src/simulate/report.ts'
import { hedge } from '../../../src/simulate/scenarios/hedge.ts'
import type { ScenarioOptions } from '../../../src/simulate/scenarios/index.ts'
import { simulate } from '../../../src/simulate/simulate.ts'
import { World } from '../../../src/simulate/world.ts'
import { expectEndsWhenAborted, expectNothingLeft, expectSameTwice } from '../../support/storm.ts'

type Given = Omit<ScenarioOptions & { name: 'hedge' }, 'name'>

async function run(given: Given = {}): Promise<Record<string, PolicyReport>> {
  const report = await simulate({ name: 'hedge', stepMs: 6_000, clients: 2, servers: 8, ...given })
  return Object.fromEntries([report, ...report.compared].map((one) => [one.policy, one]))
}

function at(report: PolicyReport | undefined, load: number, figure: string): number {
  return report?.details[`${figure}At${load}`] ?? Number.NaN
}

describe('hedging while the load rises', () => {
  it('cuts the tail as long as there is room, and steps back before it does harm', async () => {
    const all = await run({ compare: ['none', 'fixed-p95', 'adaptive-p95'] })
    const { breakwater: ours, none, 'fixed-p95': fixed, 'adaptive-p95': adaptive } = all
    for (const load of [30, 60, 80]) expect(at(none, load, 'p99Ms'), `${load}`).toBeGreaterThan(900)
    expect(at(ours, 30, 'p99Ms')).toBeLessThan(45)
    expect(at(ours, 60, 'p99Ms')).toBeLessThan(500)
    expect(at(ours, 80, 'p99Ms')).toBeLessThan(1.05 * at(none, 80, 'p99Ms'))
    expect(at(ours, 95, 'p99Ms')).toBeLessThan(1.5 * at(none, 95, 'p99Ms'))
    expect(at(ours, 30, 'extra')).toBeLessThan(0.055)
    expect(at(ours, 60, 'extra')).toBeLessThan(0.11)
    expect(at(ours, 95, 'extra')).toBeLessThan(0.02)
    // What nobody gates ends with every call sent twice, and is slower than no hedge at all.
    expect(at(fixed, 95, 'extra')).toBeGreaterThan(0.9)
    expect(at(fixed, 95, 'p99Ms')).toBeGreaterThan(2 * at(none, 95, 'p99Ms'))
    expect(at(adaptive, 80, 'extra')).toBeGreaterThan(2 * at(ours, 80, 'extra'))
    expect(fixed?.goodputLost).toBeGreaterThan(10 * (ours?.goodputLost ?? 1))
    expect(fixed?.wasted).toBeGreaterThan(ours?.wasted ?? Infinity)
    expect(none).toMatchObject({ amplification: 1, wasted: 0, t99Ms: null, boundMs: null })
  })

  /** Hedging, table A: milliseconds and extra requests at 30 %. */
  it.each([
    ['none', 10.1, 1_002, 0],
    ['fixed-p95', 10.1, 32, 0.052],
    ['fixed-p50', 10.3, 25, 0.528],
    ['adaptive-p95', 10.1, 32, 0.051],
  ])('at rest does what the field has measured: %s', async (policy, p50, p99, extra) => {
    const given = valuesOf(hedge.name, hedge.parameters, { load: 0.3, stepMs: 20_000, clients: 1 })
    const { details } = await hedge.run(new World({ seed: 1 }), hedge.complete(given), policy)
    expect(Math.abs((details?.p50MsAt30 ?? Infinity) / p50 - 1)).toBeLessThan(0.03)
    expect(Math.abs((details?.p99MsAt30 ?? Infinity) / p99 - 1)).toBeLessThan(0.08)
    expect(Math.abs((details?.extraAt30 ?? Infinity) - extra)).toBeLessThan(0.01)
  })
})

describe('the hedge scenario', () => {
  it('says how slow the slowest are at each load', async () => {
    const { summary, curves } = await simulate({ name: 'hedge', stepMs: 1_000, compare: ['none'] })
    expect(summary).toMatch(/^The slowest call of a hundred, .* Breakwater: [\d,.]+ ms and [\d.]+ % at 30 % load, /)
    expect(summary).toMatch(/no hedging: .* at 95 % load\.$/)
    expect(curves.recovered).toHaveLength(4)
  })

  const small = { name: 'hedge', stepMs: 1_600, servers: 2, loss: 0.01 } as const

  it('gives the same report for the same seed', () => expectSameTwice({ ...small, compare: ['none', 'adaptive-p95'] }))

  it('ends when it is told to', () => expectEndsWhenAborted({ ...small, compare: ['none'] }))

  it.each(['breakwater', 'fixed-p95'])('leaves nothing of %s behind', (policy) =>
    expectNothingLeft('hedge', { stepMs: 1_000, servers: 2 }, policy),
  )
})
