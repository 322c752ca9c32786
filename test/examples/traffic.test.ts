import { describe, expect, it } from 'vitest'
import { capacityOf, scenario, wellAt } from '../../examples/demo/scenario.ts'
import { traffic } from '../../examples/demo/traffic.ts'

const experiment = scenario(30)
const due = traffic(experiment)

describe('traffic', () => {
  it('is the same whenever it is asked for, and another with another seed', () => {
    expect(traffic(experiment)).toEqual(due)
    expect(traffic({ ...experiment, seed: 2 })).not.toEqual(due)
  })

  it('is in the order in which it is due, and within the run', () => {
    expect(due.map(({ atMs }) => atMs)).toEqual(due.map(({ atMs }) => atMs).sort((a, b) => a - b))
    expect(due[0]!.atMs).toBeGreaterThanOrEqual(0)
    expect(due.at(-1)!.atMs).toBeLessThan(experiment.runMs)
  })

  it('comes from every client alike', () => {
    const perClient = Array.from({ length: experiment.clients }, (_, id) => due.filter(({ client }) => client === id))
    const counts = perClient.map((calls) => calls.length)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
  })

  it('is even: no second has a peak of its own', () => {
    for (let fromMs = 500; fromMs + 1_000 <= experiment.runMs; fromMs += 100) {
      const inSecond = due.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 1_000).length
      expect(Math.abs(inSecond - experiment.callsPerSecond)).toBeLessThanOrEqual(4)
    }
  })

  it('is in step nowhere: the clients do not call at the same moments', () => {
    const phases = due.filter(({ atMs }) => atMs >= 1_000 && atMs < 1_200).map(({ atMs }) => atMs)
    const gaps = phases.slice(1).map((atMs, index) => atMs - phases[index]!)
    expect(Math.max(...gaps)).toBeLessThan(60)
  })
})

describe('scenario', () => {
  it('leaves the server a fifth more than it is offered', () => {
    expect(capacityOf(experiment.server)).toBe(1.2 * experiment.callsPerSecond)
  })

  it('fills what is left of its seconds with two runs of the same parts', () => {
    const shares = [8, 30, 120].map((seconds) => {
      const { runMs, server } = scenario(seconds)
      expect(2 * runMs).toBe(seconds * 1_000 - 5_000)
      return server.phases.map(({ fromMs, toMs }) => [fromMs / runMs, toMs / runMs])
    })
    for (const share of shares) {
      share.flat().forEach((part, index) => void expect(part).toBeCloseTo(shares[1]!.flat()[index]!, 2))
    }
  })

  it('ends its server some time after the run', () => {
    expect(experiment.server.lifeMs).toBeGreaterThan(experiment.runMs + experiment.graceMs)
    expect(wellAt(experiment.server)).toBe(6_500)
  })
})
