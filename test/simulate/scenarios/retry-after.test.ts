import { describe, expect, it } from 'vitest'
import type { PolicyReport } from '../../../src/simulate/report.ts'
import type { ScenarioOptions } from '../../../src/simulate/scenarios/index.ts'
import { simulate } from '../../../src/simulate/simulate.ts'
import { expectEndsWhenAborted, expectNothingLeft, expectSameTwice } from '../../support/storm.ts'

type Given = Omit<ScenarioOptions & { name: 'retry-after' }, 'name'>

const clients = 500

async function run(given: Given = {}): Promise<Record<string, PolicyReport>> {
  const report = await simulate({ name: 'retry-after', clients, ...given })
  return Object.fromEntries([report, ...report.compared].map((one) => [one.policy, one]))
}

describe('the same Retry-After to everybody', () => {
  it('brings back in one second whoever keeps to it, and ours over a window', async () => {
    const all = await run({ compare: ['none', 'ky', 'got', 'axios-retry', 'undici', 'grpc', 'aws'] })
    for (const policy of ['ky', 'got', 'axios-retry', 'undici', 'grpc']) {
      expect(all[policy]?.details.returnPeakPerSecond, policy).toBeGreaterThan(0.97 * clients)
      expect(all[policy]?.t99Ms ?? Infinity, policy).toBeGreaterThan(all.breakwater?.t99Ms ?? 0)
    }
    const ours = all.breakwater as PolicyReport
    // Two seconds are a fifth of ten.
    expect(ours.details.returnPeakPerSecond).toBeLessThan(0.6 * clients)
    expect(ours.curves.arrivals[10]).toBeGreaterThan(0)
    expect(ours.details).toMatchObject({ served: 1, gaveUp: 0, diverged: 0 })
    // Everybody had asked once, in the first second.
    expect(ours.peakPerSecond).toBeGreaterThanOrEqual(clients)
    expect([ours.boundMs, ours.wasted]).toEqual([15_000, 0])
    // Two retries are over before a server that serves a fifth in a second has served them all.
    expect(all.ky?.details.served).toBeLessThan(0.8)
    // It comes back sooner than it was asked to, and is out of attempts by then.
    expect(all.aws?.details.served).toBeLessThan(0.6)
    expect(all.none?.details.served).toBe(0)
  })

  it('is an appointment as well when each is told the same wait within a second', async () => {
    const all = await run({ names: 'wait', askMs: 1_000, compare: ['ky'] })
    const peak = (policy: string) => all[policy]?.details.returnPeakPerSecond ?? Number.NaN
    expect(peak('ky')).toBeGreaterThan(peak('breakwater'))
  })

  it('before a server that queues them all costs only time', async () => {
    const all = await run({ server: 'fifo', compare: ['ky'] })
    for (const policy of ['breakwater', 'ky']) {
      expect(all[policy]?.details.served, policy).toBe(1)
      expect(all[policy]?.attemptsPerClient, policy).toBe(2)
    }
    const queue = (policy: string) => Math.max(...(all[policy]?.curves.queue ?? []))
    expect(queue('breakwater')).toBeLessThan(queue('ky'))
  })

  it('is not waited for beyond the patience of the caller', async () => {
    const { breakwater } = await run({ deadlineMs: 5_000 })
    expect(breakwater?.details).toEqual({ returnPeakPerSecond: 0, served: 0, gaveUp: clients, diverged: 0 })
    expect(breakwater?.worstWaitMs).toBeLessThan(100)
  })
})

describe('the retry-after scenario', () => {
  it('works the capacity out, and says what happened', async () => {
    const { parameters, summary } = await simulate({ name: 'retry-after', clients: 100, compare: ['ky'] })
    expect(parameters.capacity).toBe(20)
    expect(summary).toMatch(
      /^100 calls told to come back after 10 s, \d+ in the busiest second of the return, [\d.]+ × what/,
    )
    expect(summary).toContain('ky 2.1: ')
  })

  it('cuts off who asks a closed server again and again, and says so', async () => {
    const { compared, summary } = await simulate({ name: 'retry-after', clients: 50, compare: ['cockatiel-default'] })
    const [endless] = compared as [PolicyReport]
    expect(endless).toMatchObject({ attemptsPerClient: 100, partial: false, t50Ms: null })
    expect(endless.details).toMatchObject({ served: 0, diverged: 1 })
    expect(summary).toMatch(/ cockatiel 4 retry\(handleAll, \{\}\) was cut off at 100 attempts each\.$/)
  })

  it('refuses callers who come after the server has opened', async () => {
    const refused = simulate({ name: 'retry-after', askMs: 20_000 })
    await expect(refused).rejects.toThrow('retry-after.askMs must be over before the server opens, at 10000 ms')
  })

  const small = { name: 'retry-after', clients: 100, loss: 0.02 } as const

  it('gives the same report for the same seed', () => expectSameTwice({ ...small, compare: ['got', 'aws'] }))

  it('ends when it is told to', () => expectEndsWhenAborted({ ...small, compare: ['ky'] }))

  it.each(['breakwater', 'undici'])('leaves nothing of %s behind', (policy) =>
    expectNothingLeft('retry-after', { clients: 100 }, policy),
  )
})
