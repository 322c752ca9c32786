import { describe, expect, test } from 'vitest'
import { type FleetOptions, runFleet } from '../support/fleet.ts'

const load: FleetOptions = { clients: 50, callsPerSecond: 10, attemptMs: 1_000, runMs: 110_000 }
const stall = { trouble: { fromMs: 20_000, untilMs: 30_000, kind: 'frozen' } } as const
const outage = { trouble: { fromMs: 20_000, untilMs: 30_000, kind: 'down' } } as const

test('a stall of 10 s at 83 % load is over 5 s after the thaw, where plain calls need 45', async () => {
  const plain = await runFleet({ ...load, ...stall })
  const ours = await runFleet({ ...load, ...stall }, {})
  expect(plain.recoverySeconds).toBeGreaterThan(40)
  expect(ours.recoverySeconds).toBeLessThanOrEqual(5)
  expect(ours.success).toBeGreaterThan(0.85)
})

test('with patient attempts a stall is over as soon as with plain calls, and more of them succeed', async () => {
  const world = { ...load, ...stall, attemptMs: 10_000 }
  const plain = await runFleet(world)
  const ours = await runFleet(world, {})
  expect(ours.recoverySeconds).toBeLessThanOrEqual(plain.recoverySeconds ?? Infinity)
  expect(ours.success).toBeGreaterThanOrEqual(plain.success)
})

describe('fleets of slow clients, with the throttle', () => {
  test('500 clients at one call a second are back within 15 s', async () => {
    const report = await runFleet({ ...load, ...stall, clients: 500, callsPerSecond: 1 }, { throttle: true })
    expect(report.recoverySeconds).toBeLessThanOrEqual(15)
  })

  test('5,000 clients at one call in ten seconds are back within 35 s, where a budget alone never recovers', async () => {
    const world = { ...load, ...stall, clients: 5_000, callsPerSecond: 0.1 }
    const budgetAlone = await runFleet(world, {})
    const report = await runFleet(world, { throttle: true })
    expect(budgetAlone.recoverySeconds).toBeUndefined()
    expect(report.recoverySeconds).toBeLessThanOrEqual(35)
  })

  test('random errors are still repeated', async () => {
    const report = await runFleet({ ...load, errorRate: 0.2 }, { throttle: true })
    expect(report.success).toBeGreaterThan(0.985)
    expect(report.load).toBeLessThan(1.25)
  })
})

test('an outage of 10 s sends few attempts more than there are calls, and is over within 5 s', async () => {
  const report = await runFleet({ ...load, ...outage }, {})
  expect(report.recoverySeconds).toBeLessThanOrEqual(5)
  expect(report.peak).toBeLessThanOrEqual(1.6)
  expect(report.peakAfter).toBeLessThanOrEqual(1.15)
})
