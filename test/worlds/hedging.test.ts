import { expect, test } from 'vitest'
import { runStragglers } from '../support/stragglers.ts'

const calls = 40_000

test.each([
  [0.3, [1], { p99Ms: 35, extra: 0.055 }],
  [0.6, [1, 2, 3], { p99Ms: 250, extra: 0.08 }],
])('at %d utilisation hedging cuts the tail', async (utilisation, seeds, most) => {
  const reports = []
  for (const seed of seeds) reports.push(await runStragglers({ utilisation, calls, seed }, { hedge: true }))
  // A few stragglers that meet make the slowest of one run: the one in the middle counts.
  const p99Ms = reports.map((report) => report.p99Ms).sort((a, b) => a - b)[reports.length >> 1]
  expect(p99Ms).toBeLessThanOrEqual(most.p99Ms)
  for (const { extra } of reports) expect(extra).toBeLessThanOrEqual(most.extra)
})

test.each([
  [0.8, { ratio: 1, extra: 0.04 }],
  [0.95, { ratio: 1.2, extra: 0.01 }],
])('at %d utilisation hedging steps back before it does harm', async (utilisation, most) => {
  const without = await runStragglers({ utilisation, calls }, {})
  const report = await runStragglers({ utilisation, calls }, { hedge: true })
  expect(report.p99Ms).toBeLessThanOrEqual(without.p99Ms * most.ratio)
  expect(report.extra).toBeLessThanOrEqual(most.extra)
})

test('after a spike of twice the load the server is as fast as before it', async () => {
  const report = await runStragglers({ utilisation: 0.6, calls, spike: { from: 0.4, until: 0.5 } }, { hedge: true })
  expect(report.endP50Ms).toBeLessThan(13)
  expect(report.failed).toBe(0)
})
