import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { read, write } from '../../examples/storm-lab/address.ts'
import { inTime, roundSeconds, roundTop } from '../../examples/storm-lab/axis.ts'
import { commandOf } from '../../examples/storm-lab/command.ts'
import { labScenarios, nameInWords, standardOf } from '../../examples/storm-lab/lab-scenario.ts'
import { boundsOf, type Numeric, readQuantity, writeQuantity } from '../../examples/storm-lab/quantity.ts'
import { nearestStop, stopsOf } from '../../examples/storm-lab/stops.ts'
import { scenarioNamed } from '../../src/simulate/scenarios/index.ts'

const count: Numeric = { kind: 'count', what: '', default: 10_000, least: 1, most: 10_000_000 }
const time: Numeric = { kind: 'duration', what: '', default: 0, least: 0, most: 86_400_000 }
const share: Numeric = { kind: 'number', what: '', default: 0, least: 0, most: 0.5 }

describe('a quantity', () => {
  it.each<[Numeric, string, number]>([
    [count, '10,000', 10_000],
    [count, ' 1.5 M ', 1_500_000],
    [count, '1.1k', 1_100],
    [time, '30 s', 30_000],
    [time, '30', 30_000],
    [time, '1m30s', 90_000],
    [time, '2 min 30 s', 150_000],
    [time, '1 h', 3_600_000],
    [time, '15ms', 15],
    [share, '5 %', 0.05],
    [share, '0.05', 0.05],
  ])('%o reads %s as %d', (parameter, text, value) => {
    expect(readQuantity(parameter, text)).toBe(value)
  })

  it.each([
    [count, ''],
    [count, 'many'],
    [count, '0,5'],
    [count, '-1'],
    [count, '1e3'],
    [time, '30 x'],
    [time, '3k'],
    [time, 's'],
    [share, '%'],
  ])('%o reads nothing out of %j', (parameter, text) => {
    expect(readQuantity(parameter, text)).toBeNaN()
  })

  it('is read as it was written', () => {
    const whole = fc.integer({ min: 0, max: 86_400_000 })
    fc.assert(
      fc.property(whole, (value) => {
        for (const [parameter, given] of [
          [count, value],
          [time, value],
          [share, value / 1e8],
        ] as const) {
          expect(readQuantity(parameter, writeQuantity(parameter, given))).toBe(given)
        }
      }),
    )
  })

  it('says what it takes', () => {
    expect(boundsOf(count)).toBe('a whole number from 1 to 10,000,000')
    expect(boundsOf(time)).toBe('a time from 0 s to 24 h, as in 500 ms, 30 s or 2 min')
    expect(boundsOf({ ...share, most: Number.MAX_VALUE })).toBe('a number of at least 0')
  })
})

describe('a slider', () => {
  it('goes over the magnitudes in steps that feel the same', () => {
    const stops = stopsOf(count, 10_000)
    expect([stops[0], stops.at(-1)]).toEqual([100, 100_000])
    for (const [index, stop] of stops.slice(1).entries()) expect(stop / (stops[index] ?? 0)).toBeLessThan(1.7)
    expect(nearestStop(stops, 11_000)).toBe(stops.indexOf(10_000))
  })

  it('stops at what is usual, in order, within bounds, once at each', () => {
    for (const [usual, parameter] of [
      [4_096, count],
      [0, time],
      [15, time],
      [0.02, share],
    ] as const) {
      const stops = stopsOf(parameter, usual)
      expect(stops).toContain(usual)
      expect(stops).toEqual([...new Set(stops)].sort((a, b) => a - b))
      expect(stops[0]).toBeGreaterThanOrEqual(parameter.least)
      expect(stops.at(-1)).toBeLessThanOrEqual(parameter.most)
      expect(stops.length).toBeGreaterThan(5)
    }
  })
})

describe('an axis', () => {
  it('ends beyond what it shows, and not far beyond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 200_000 }), (value) => {
        for (const end of [roundSeconds(value), roundTop(value)]) {
          expect(end).toBeGreaterThanOrEqual(value)
          expect(end).toBeLessThanOrEqual(2 * value)
        }
      }),
    )
  })

  it('says seconds, minutes and hours', () => {
    expect([45, 90, 120, 150, 5_400, 7_200, 9_000].map(inTime)).toEqual([
      '45 s',
      '90 s',
      '2 min',
      '2:30 min',
      '90 min',
      '2 h',
      '2:30 h',
    ])
  })
})

describe('settings', () => {
  it('go into a link and come out of it', () => {
    for (const scenario of labScenarios) {
      const rival = scenario.rivals.at(-1)?.name ?? ''
      const changed = { clients: 123, latencyMs: 7.5 }
      const hash = write({ scenario, changed, values: { ...standardOf(scenario), ...changed }, rival })
      expect(read(hash)).toEqual({ scenario: scenario.name, values: changed, rival })
    }
  })

  it('out of a link that somebody has made up are what is known of', () => {
    expect(read('#scenario=nowhere&clients=many&server=none&hint=true&__proto__=1&loss=')).toEqual({
      scenario: labScenarios[0]?.name,
      values: { hint: true },
      rival: undefined,
    })
  })

  it('make a command that leaves out what it does by itself', () => {
    const scenario = labScenarios.find(({ name }) => name === 'reconnect')!
    const values = { ...standardOf(scenario), runMs: 900_000, outageMs: 1_500, hint: true, loss: 0.01 }
    expect(commandOf({ scenario, changed: {}, values, rival: '' })).toBe(
      'npx breakwater simulate reconnect --clients 10000 --outage 1500ms --hint --loss 0.01',
    )
  })

  it('of the page are settings that each scenario takes', () => {
    for (const scenario of labScenarios) {
      expect(() => scenario.complete(standardOf(scenario))).not.toThrow()
      expect(Object.keys(standardOf(scenario))).toEqual(Object.keys(scenarioNamed(scenario.name)?.parameters ?? {}))
    }
  })

  it('have names in words', () => {
    expect(['outageMs', 'retryAfterMs', 'p99MsAt30', 'loss'].map(nameInWords)).toEqual([
      'Outage',
      'Retry after',
      'P99 at 30',
      'Loss',
    ])
  })
})
