import { describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../src/core/random.ts'
import type { Session } from '../../src/socket/index.ts'
import { Page, socketWorld } from '../support/socket-world.ts'

describe('a heartbeat', () => {
  it('begins at a random phase, so that a fleet that came together does not ping together', async () => {
    const world = socketWorld({ chance: seededRandom(7) })
    const pingedAt: number[] = []
    for (let at = 0; at < 200; at++) world.socket()
    // So many are dialed at a time.
    for (let at = 0; at < 200; at++) {
      await world.clock.advance(0)
      const wire = world.wires[at]
      Object.assign(wire ?? {}, { ping: () => pingedAt.push(world.clock.now()) })
      wire?.open()
    }
    await world.clock.advance(60_000)
    expect(pingedAt).toHaveLength(200)
    const perSecond = new Map<number, number>()
    for (const at of pingedAt) perSecond.set(Math.floor(at / 1_000), (perSecond.get(Math.floor(at / 1_000)) ?? 0) + 1)
    // 200 over 25 s are 8 a second.
    expect(Math.max(...perSecond.values())).toBeLessThan(20)
  })

  it('asks a silent connection, and takes any frame for an answer', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { told, wire } = await world.opened({ heartbeat: { intervalMs: 30_000 } })
    await world.clock.advance(15_000 + 30_000)
    expect(wire.pings).toBe(1)
    await world.clock.advance(9_999)
    wire.say('anything')
    await world.clock.advance(10_000)
    expect(told.map(({ type }) => type)).toEqual(['open', 'message'])
    // A pong is as good.
    await world.clock.advance(30_000)
    expect(wire.pings).toBe(2)
    wire.pong()
    await world.clock.advance(10_000)
    expect(wire.isLive).toBe(true)
  })

  it('never asks who speaks all the time', async () => {
    const world = socketWorld()
    const { wire } = await world.opened()
    for (let at = 0; at < 100; at++) {
      await world.clock.advance(10_000)
      wire.say('news')
    }
    expect(wire.pings).toBe(0)
  })

  it('abandons a black hole at once, and makes up its close', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket, told, wire } = await world.opened({ heartbeat: { intervalMs: 30_000 } })
    await world.clock.advance(45_000 + 9_999)
    expect(socket.readyState).toBe(1)
    await world.clock.advance(1)
    expect(wire).toMatchObject({ terminated: true, closing: undefined })
    expect(told.slice(1)).toMatchObject([
      { type: 'error' },
      { type: 'close', code: 1006, reason: '', wasClean: false, willReconnect: true, cause: 'drop' },
      { type: 'reconnecting', delayMs: 2_500, attempt: 2 },
    ])
    // What the dead one says later is nobody's.
    wire.say('late')
    expect(told).toHaveLength(4)
  })

  it('gives a connection another chance when the process slept over the answer', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket, wire } = await world.opened()
    await world.clock.advance(45_000)
    expect(wire.pings).toBe(1)
    await world.clock.oversleep(3_600_000)
    expect([socket.readyState, wire.pings]).toEqual([1, 2])
    await world.clock.advance(9_999)
    expect(socket.readyState).toBe(1)
    await world.clock.advance(1)
    expect(socket.readyState).toBe(0)
  })

  it('does not take a beat that comes late for silence', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket, wire } = await world.opened()
    await world.clock.oversleep(3_600_000)
    expect(socket.readyState).toBe(1)
    wire.say('there you are')
    await world.clock.advance(25_000)
    expect(socket.readyState).toBe(1)
  })

  it('does nothing where nothing can be asked with', async () => {
    const world = socketWorld({ pings: false })
    const { socket, wire } = await world.opened()
    await world.clock.advance(3_600_000)
    expect([socket.readyState, wire.sent.length, world.clock.pending]).toEqual([1, 0, 0])
  })

  it.each([
    ['heartbeat: false', { heartbeat: false as const }],
    ['reconnect: false', { reconnect: false }],
    ['intervalMs: Infinity', { heartbeat: { intervalMs: Infinity } }],
  ])('does nothing with %s', async (_, options) => {
    const world = socketWorld({ chance: 0 })
    const { socket, wire } = await world.opened(options)
    await world.clock.advance(3_600_000)
    expect([socket.readyState, wire.pings, world.clock.pending]).toEqual([1, 0, 0])
  })

  it('ends with its connection', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page })
    const { wire } = await world.opened()
    wire.end(4000)
    expect(world.clock.pending).toBe(0)
    const { wire: lost } = await world.opened()
    lost.end()
    page.set({ visible: true })
    await world.clock.advance(100)
    // Nobody asks a connection that is gone.
    expect(lost.pings).toBe(0)
  })

  it('asks at once when the page comes back or the network changes', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page })
    const { wire } = await world.opened()
    page.set({ visible: false })
    expect(wire.pings).toBe(1)
    page.set({ visible: true })
    // One question at a time.
    expect(wire.pings).toBe(1)
    wire.pong()
    await world.clock.advance(10_000)
    page.set({ online: false })
    expect(wire.pings).toBe(2)
  })
})

describe('a heartbeat by message', () => {
  it('goes where there is no ping, and is made anew each time', async () => {
    const world = socketWorld({ pings: false, chance: 0.5 })
    let count = 0
    const { wire } = await world.opened({ heartbeat: { message: () => `ping ${++count}` } })
    await world.clock.advance(45_000)
    wire.say('pong')
    await world.clock.advance(50_000)
    expect(wire.texts).toEqual(['ping 1', 'ping 2'])
  })

  it('is not seen by the application where its answers can be told', async () => {
    const world = socketWorld({ pings: false, chance: 0.5 })
    const heartbeat = { message: 'ping', isReply: (data: unknown) => data === 'pong' }
    const { told, wire } = await world.opened({ heartbeat })
    await world.clock.advance(45_000)
    expect(wire.texts).toEqual(['ping'])
    wire.say('pong')
    wire.say('news')
    await world.clock.advance(10_000)
    expect(told.map(({ type, data }) => [type, data])).toEqual([
      ['open', undefined],
      ['message', 'news'],
    ])
    expect(wire.isLive).toBe(true)
  })

  it('keeps its answers from a session too', async () => {
    const world = socketWorld({ pings: false })
    const received = vi.fn()
    const session: Session = { opened: (link) => link.ready(), received }
    const heartbeat = { message: 'ping', isReply: (data: unknown) => data === 'pong' }
    const { wire } = await world.opened({ heartbeat, session })
    wire.say('pong')
    wire.say('frame')
    expect(received).toHaveBeenCalledTimes(1)
    expect(received).toHaveBeenCalledWith('frame', expect.anything())
  })

  it('is that of the session where it has one', async () => {
    const world = socketWorld({ chance: 0.5 })
    const session: Session = { opened: (link) => link.ready(), received() {}, ping: () => 'session ping' }
    const { wire } = await world.opened({ session, heartbeat: { message: 'ping' } })
    await world.clock.advance(45_000)
    expect([wire.pings, ...wire.texts]).toEqual([0, 'session ping'])
  })
})
