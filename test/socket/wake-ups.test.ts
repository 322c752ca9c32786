import { describe, expect, it } from 'vitest'
import { type ManualClock, manualClock } from '../../src/core/manual-clock.ts'
import { seededRandom } from '../../src/core/random.ts'
import { Page, type SocketWorld, socketWorld } from '../support/socket-world.ts'

/** Pages of their own that share one time, each with its own chances. */
function pages(count: number, clock: ManualClock): { page: Page; world: SocketWorld }[] {
  return Array.from({ length: count }, (_, at) => {
    const page = new Page(true, true)
    return { page, world: socketWorld({ clock, page, chance: seededRandom(at) }) }
  })
}

/** The most that fall into one tenth of a second. */
function busiest(moments: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const at of moments) counts.set(Math.floor(at / 100), (counts.get(Math.floor(at / 100)) ?? 0) + 1)
  return Math.max(...counts.values())
}

describe('an offline page', () => {
  it('does not dial, says so once, and dials within a second of being back', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page, chance: 0.25 })
    const { socket, told, wire } = await world.opened()
    page.set({ online: false })
    wire.end()
    await world.clock.advance(3_600_000)
    expect([socket.state, socket.readyState, world.wires.length, world.clock.pending]).toEqual(['suspended', 0, 1, 0])
    expect(told.slice(1)).toMatchObject([
      { type: 'error' },
      { type: 'close', cause: 'local', willReconnect: true },
      { type: 'suspended', reason: 'offline' },
    ])
    page.set({ online: true })
    expect(told.at(-1)).toMatchObject({ type: 'reconnecting', delayMs: 250, cause: 'local' })
    await world.clock.advance(249)
    expect(world.wires).toHaveLength(1)
    await world.clock.advance(1)
    expect(world.wires).toHaveLength(2)
  })

  it('is not dialed from in the first place', async () => {
    const page = new Page(false, true)
    const world = socketWorld({ page, chance: 0.9 })
    const { socket, told } = world.watched()
    await world.clock.advance(60_000)
    expect([socket.state, world.wires.length, told.length]).toEqual(['suspended', 0, 1])
    page.set({ online: true })
    await world.clock.advance(1_000)
    expect(world.wires).toHaveLength(1)
  })

  it('gives up a wait and the dial that was under way', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page })
    const waiting = await world.opened()
    waiting.wire.end()
    const dialing = world.watched()
    await world.clock.advance(0)
    const { wire } = world
    page.set({ online: false })
    expect([waiting.socket.state, dialing.socket.state, wire.terminated]).toEqual(['suspended', 'suspended', true])
    await world.clock.advance(600_000)
    expect(world.wires).toHaveLength(2)
  })

  it('keeps the floor of the wait that it was in', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page, chance: 0.5 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    world.wire.refuse(503, { 'retry-after': '100' })
    page.set({ online: false })
    await world.clock.advance(1_000)
    page.set({ online: true })
    expect(socket.health()).toMatchObject({ state: 'waiting', dueInMs: 99_500 })
  })

  it('forgives the server for what it lost while it was offline', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page, chance: 1 })
    const { socket, wire } = await world.opened()
    page.set({ online: false })
    wire.end(1013)
    expect(socket.health()).toMatchObject({ windowMs: 0 })
  })

  it('does not move away from a server that drains', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page, chance: 0.5 })
    const session = {
      opened: (link: import('../../src/socket/index.ts').SessionLink) => {
        link.ready()
        link.hint({ afterMs: 0, withinMs: 10_000 }, true)
      },
      received() {},
    }
    const { socket, wire } = await world.opened({ session })
    page.set({ online: false })
    wire.pong()
    await world.clock.advance(9_999)
    expect([socket.state, world.wires.length, wire.isLive]).toEqual(['open', 1, true])
  })

  it('is back with all others and yet not together with them', async () => {
    const clock = manualClock()
    const all = pages(200, clock)
    for (const { page, world } of all) {
      world.socket()
      page.set({ online: false })
    }
    await clock.advance(1_000)
    for (const { page } of all) page.set({ online: true })
    await clock.advance(1_000)
    const moments = all.map(({ world }) => world.wire.dialedAt - 1_000)
    expect(Math.min(...moments)).toBeGreaterThan(0)
    // 20 is the mean.
    expect(busiest(moments)).toBeLessThan(45)
  })
})

