import { describe, expect, test } from 'vitest'
import type { HarbourOptions } from '../support/harbour.ts'
import { SocketFleet, type StormReport } from '../support/socket-fleet.ts'

/** No policy brings a fleet back sooner, in seconds: its size over the handshakes that the server takes per second. */
const bound = 50
/** Enough where nothing is measured that depends on how many there are. */
const few = 3_000
/** A large fleet once; `npm run prove:storms` has ten times as many, with three seeds. */
const many = (seed: number) => (seed === 1 ? 10_000 : few)

interface Storm extends Partial<HarbourOptions> {
  sockets?: number
  seed?: number
  /** How long the server stays away. */
  awayMs?: number
}

/** All are dropped without a word. */
async function storm({ sockets = few, seed = 1, awayMs = 0, ...harbour }: Storm): Promise<StormReport> {
  const fleet = new SocketFleet({ sockets, seed, harbour: { perSecond: sockets / bound, ...harbour } })
  await fleet.settle()
  return fleet.storm(() => {
    fleet.harbour.down = awayMs > 0
    fleet.harbour.dropAll()
    fleet.clock.setTimer(awayMs, () => {
      fleet.harbour.down = false
    })
  })
}

describe.each([1, 2, 3])('a fleet that is dropped at once, seed %i', (seed) => {
  test('comes back to a server that queues all: one dial each, nearly none for nothing', async () => {
    const report = await storm({ sockets: many(seed), seed })
    expect(report.peak).toBeLessThanOrEqual(0.25 * many(seed))
    expect(report.t99).toBeLessThanOrEqual(1.05 * bound)
    expect(report.all).toBeLessThanOrEqual(1.3 * bound)
    expect(report.attempts).toBeLessThanOrEqual(1.01)
  })

  test('comes back to one whose backlog is short', async () => {
    const report = await storm({ sockets: many(seed), seed, backlog: 0.04 * many(seed) })
    expect(report.peak).toBeLessThanOrEqual(0.25 * many(seed))
    expect(report.t99).toBeLessThanOrEqual(1.25 * bound)
    expect(report.all).toBeLessThanOrEqual(1.3 * bound)
    expect(report.attempts).toBeLessThanOrEqual(1.7)
    expect(report.wasted).toBe(0)
  })

  test('comes back to one that was away for 30 s, and whose backlog is short', async () => {
    const report = await storm({ seed, awayMs: 30_000, backlog: 0.04 * few })
    expect(report.t99 - 30).toBeLessThanOrEqual(1.2 * bound)
    expect(report.attempts).toBeLessThanOrEqual(6.5)
    expect(report.wasted).toBe(0)
  })

  test('comes back to one that was away for 30 s', async () => {
    const report = await storm({ seed, awayMs: 30_000 })
    expect(report.t99 - 30).toBeLessThanOrEqual(1.05 * bound)
    expect(report.all - 30).toBeLessThanOrEqual(1.3 * bound)
    expect(report.attempts).toBeLessThanOrEqual(6)
    expect(report.wasted).toBe(0)
  })
})

describe('a fleet that is dropped at once', () => {
  test('is as patient in browsers, which cannot tell a busy server from none', async () => {
    const report = await storm({ seesTransport: false })
    expect(report.t99).toBeLessThanOrEqual(1.05 * bound)
    expect(report.attempts).toBeLessThanOrEqual(1.01)
  })

  test('comes back, in twice the time, to a server whose queue begins before TLS stands', async () => {
    const report = await storm({ lateTransport: true })
    expect(report.t99).toBeLessThanOrEqual(1.9 * bound)
    expect(report.all).toBeLessThanOrEqual(2 * bound)
    expect(report.attempts).toBeLessThanOrEqual(1.8)
  })

  test('keeps the connections that are back, where pings wait behind the handshakes', async () => {
    const report = await storm({ pingsQueue: true })
    expect(report.all).toBeLessThanOrEqual(1.3 * bound)
    expect(report.attempts).toBeLessThanOrEqual(1.1)
  })

  test('keeps them also where handshakes take far longer than an answer to a ping may', async () => {
    const report = await storm({ pingsQueue: true, perSecond: few / bound / 2 })
    expect(report.all).toBeLessThanOrEqual(3.2 * 2 * bound)
    expect(report.attempts).toBeLessThanOrEqual(4)
  })

  test('drains also where the bound is far beyond the patience of one dial', async () => {
    const report = await storm({ perSecond: few / bound / 3 })
    expect(report.all).toBeLessThanOrEqual(2.7 * 3 * bound)
    expect(report.attempts).toBeLessThanOrEqual(2.6)
  })

  test('obeys a server that sends away whom it cannot serve, with a slot', async () => {
    const report = await storm({ shedsBeyondMs: 2_000, shedsBy: 'reason' })
    expect(report.all).toBeLessThanOrEqual(1.15 * bound)
    expect(report.attempts).toBeLessThanOrEqual(2)
  })

  test('waits longer than it had to for one that refuses them with `Retry-After`', async () => {
    const report = await storm({ shedsBeyondMs: 2_000, shedsBy: 'status' })
    expect(report.t99).toBeLessThanOrEqual(1.55 * bound)
    expect(report.attempts).toBeLessThanOrEqual(2)
  })
})
