import { describe, expect, test } from 'vitest'
import { type FleetOptions, runFleet } from '../support/fleet.ts'

// 83 % of what the server can serve, from clients that do not slow down for anything.
const fleet: FleetOptions = { clients: 50, callsPerSecond: 10, attemptMs: 1_000, runMs: 110_000 }
const tenSeconds = { fromMs: 20_000, untilMs: 30_000 } as const

describe.for([
  ['with a circuit and no limit', { limit: false }],
  ['with every default', {}],
] as const)('a fleet %s', ([_name, ours]) => {
  test('comes back sooner from a frozen server than plain calls do', async () => {
    const world = { ...fleet, trouble: { ...tenSeconds, kind: 'frozen' as const } }
    const plain = await runFleet(world)
    const report = await runFleet(world, ours)
    // The queue that piled up keeps plain calls down long after the server is well.
    expect(plain.recoverySeconds).toBeGreaterThan(40)
    expect(report.recoverySeconds).toBeLessThan(plain.recoverySeconds ?? 0)
    expect(report.success).toBeGreaterThan(plain.success)
  })

  test('loses little more than plain calls to a server that is down', async () => {
    const world = { ...fleet, trouble: { ...tenSeconds, kind: 'down' as const } }
    const plain = await runFleet(world)
    const report = await runFleet(world, ours)
    // Plain calls find out at once that the server is back, because they never stop asking it. A circuit that fails at once
    // cannot be as quick; what it may cost is held here.
    expect(report.recoverySeconds).toBeLessThanOrEqual((plain.recoverySeconds ?? 0) + 2)
    expect(plain.success - report.success).toBeLessThan(0.012)
    expect(report.load).toBeLessThan(plain.load)
  })

  test('gets through random errors that plain calls do not', async () => {
    const world = { ...fleet, errorRate: 0.2, runMs: 60_000 }
    const plain = await runFleet(world)
    const report = await runFleet(world, ours)
    expect(plain.success).toBeLessThan(0.82)
    expect(report.success).toBeGreaterThan(0.985)
    expect(report.load).toBeLessThan(1.25)
  })
})

test('a fleet with every default is back within 5 s, and at least 85 % of its calls succeed', async () => {
  for (const kind of ['frozen', 'down'] as const) {
    const report = await runFleet({ ...fleet, trouble: { ...tenSeconds, kind } }, {})
    expect(report.recoverySeconds, kind).toBeLessThanOrEqual(5)
    expect(report.success, kind).toBeGreaterThan(0.85)
  }
})