describe('a page that comes back', () => {
  it('draws what is left of its wait again, over a second at most', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page, chance: 0.5 })
    const { socket, wire } = await world.opened()
    wire.end()
    expect(socket.health().dueInMs).toBe(2_500)
    page.set({ visible: true })
    expect(socket.health().dueInMs).toBe(500)
    await world.clock.advance(400)
    page.set({ visible: true })
    expect(socket.health().dueInMs).toBe(50)
  })

  it('leaves a dial and an open connection alone', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page })
    const { socket, wire } = await world.opened()
    page.set({ visible: true })
    wire.pong()
    expect(socket.state).toBe('open')
    const dialing = world.watched()
    await world.clock.advance(0)
    page.set({ visible: true })
    expect([dialing.socket.state, world.wires.length, world.wire.isLive]).toEqual(['dialing', 2, true])
  })

  it('over another network dials anew within a second', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page, chance: 0.5 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    const { wire } = world
    page.set({ online: false })
    page.set({ online: true })
    expect([socket.state, wire.terminated, socket.health().dueInMs]).toEqual(['waiting', true, 500])
  })
})

describe('a hidden page', () => {
  it('dials over a minute at least', async () => {
    const page = new Page(true, false)
    const world = socketWorld({ page, chance: 0.5 })
    const { socket, wire } = await world.opened()
    wire.end()
    expect(socket.health().dueInMs).toBe(30_000)
    page.set({ visible: true })
    expect(socket.health().dueInMs).toBe(500)
  })

  it('does not hurry because it was hidden, or found a network', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page, chance: 0.5 })
    const { socket, wire } = await world.opened()
    wire.end(1013)
    expect(socket.health().dueInMs).toBe(15_000)
    page.set({ visible: false })
    expect(socket.health().dueInMs).toBeGreaterThanOrEqual(15_000)
    page.set({ online: false })
    expect(socket.state).toBe('suspended')
    page.set({ online: true })
    expect(socket.health().dueInMs).toBe(30_000)
  })

  it('whose timers are late dials over a minute too', async () => {
    const page = new Page(true, false)
    const world = socketWorld({ page, chance: 0.5 })
    const { socket, wire } = await world.opened()
    wire.end()
    await world.clock.oversleep(40_000)
    expect(socket.health()).toMatchObject({ state: 'waiting', dueInMs: 30_000 })
    // Once: such timers are always late.
    await world.clock.oversleep(40_000)
    expect(world.wires).toHaveLength(2)
  })

  it("does not dial with whenHidden: 'wait'", async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page, chance: 0.5 })
    const { socket, told, wire } = await world.opened({ whenHidden: 'wait' })
    page.set({ visible: false })
    wire.pong()
    expect(socket.state).toBe('open')
    wire.end()
    expect(socket.state).toBe('suspended')
    expect(told.at(-1)).toMatchObject({ type: 'suspended', reason: 'hidden' })
    await world.clock.advance(3_600_000)
    expect(world.wires).toHaveLength(1)
    page.set({ visible: true })
    await world.clock.advance(500)
    expect(world.wires).toHaveLength(2)
  })

  it("gives up its wait with whenHidden: 'wait'", async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page })
    const { socket, wire } = await world.opened({ whenHidden: 'wait' })
    wire.end()
    page.set({ visible: false })
    expect([socket.state, world.clock.pending]).toEqual(['suspended', 0])
  })
})

describe('a machine that slept', () => {
  it('draws an overdue wait again, once', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket, wire } = await world.opened()
    wire.end()
    await world.clock.oversleep(3_600_000)
    expect([socket.state, world.wires.length, socket.health().dueInMs]).toEqual(['waiting', 1, 500])
    await world.clock.oversleep(10_000)
    expect(world.wires).toHaveLength(2)
  })

  it('does not take a timer that is a little late for sleep', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { wire } = await world.opened()
    wire.end()
    await world.clock.oversleep(2_500 + 2_000)
    expect(world.wires).toHaveLength(2)
  })

  it('has sockets that do not dial together', async () => {
    const clock = manualClock()
    const all = pages(200, clock)
    const wires = await Promise.all(all.map(({ world }) => world.opened()))
    for (const { wire } of wires) wire.end()
    await clock.oversleep(3_600_000)
    const wokeAt = clock.now()
    await clock.advance(1_000)
    const moments = all.map(({ world }) => world.wire.dialedAt - wokeAt)
    expect(all.every(({ world }) => world.wires.length === 2)).toBe(true)
    expect(Math.min(...moments)).toBeGreaterThan(0)
    expect(busiest(moments)).toBeLessThan(45)
  })

  it('does not hold its own sleep against the server', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket, told } = world.watched()
    await world.clock.advance(0)
    await world.clock.oversleep(3_600_000)
    expect(world.wire.terminated).toBe(true)
    expect(told.map(({ type, cause }) => [type, cause])).toContainEqual(['close', 'local'])
    expect(socket.health()).toMatchObject({ windowMs: 0, patienceMs: 15_000, dueInMs: 500 })
  })
})

describe('with reconnect: false', () => {
  it('a page is nothing that is asked', async () => {
    const page = new Page(false, false)
    const world = socketWorld({ page })
    const { socket } = world.watched({ reconnect: false, whenHidden: 'wait' })
    await world.clock.advance(0)
    expect([world.wires.length, socket.state, page.listeners]).toEqual([1, 'dialing', 0])
  })
})
