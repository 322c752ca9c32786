import { describe, expect, test } from 'vitest'
import { encodeHint, type Hint, reconnectHint } from '../../src/socket/index.ts'
import type { HarbourOptions } from '../support/harbour.ts'
import { welcomed } from '../support/hint-session.ts'
import { SocketFleet, type StormReport } from '../support/socket-fleet.ts'

const sockets = 10_000
const perSecond = 200
/** No policy brings the fleet back sooner, in seconds. */
const bound = sockets / perSecond
/** Of such a fleet, at a server that is as much smaller: enough where no rate is measured. */
const few = 2_000
const hint = reconnectHint({ connections: sockets, acceptPerSecond: perSecond })

function drainFrame({ afterMs, withinMs }: Hint): string {
  return JSON.stringify({ drain: true, afterMs, withinMs })
}

interface Hinted {
  fleet?: number
  seed?: number
  harbour?: Partial<HarbourOptions>
  /** What the server tells whoever comes. */
  welcome?: Hint
}

async function settled({ fleet: size = sockets, seed = 1, harbour, welcome }: Hinted): Promise<SocketFleet> {
  const fleet = new SocketFleet({
    sockets: size,
    seed,
    harbour: { perSecond: size / bound, ...harbour },
    options: () => ({ session: welcomed() }),
  })
  if (welcome) fleet.harbour.greet = (berth) => berth.send(encodeHint(welcome))
  await fleet.settle()
  return fleet
}

function holds(report: StormReport): void {
  expect(report.all).toBeLessThanOrEqual(1.15 * bound)
  expect(report.peak).toBeLessThanOrEqual(1.4 * perSecond)
  expect(report.attempts).toBeLessThanOrEqual(1.05)
  expect(report.wasted).toBe(0)
}

describe.each([1, 2])('a fleet whose server said when to come back, seed %i', (seed) => {
  test('keeps to what the close frame says', async () => {
    const fleet = await settled({ seed })
    holds(await fleet.storm(() => fleet.harbour.dropAll(1012, encodeHint(hint))))
  })

  test('keeps to it where the backlog is short', async () => {
    const fleet = await settled({ seed, harbour: { backlog: 400 } })
    holds(await fleet.storm(() => fleet.harbour.dropAll(1012, encodeHint(hint))))
  })

  test('keeps to what the welcome said, when the server crashes without a word', async () => {
    const fleet = await settled({ seed, welcome: hint })
    holds(await fleet.storm(() => fleet.harbour.dropAll()))
  })
})

describe('a fleet whose server said when to come back', () => {
  test('keeps to what the drain said, when the server is gone at once', async () => {
    const fleet = await settled({})
    const { clock, harbour } = fleet
    const act = () => {
      harbour.tellAll(drainFrame(hint))
      clock.setTimer(20, () => harbour.dropAll())
    }
    holds(await fleet.storm(act, 900_000, 1_000))
  })

  test('moves over that time, one dial each, while the server stays', async () => {
    const fleet = await settled({})
    const { harbour } = fleet
    const report = await fleet.storm(() => harbour.tellAll(drainFrame(hint)), 70_000, 70_000)
    expect(harbour.dials).toHaveLength(sockets)
    expect(Math.max(...harbour.dials) - Math.min(...harbour.dials)).toBeLessThanOrEqual(hint.withinMs)
    expect(report.peak).toBeLessThanOrEqual(1.4 * perSecond)
    expect(fleet.away).toBe(0)
  })

  test('does not move in one moment where all are told the same', async () => {
    const fleet = await settled({ fleet: few, harbour: { perSecond: 10_000 } })
    const { harbour } = fleet
    await fleet.storm(() => harbour.tellAll(drainFrame({ afterMs: 60_000, withinMs: 0 })), 70_000, 70_000)
    const [first = 0] = harbour.dials
    expect(harbour.dials).toHaveLength(few)
    expect((harbour.dials.at(-1) ?? 0) - first).toBeGreaterThan(5_900)
  })

  test('keeps to a hint that came too late to be the first, and before anything was proven', async () => {
    const fleet = await settled({})
    const { clock, harbour } = fleet
    // A version without hints is replaced by one that has them, and that crashes while it is young.
    harbour.perSecond = 100_000
    harbour.dropAll()
    harbour.greet = (berth) => berth.send(encodeHint(hint))
    await clock.advance(7_000)
    harbour.perSecond = perSecond
    holds(await fleet.storm(() => harbour.dropAll()))
  })

  test('is back after an outage, and asks less in the meantime', async () => {
    const fleet = await settled({ fleet: few, welcome: hint })
    const { clock, harbour } = fleet
    const report = await fleet.storm(() => {
      harbour.down = true
      harbour.dropAll()
      clock.setTimer(30_000, () => {
        harbour.down = false
      })
    })
    expect(report.all - 30).toBeLessThanOrEqual(1.25 * bound)
    expect(report.attempts).toBeLessThanOrEqual(1.8)
  })

  test.each([
    ['half', 0.5, 1.05, 1.01],
    ['twice', 2, 2.25, 1.01],
  ])('is no worse off than the error, with %s of the right window', async (_name, factor, most, attempts) => {
    const welcome = { ...hint, withinMs: hint.withinMs * factor }
    const fleet = await settled({ fleet: few, welcome })
    const report = await fleet.storm(() => fleet.harbour.dropAll())
    expect(report.all).toBeLessThanOrEqual(most * bound)
    expect(report.attempts).toBeLessThanOrEqual(attempts)
  })
})
