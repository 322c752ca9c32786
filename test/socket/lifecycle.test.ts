import { describe, expect, it } from 'vitest'
import type { Session, SessionLink } from '../../src/socket/index.ts'
import { Page, socketWorld } from '../support/socket-world.ts'

/** A session whose link a test can use as its server would make it. */
function hintable() {
  const links: SessionLink[] = []
  const session: Session = {
    opened(link) {
      links.push(link)
      link.ready()
    },
    received: (data, link) => link.deliver(data),
  }
  return { session, links }
}

describe('close()', () => {
  it('ends a wait, with the code that was given, and nothing is left', async () => {
    const world = socketWorld()
    const { socket, told, wire } = await world.opened()
    wire.end()
    socket.close(3001, 'bye')
    expect(socket.readyState).toBe(2)
    await world.clock.advance(0)
    expect(socket.readyState).toBe(3)
    expect(told.at(-1)).toMatchObject({
      type: 'close',
      code: 3001,
      reason: 'bye',
      wasClean: true,
      willReconnect: false,
    })
    expect(world.clock.pending).toBe(0)
  })

  it('ends a dial, which has then failed', async () => {
    const world = socketWorld()
    const { socket, told } = world.watched()
    await world.clock.advance(0)
    socket.close()
    expect([world.wire.terminated, told.length]).toEqual([true, 0])
    await world.clock.advance(0)
    expect(told).toMatchObject([{ type: 'error' }, { type: 'close', code: 1006, willReconnect: false }])
    expect(world.clock.pending).toBe(0)
  })

  it('of a socket that was just made keeps it from dialing', async () => {
    const world = socketWorld()
    const { socket, told } = world.watched()
    socket.close()
    await world.clock.advance(60_000)
    expect([world.wires.length, socket.readyState, told.at(-1)?.willReconnect]).toEqual([0, 3, false])
  })

  it('waits for the answer, and 5 s for one that does not come', async () => {
    const world = socketWorld()
    const { socket, told, wire } = await world.opened()
    socket.close(1000)
    wire.say('a message that crossed it')
    await world.clock.advance(4_999)
    expect([socket.readyState, wire.terminated]).toEqual([2, false])
    await world.clock.advance(1)
    expect([socket.readyState, wire.terminated, world.clock.pending]).toEqual([3, true, 0])
    expect(told.map(({ type }) => type)).toEqual(['open', 'close'])
    expect(told.at(-1)).toMatchObject({ code: 1006, wasClean: false, willReconnect: false })
  })

  it('gives data that is still being sent the same time again, whatever else happens', async () => {
    const page = new Page(true, true)
    const world = socketWorld({ page })
    const { socket, wire } = await world.opened({ heartbeat: false })
    wire.bufferedAmount = 3_000
    socket.close()
    await world.clock.advance(5_000)
    wire.bufferedAmount = 2_000
    page.set({ visible: false })
    await world.clock.advance(4_999)
    expect(wire.terminated).toBe(false)
    await world.clock.advance(1)
    expect(wire.terminated).toBe(false)
    await world.clock.advance(5_000)
    // Nothing went out for 5 s.
    expect([wire.terminated, socket.readyState]).toEqual([true, 3])
  })

  it('is told once, and a second one changes nothing', async () => {
    const world = socketWorld()
    const { socket, told, wire } = await world.opened()
    socket.close(3000)
    socket.close(3001)
    wire.answerClose()
    socket.close(3002)
    await world.clock.advance(10_000)
    expect(told.filter(({ type }) => type === 'close')).toMatchObject([{ code: 3000, wasClean: true }])
  })

  it('from any listener ends it', async () => {
    for (const type of ['open', 'error', 'close', 'reconnecting'] as const) {
      const world = socketWorld()
      const { socket, told } = world.watched()
      socket.addEventListener(type, () => socket.close())
      await world.clock.advance(0)
      world.wire.open().end()
      await world.clock.advance(60_000)
      expect([type, socket.readyState, world.live.length, world.clock.pending]).toEqual([type, 3, 0, 0])
      const ends = told.filter(({ willReconnect }) => willReconnect === false)
      expect(ends).toHaveLength(1)
      expect(told.at(-1)).toBe(ends[0])
    }
  })
})

