import { describe, expect, it } from 'vitest'
import { figures, timeLeft } from '../../examples/demo/figures.ts'
import type { Trace } from '../../examples/demo/run.ts'
import { capacityOf, scenario, wellAt } from '../../examples/demo/scenario.ts'

const experiment = scenario(30)
const { runMs, server } = experiment
const well = wellAt(server)
const buckets = runMs / server.bucketMs

type Counted = Omit<Trace, 'stalledMs'>

/** One call each 10 ms, which is the 100 a second of the scenario. */
const offered = Array.from({ length: runMs / 10 }, (_, index) => index * 10)

/** Every call answered at once but for those that `fails` says. */
function trace(fails: (atMs: number) => boolean, arrivals = Array.from({ length: buckets }, () => 10)): Counted {
  return {
    offered,
    arrivals,
    settled: offered.map((atMs) => ({ startMs: atMs, endMs: atMs, ok: !fails(atMs) })),
  }
}

describe('figures', () => {
  it('have the members that --json promises, in their order', () => {
    expect(
      Object.keys(
        figures(
          experiment,
          trace(() => false),
        ),
      ),
    ).toEqual(['calls', 'attempts', 'amplification', 'peakOverCapacity', 'succeeded', 'failedFast', 'recoveryMs'])
  })

  it('count what was offered, what arrived and what succeeded', () => {
    expect(
      figures(
        experiment,
        trace((atMs) => atMs < 1_000),
      ),
    ).toMatchObject({
      calls: 1_250,
      attempts: 1_250,
      amplification: 1,
      succeeded: 1_150,
    })
  })

  it('count a call that never settled as offered and as nothing else', () => {
    const { settled, ...rest } = trace(() => false)
    expect(figures(experiment, { ...rest, settled: settled.slice(1) })).toMatchObject({
      calls: 1_250,
      succeeded: 1_249,
      failedFast: 0,
    })
  })

  it('count a failure as fast below 100 ms only', () => {
    const settled = [99, 100, 3_000].map((endMs) => ({ startMs: 0, endMs, ok: false }))
    expect(figures(experiment, { offered: [0, 0, 0], arrivals: [], settled })).toMatchObject({ failedFast: 1 })
  })

  it('take the peak over one second that may start at any bucket', () => {
    const arrivals = Array.from({ length: buckets }, () => 0)
    for (let bucket = 15; bucket < 25; bucket++) arrivals[bucket] = 24
    expect(capacityOf(server)).toBe(120)
    expect(
      figures(
        experiment,
        trace(() => false, arrivals),
      ).peakOverCapacity,
    ).toBe(2)
  })

  it('take the peak of a run that is shorter than a second', () => {
    expect(
      figures(
        experiment,
        trace(() => false, [60, 60]),
      ).peakOverCapacity,
    ).toBe(1)
  })
})

describe('time to recover', () => {
  const recoveryMs = (fails: (atMs: number) => boolean) => figures(experiment, trace(fails)).recoveryMs

  it('is none for a fleet that is well when its server is', () => {
    expect(recoveryMs((atMs) => atMs < well)).toBe(0)
  })

  it('counts from when the server is well', () => {
    // 50 of the 100 calls of the first second may fail in no window; 5 of them may.
    expect(recoveryMs((atMs) => atMs < well + 1_550)).toBe(1_500)
  })

  it('wants 95 % of each second, not of both together', () => {
    const secondFails = (atMs: number) => atMs >= well + 1_000 && atMs < well + 1_060
    expect(recoveryMs(secondFails)).toBe(1_000 + 100)
  })

  it('does not take a relapse within two seconds for well', () => {
    expect(recoveryMs((atMs) => atMs < well || (atMs >= well + 1_500 && atMs < well + 3_000))).toBe(3_000)
  })

  it('is the time left where it does not come about', () => {
    expect(timeLeft(experiment)).toBe(6_000)
    expect(recoveryMs((atMs) => atMs % 100 === 0)).toBe(6_000)
  })

  it('is not granted to the last two seconds, in which it cannot be seen', () => {
    expect(recoveryMs((atMs) => atMs < runMs - 1_900)).toBe(6_000)
  })
})
