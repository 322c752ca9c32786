import { describe, expect, test } from 'vitest'
import { encodeHint, reconnectHint, type SocketOptions } from '../../src/socket/index.ts'
import { SocketFleet, type SocketFleetOptions } from '../support/socket-fleet.ts'

const sockets = 1_000
const perSecond = 20
const bound = sockets / perSecond

/** Pages that all look at one thing: whether there is a network, and whether somebody looks. */
class Pages {
  #online = true
  #visible = true
  readonly #listeners = new Set<() => void>()

  readonly options = (): Partial<SocketOptions> => ({
    environment: {
      online: () => this.#online,
      visible: () => this.#visible,
      onChange: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    },
  })

  become({ online = this.#online, visible = this.#visible }: { online?: boolean; visible?: boolean }): void {
    this.#online = online
    this.#visible = visible
    for (const listener of this.#listeners) listener()
  }
}

async function settled(more: Partial<SocketFleetOptions> = {}): Promise<SocketFleet> {
  const fleet = new SocketFleet({ sockets, harbour: { perSecond }, ...more })
  await fleet.settle()
  return fleet
}

/** How many came in the busiest hundredth of a second. */
function together(moments: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const at of moments) counts.set(Math.floor(at / 10), (counts.get(Math.floor(at / 10)) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

describe('a thousand sockets of one process', () => {
  test('dial a few at a time, and lose nothing by it', async () => {
    const fleet = await settled({ processes: 1 })
    const report = await fleet.storm(() => fleet.harbour.dropAll())
    expect(report.all).toBeLessThanOrEqual(1.02 * bound)
    // 64 at a time, and from then on as many as have been answered.
    expect(report.peak).toBeLessThanOrEqual(64 + 1.2 * perSecond)
    expect(report.attempts).toBe(1)
  })

  test('leave a short backlog to the others', async () => {
    const fleet = await settled({ processes: 1, harbour: { perSecond, backlog: 40 } })
    const report = await fleet.storm(() => fleet.harbour.dropAll())
    expect(report.all).toBeLessThanOrEqual(1.3 * bound)
    expect(report.attempts).toBeLessThanOrEqual(1.5)
    expect(report.wasted).toBeLessThanOrEqual(0.2)
  })
})

describe.each([
  ['in one process', 1],
  ['each in its own', sockets],
])('sockets %s that slept', (_name, processes) => {
  test('while they waited do not dial together', async () => {
    const fleet = await settled({ processes, harbour: { perSecond: 10_000 } })
    const { clock, harbour } = fleet
    harbour.forget()
    harbour.dropAll()
    await clock.oversleep(600_000)
    await clock.advance(5_000)
    expect(harbour.dials).toHaveLength(sockets)
    expect(together(harbour.dials)).toBeLessThanOrEqual(40)
    expect(fleet.away).toBe(0)
  })

  test('while they were open do not ping together, then and ever after', async () => {
    const fleet = await settled({ processes, harbour: { perSecond: 10_000 } })
    const { clock, harbour } = fleet
    await clock.advance(70_000)
    await clock.oversleep(600_000)
    harbour.forget()
    await clock.advance(1_000)
    await clock.advance(300_000)
    expect(together(harbour.pings)).toBeLessThanOrEqual(20)
    // As many as ever: one in forty seconds each at least.
    expect(harbour.pings.length).toBeGreaterThan((300 / 40) * 0.9 * sockets)
    expect(fleet.away).toBe(0)
  })

  test('while they dialed dial anew, and not together', async () => {
    const fleet = await settled({ processes, harbour: { perSecond, backlog: 1 } })
    const { clock, harbour } = fleet
    harbour.dropAll()
    // Hardly anybody gets in, and nearly all dials of this moment are lost.
    await clock.advance(6_000)
    const { away } = fleet
    expect(away).toBeGreaterThan(700)
    harbour.forget()
    harbour.down = true
    await clock.oversleep(600_000)
    harbour.down = false
    expect(harbour.dials.length).toBeLessThanOrEqual(64)
    harbour.perSecond = Infinity
    await clock.advance(10_000)
    expect(fleet.away).toBe(0)
    expect(together(harbour.dials)).toBeLessThanOrEqual(70)
  })
})

describe('pages', () => {
  test('that nobody looks at dial over a minute', async () => {
    const pages = new Pages()
    const fleet = await settled({ options: pages.options })
    pages.become({ visible: false })
    const report = await fleet.storm(() => fleet.harbour.dropAll())
    expect(report.peak).toBeLessThanOrEqual(2 * perSecond)
    expect(report.all).toBeLessThanOrEqual(61)
    expect(report.attempts).toBe(1)
  })

  test('whose network is back dial within a second of it, each once and at its own moment', async () => {
    const pages = new Pages()
    const fleet = await settled({ options: pages.options, harbour: { perSecond: 10_000 } })
    const report = await fleet.storm(() => {
      pages.become({ online: false })
      fleet.harbour.dropAll()
      fleet.clock.setTimer(60_000, () => pages.become({ online: true }))
    })
    expect(report.attempts).toBe(1)
    expect(report.all).toBeLessThanOrEqual(61.1)
    expect(together(fleet.harbour.dials)).toBeLessThanOrEqual(40)
  })

  test('that are looked at while the server wants nobody yet wait for it', async () => {
    const pages = new Pages()
    const fleet = await settled({ options: pages.options })
    const hint = reconnectHint({ connections: sockets, acceptPerSecond: perSecond, afterMs: 20_000 })
    const report = await fleet.storm(() => {
      fleet.harbour.dropAll(1012, encodeHint(hint))
      for (let second = 1; second < 10; second++) fleet.clock.setTimer(second * 1_000, () => pages.become({}))
    })
    expect(Math.min(...fleet.harbour.dials) - 12_000).toBeGreaterThanOrEqual(20_000)
    expect(report.back).toBe(1)
  })
})

test('a server that forgot them while they slept is found out within half a minute', async () => {
  const fleet = await settled({ harbour: { perSecond: 10_000 } })
  const { clock, harbour } = fleet
  harbour.silent = true
  await clock.oversleep(600_000)
  harbour.forget()
  await clock.advance(20_100)
  expect(harbour.pings).toHaveLength(sockets)
  expect(harbour.dials.length + fleet.away).toBeGreaterThanOrEqual(sockets)
})

test('a black hole costs those whose heart beat in it, and nobody else', async () => {
  const fleet = await settled({})
  const { clock, harbour } = fleet
  const act = () => {
    harbour.silent = true
    clock.setTimer(35_000, () => {
      harbour.silent = false
    })
  }
  const report = await fleet.storm(act, 120_000, 110_000)
  expect(fleet.away).toBe(0)
  expect(report.attempts).toBeGreaterThan(0)
  expect(report.attempts).toBeLessThan(0.95)
})