describe('reconnect()', () => {
  it('leaves one connection politely and dials another within a second', async () => {
    const world = socketWorld({ chance: 0.25 })
    const { socket, told, wire } = await world.opened()
    socket.reconnect()
    expect([socket.state, wire.closing?.code]).toEqual(['waiting', 1000])
    expect(told.slice(1)).toMatchObject([
      { type: 'close', code: 1000, wasClean: true, willReconnect: true, cause: 'local' },
      { type: 'reconnecting', delayMs: 250 },
    ])
    await world.clock.advance(250)
    world.wire.open()
    // The close of the old one comes late.
    wire.answerClose()
    expect([socket.state, told.length]).toEqual(['open', 4])
  })

  it('cuts a long wait short, floor or not', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    world.wire.refuse(500, { 'retry-after': '200' })
    expect(socket.health().dueInMs).toBeGreaterThan(200_000)
    socket.reconnect()
    expect(socket.health().dueInMs).toBe(500)
  })

  it('leaves a dial, and the next one is told from it', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket, told } = world.watched()
    await world.clock.advance(0)
    const old = world.wire
    socket.reconnect()
    await world.clock.advance(500)
    expect([old.terminated, world.live.length]).toEqual([true, 1])
    world.wire.open()
    expect(told.map(({ type }) => type)).toEqual(['reconnecting', 'open'])
  })

  it('goes on after the end, with all tries and what it knows of the server', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket, told } = world.watched({ maxAttempts: 1 })
    await world.clock.advance(0)
    world.wire.end()
    await world.clock.advance(5_000)
    world.wire.end()
    expect([socket.readyState, told.at(-1)?.willReconnect]).toEqual([3, false])
    socket.reconnect()
    expect([socket.readyState, socket.state]).toEqual([0, 'waiting'])
    await world.clock.advance(500)
    world.wire.end()
    expect(socket.state).toBe('waiting')
    // The window goes on growing: nothing was proven.
    expect(socket.health()).toMatchObject({ windowMs: 7_500, failures: 1 })
    await world.clock.advance(7_500)
    world.wire.open()
    expect([socket.readyState, told.at(-1)?.type]).toEqual([1, 'open'])
    socket.close()
    world.wire.answerClose()
    expect(told.filter(({ willReconnect }) => willReconnect === false)).toHaveLength(2)
    expect(world.clock.pending).toBe(0)
  })

  it('lets a session take nothing more from the old connection, which would be lost with it', async () => {
    const world = socketWorld()
    const taken: unknown[] = []
    const closed: SessionLink[] = []
    const session: Session = {
      opened: (link) => link.ready(),
      received: (data) => taken.push(data),
      closed: (link) => closed.push(link),
    }
    const { socket, wire } = await world.opened({ session })
    wire.say('before')
    socket.reconnect()
    expect(closed).toHaveLength(1)
    wire.say('after')
    wire.answerClose()
    expect([taken, closed.length]).toEqual([['before'], 1])
  })

  it('counts the uptime of the connection that it leaves', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    for (let at = 0; at < 3; at++) {
      world.wire.end()
      await world.clock.advance(socket.health().dueInMs ?? 0)
    }
    world.wire.open()
    expect(socket.health().windowMs).toBe(11_250)
    await world.clock.advance(20_000)
    socket.reconnect()
    expect(socket.health()).toMatchObject({ windowMs: 0, failures: 0 })
  })
})

