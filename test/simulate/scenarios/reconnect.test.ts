import { describe, expect, test } from 'vitest'
import { type Report, simulate } from '../../../src/simulate/index.ts'

/** A fiftieth of 100,000 clients at a fiftieth of 2,000 handshakes per second; `npm run prove:storms` has the full size. */
const clients = 2_000
const backlog = 82
const boundMs = 50_000

const storm = (more: object = {}) => simulate({ name: 'reconnect', clients, backlog, ...more })

/** What the busiest second of a small fleet stands out by. */
const chance = 1.1

describe('ours, with 2,000 sockets', () => {
  test.each<[what: string, given: object, t99: number, attempts: number]>([
    ['dropped', {}, 55, 1.05],
    ['dropped, and met by a short backlog', { server: 'backlog' }, 75, 1.8],
    ['told when to come back', { hint: true }, 56, 1.05],
    ['told when to come back to a short backlog', { hint: true, server: 'backlog' }, 56, 1.05],
    ['without a server for 30 s', { outageMs: 30_000 }, 30 + 55, 6],
    ['without a server for 30 s, and met by a short backlog', { outageMs: 30_000, server: 'backlog' }, 30 + 70, 7],
    ['told that the server is away for 30 s', { outageMs: 30_000, hint: true }, 30 + 56, 1.05],
    ['three times as many for the server', { capacity: 40 / 3 }, 400, 2.6],
    ['three times as many, told when to come back', { capacity: 40 / 3, hint: true }, 170, 1.05],
    ['some packets lost', { loss: 0.01 }, 55, 1.1],
  ])('%s', async (_what, given, t99, attempts) => {
    const report = await storm(given)
    expect(report.t99Ms).toBeLessThanOrEqual(1_000 * t99)
    expect(report.attemptsPerClient).toBeLessThanOrEqual(attempts)
    expect(report.attemptsPerClient).toBeGreaterThanOrEqual(1)
    expect(report.goodputLost).toBe(0)
    // Nothing is faster than the server: 99 % of the clients take 99 % of the time.
    expect(report.t99Ms).toBeGreaterThanOrEqual(0.98 * (report.boundMs ?? 0))
    expect(report.boundMs).toBeGreaterThanOrEqual(boundMs)
  })

  test('come over their window, and with a hint at what the server takes', async () => {
    const [plain, hinted] = [await storm(), await storm({ hint: true })]
    expect(plain.peakPerSecond).toBeLessThanOrEqual((chance * clients) / 5)
    expect(hinted.peakOverCapacity).toBeLessThanOrEqual(1.4)
    expect(hinted.wasted).toBe(0)
  })

  test('move through a rolling restart, and are all there after its last part', async () => {
    const report = await storm({ instances: 5, outageMs: 5_000 })
    expect(report.parameters.everyMs).toBe(10_000)
    expect(report.goodputLost).toBe(0)
    expect(report.tAllMs).toBeGreaterThan(4 * 10_000)
    expect(report.tAllMs).toBeLessThanOrEqual(1.3 * (4 * 10_000 + boundMs))
    expect(report.summary).toContain('restart one after another')
    // Who moves to an instance that restarts later moves again.
    expect(report.attemptsPerClient).toBeGreaterThan(1.2)
    expect(report.attemptsPerClient).toBeLessThan(3)
  })
})

test('a rolling restart has a bound that nobody beats', async () => {
  const quick = { capacity: 400, instances: 10, hint: true }
  const [rolling, overlapping] = [await storm(quick), await storm({ ...quick, outageMs: 20_000, everyMs: 1_000 })]
  // Who is with the last one: the others are back by then.
  expect(rolling.boundMs).toBe(9 * 5_000 + 500)
  expect(rolling.tAllMs).toBeGreaterThan(rolling.boundMs ?? Infinity)
  expect(rolling.tAllMs).toBeLessThan(9 * 5_000 + 10_000)
  // Nobody is there until the first has returned.
  expect(overlapping.boundMs).toBe(20_000 + 5_000)
  expect(overlapping.tAllMs).toBeGreaterThan(overlapping.boundMs ?? Infinity)
})

describe('the report', () => {
  test('is the same for the same seed, byte for byte, and another for another', async () => {
    const given = { clients: 300, outageMs: 5_000, loss: 0.02, compare: ['partysocket', 'aws-full-60'] }
    const [one, same, other] = [await storm(given), await storm(given), await storm({ ...given, seed: 2 })]
    expect(JSON.stringify(same)).toBe(JSON.stringify(one))
    expect(JSON.stringify(other.curves)).not.toBe(JSON.stringify(one.curves))
  })

  test('has what was asked for, in the order in which it was', async () => {
    const report = await storm({ clients: 50, compare: ['phoenix', 'grpc', 'phoenix'] })
    expect(report.compared.map(({ policy }) => policy)).toEqual(['phoenix', 'grpc'])
    expect(report.parameters).toMatchObject({ clients: 50, capacity: 1, outageMs: 0, server: 'fifo', seed: 1 })
    expect(report.summary).toContain('50 sockets')
    expect(report.summary).toContain('phoenix 1.8: not recovered after 15 min (8')
  })

  test('has curves that add up to its figures', async () => {
    const { curves, attemptsPerClient, peakPerSecond, tAllMs } = await storm({ clients: 500 })
    expect(curves.arrivals.reduce((sum, count) => sum + count, 0)).toBeCloseTo(attemptsPerClient * 500)
    expect(Math.max(...curves.arrivals)).toBe(peakPerSecond)
    expect(curves.recovered.indexOf(1)).toBe(Math.floor((tAllMs ?? 0) / 1_000))
    expect(curves.queue.length).toBe(curves.arrivals.length)
  })

  test('is a partial one when the simulation is ended, at once', async () => {
    const ending = new AbortController()
    const policies: string[] = []
    const report: Report = await simulate(
      { name: 'reconnect', clients: 500, outageMs: 600_000, compare: ['partysocket', 'phoenix'] },
      {
        signal: ending.signal,
        onProgress({ policy, atMs }) {
          policies.push(policy)
          if (atMs > 60_000) ending.abort()
        },
      },
    )
    expect(report.partial).toBe(true)
    expect(report.t50Ms).toBeNull()
    expect(report.attemptsPerClient).toBeGreaterThan(1)
    expect(report.compared).toEqual([])
    expect(new Set(policies)).toEqual(new Set(['breakwater']))
    expect(report.summary).toContain('0 % back when it was ended')
  })
})

test('a rival has its own handshake timeout if that is asked for', async () => {
  const given = { compare: ['phoenix'] }
  const [equal, own] = [await storm(given), await storm({ ...given, timeouts: 'own' })]
  // Its own is none, and whoever waits is served.
  expect(equal.compared[0]?.t99Ms).toBeNull()
  expect(own.compared[0]?.t99Ms).toBeLessThanOrEqual(1.05 * boundMs)
})