describe('rotate()', () => {
  it('takes the new connection before it leaves the old one', async () => {
    const world = socketWorld()
    const { socket, told, wire } = await world.opened()
    const rotated = socket.rotate()
    expect([socket.state, socket.readyState]).toEqual(['rotating', 1])
    await world.clock.advance(0)
    expect(world.live).toHaveLength(2)
    socket.send('old')
    wire.say('from old')
    world.wire.open()
    expect(await rotated).toBe(true)
    socket.send('new')
    wire.say('still from old')
    world.wire.say('from new')
    expect([wire.texts, world.wire.texts, wire.closing?.code]).toEqual([['old'], ['new'], 1000])
    wire.answerClose()
    expect(told.map(({ type, data }) => data ?? type)).toEqual(['open', 'from old', 'still from old', 'from new'])
    expect(socket.state).toBe('open')
  })

  it('drops the old one when it does not answer the close', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened({ heartbeat: false })
    void socket.rotate()
    await world.clock.advance(0)
    world.wire.open()
    await world.clock.advance(5_000)
    expect([wire.terminated, world.live.length, world.clock.pending]).toEqual([true, 1, 0])
  })

  it('drops the old one at once when the socket ends', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened({ heartbeat: false })
    void socket.rotate()
    await world.clock.advance(0)
    world.wire.open()
    socket.close()
    expect(wire.terminated).toBe(false)
    world.wire.answerClose()
    expect([socket.readyState, wire.terminated]).toEqual([3, true])
  })

  it('resolves with false when it does not come about, and the old connection serves on', async () => {
    const world = socketWorld()
    const { socket, told, wire } = await world.opened({ heartbeat: false })
    const refused = socket.rotate()
    await world.clock.advance(0)
    world.wire.refuse(503)
    expect([await refused, socket.state]).toEqual([false, 'open'])
    await world.clock.advance(60_000)
    const slow = socket.rotate()
    await world.clock.advance(45_000)
    expect([await slow, wire.isLive, told.length]).toEqual([false, true, 1])
    expect(world.live).toHaveLength(1)
  })

  it('resolves with false where there is nothing to rotate', async () => {
    const world = socketWorld()
    const { socket } = world.watched()
    expect(await socket.rotate()).toBe(false)
    await world.clock.advance(0)
    expect(await socket.rotate()).toBe(false)
    world.wire.end()
    expect(await socket.rotate()).toBe(false)
    socket.close()
    expect(await socket.rotate()).toBe(false)
  })

  it('is one for all who ask while it runs, and is over when the socket is closed', async () => {
    const world = socketWorld()
    const { socket } = await world.opened()
    const both = [socket.rotate(), socket.rotate()]
    await world.clock.advance(0)
    expect(world.wires).toHaveLength(2)
    world.wire.open()
    expect(await Promise.all(both)).toEqual([true, true])
    const third = socket.rotate()
    await world.clock.advance(0)
    socket.close()
    world.wires[1]?.answerClose()
    expect(await third).toBe(false)
    expect(world.wire.terminated).toBe(true)
  })

  it('becomes the dial that is needed when the old connection is lost first', async () => {
    const world = socketWorld()
    const { socket, told, wire } = await world.opened()
    const rotated = socket.rotate()
    await world.clock.advance(0)
    wire.end()
    expect([await rotated, socket.state, socket.readyState]).toEqual([false, 'dialing', 0])
    world.wire.open()
    expect(told.map(({ type }) => type)).toEqual(['open', 'error', 'close', 'open'])
    expect(world.wires).toHaveLength(2)
  })

  it('ends with the old connection when its end is final', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened()
    const rotated = socket.rotate()
    await world.clock.advance(0)
    wire.end(4000)
    expect([await rotated, socket.readyState, world.wire.terminated, world.clock.pending]).toEqual([false, 3, true, 0])
  })

  it('counts the uptime of the connection that it leaves', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    world.wire.end()
    await world.clock.advance(5_000)
    world.wire.open()
    await world.clock.advance(20_000)
    void socket.rotate()
    await world.clock.advance(0)
    world.wire.open()
    expect(socket.health()).toMatchObject({ windowMs: 0, failures: 0, patienceMs: 45_000 })
  })
})

describe('a server that drains', () => {
  it('is left at a moment drawn from its window', async () => {
    const world = socketWorld({ chance: 0.25 })
    const { session, links } = hintable()
    const { socket, wire } = await world.opened({ session })
    links[0]?.hint({ afterMs: 2_000, withinMs: 20_000 }, true)
    expect(socket.state).toBe('open')
    await world.clock.advance(6_999)
    expect(world.wires).toHaveLength(1)
    await world.clock.advance(1)
    expect([world.wires.length, socket.state]).toEqual([2, 'rotating'])
    world.wire.open()
    expect([wire.closing?.code, socket.state]).toEqual([1000, 'open'])
  })

  it('that leaves first is dialed at that moment all the same', async () => {
    const world = socketWorld({ chance: 0.25 })
    const { session, links } = hintable()
    const { socket, wire } = await world.opened({ session })
    links[0]?.hint({ afterMs: 2_000, withinMs: 20_000 }, true)
    await world.clock.advance(3_000)
    wire.end(1001)
    const { dueInMs } = socket.health()
    expect(dueInMs).toBeGreaterThanOrEqual(4_000)
    expect(dueInMs).toBeLessThanOrEqual(4_400)
  })

  it('is heard from the connection in use only', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { session, links } = hintable()
    const { socket } = await world.opened({ session })
    void socket.rotate()
    await world.clock.advance(0)
    world.wire.open()
    // The old server drains still.
    links[0]?.hint({ afterMs: 0, withinMs: 1_000 }, true)
    await world.clock.advance(5_000)
    expect([world.wires.length, socket.health().hint]).toEqual([2, null])
  })

  it('says in a welcome what is good for a crash, and moves nobody', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { session, links } = hintable()
    const { socket, wire } = await world.opened({ session, heartbeat: false })
    links[0]?.hint({ afterMs: 1_000, withinMs: 40_000 })
    await world.clock.advance(60_000)
    expect(world.wires).toHaveLength(1)
    expect(socket.health().hint).toEqual({ afterMs: 1_000, withinMs: 40_000 })
    wire.end()
    expect(socket.health().dueInMs).toBe(21_000)
  })
})

describe('an AbortSignal', () => {
  it('closes the socket for good, before and after it was opened', async () => {
    for (const when of ['before', 'dialing', 'open'] as const) {
      const world = socketWorld()
      const controller = new AbortController()
      if (when === 'before') controller.abort()
      const { socket, told } = world.watched({ signal: controller.signal })
      await world.clock.advance(0)
      if (when === 'open') world.wire.open()
      controller.abort()
      await world.clock.advance(0)
      world.wires[0]?.answerClose()
      await world.clock.advance(0)
      expect([when, socket.readyState, told.at(-1)?.type]).toEqual([when, 3, 'close'])
      expect(told.at(-1)).toMatchObject({ willReconnect: false, code: when === 'dialing' ? 1006 : 1000 })
      expect(world.live).toHaveLength(0)
      if (when === 'before') expect(world.wires).toHaveLength(0)
    }
  })

  it('keeps nothing of a socket that has ended', async () => {
    const world = socketWorld()
    const { signal } = new AbortController()
    let listeners = 0
    const watched = Object.assign(signal, {
      addEventListener: () => listeners++,
      removeEventListener: () => listeners--,
    })
    const { wire } = await world.opened({ signal: watched as AbortSignal })
    expect(listeners).toBe(1)
    wire.end(4000)
    expect(listeners).toBe(0)
  })

  it('ends a socket again that was begun anew', async () => {
    const world = socketWorld()
    const controller = new AbortController()
    const { socket } = await world.opened({ signal: controller.signal })
    controller.abort()
    await world.clock.advance(0)
    world.wire.answerClose()
    socket.reconnect()
    await world.clock.advance(60_000)
    expect([socket.readyState, world.wires.length]).toEqual([3, 1])
  })
})

describe('Symbol.asyncDispose', () => {
  it('closes, and resolves when it is closed', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened()
    let disposed = false
    const disposing = socket[Symbol.asyncDispose]().then(() => {
      disposed = true
    })
    await world.clock.advance(1_000)
    expect([disposed, socket.readyState]).toEqual([false, 2])
    wire.answerClose()
    await disposing
    await socket[Symbol.asyncDispose]()
    expect(socket.readyState).toBe(3)
  })
})

describe('health()', () => {
  it('is plain JSON, in every state', async () => {
    const world = socketWorld({ chance: 0.5 })
    const socket = world.socket({ maxPatienceMs: Infinity, patienceMs: Infinity })
    const seen: unknown[] = []
    const look = () => {
      const health = socket.health()
      expect(JSON.parse(JSON.stringify(health))).toEqual(health)
      seen.push(health.state)
      return health
    }
    expect(look()).toEqual({
      state: 'idle',
      upstream: 'server.test:80',
      failures: 0,
      dueInMs: null,
      windowMs: 0,
      patienceMs: 15_000,
      openForMs: null,
      queued: { count: 0, bytes: 0 },
      hint: null,
    })
    await world.clock.advance(0)
    look()
    socket.send('abc')
    world.wire.end()
    expect(look()).toMatchObject({ failures: 1, dueInMs: 2_500, windowMs: 5_000, queued: { count: 1, bytes: 3 } })
    await world.clock.advance(2_500)
    world.wire.open()
    await world.clock.advance(70)
    expect(look()).toMatchObject({ openForMs: 70, dueInMs: null, queued: { count: 0, bytes: 0 } })
    socket.close()
    look()
    world.wire.answerClose()
    look()
    expect(seen).toEqual(['idle', 'dialing', 'waiting', 'open', 'closing', 'closed'])
  })

  it('knows no upstream before a provider has named it', async () => {
    const world = socketWorld()
    const socket = world.socket({}, () => 'wss://named.test/?token=secret')
    expect(socket.health().upstream).toBeNull()
    await world.clock.advance(0)
    expect(socket.health().upstream).toBe('named.test:443')
    expect(JSON.stringify([socket.health(), world.events])).not.toContain('secret')
  })
})

describe('bufferedAmount', () => {
  it('is what waits, what the platform has, and what was sent too late', async () => {
    const world = socketWorld()
    const { socket } = world.watched()
    socket.send('äb')
    expect(socket.bufferedAmount).toBe(3)
    await world.clock.advance(0)
    world.wire.open()
    world.wire.bufferedAmount = 100
    expect(socket.bufferedAmount).toBe(100)
    socket.close()
    socket.send('12345')
    expect(socket.bufferedAmount).toBe(105)
    world.wire.answerClose()
    expect(socket.bufferedAmount).toBe(5)
  })
})

describe('a process', () => {
  it('is kept by a socket that waits or dials, and not by one that beats', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { wire } = await world.opened()
    expect(world.timers.filter(({ ms }) => ms === 15_000 || ms === 12_500)).toEqual([
      // The patience of the dial, and the phase of the heartbeat.
      { at: 0, ms: 15_000, keepsAlive: true },
      { at: 0, ms: 12_500, keepsAlive: false },
    ])
    await world.clock.advance(46_000)
    world.timers.length = 0
    wire.end()
    expect(world.timers).toEqual([{ at: 46_000, ms: 2_500, keepsAlive: true }])
  })
})
