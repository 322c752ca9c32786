import { describe, expect, it } from 'vitest'
import type { Session, SessionLink } from '../../src/socket/index.ts'
import { socketWorld } from '../support/socket-world.ts'

/** What became of a promise so far. */
function fate(promise: Promise<unknown>): { now: string } {
  const known = { now: 'pending' }
  promise.then(
    () => {
      known.now = 'done'
    },
    (error: { reason?: string; message?: string }) => {
      known.now = error.reason ?? String(error.message ?? error)
    },
  )
  return known
}

/** A session that numbers what is sent and hears acknowledgements; what is not acknowledged stays with it. */
function acknowledging(room = Infinity) {
  const unacknowledged: { data: string; acknowledged: (() => void) | undefined }[] = []
  let link: SessionLink | undefined
  const session: Session = {
    opened(given) {
      link = given
      for (const { data } of unacknowledged) given.send(`again ${data}`)
      given.ready(true)
    },
    received(frame) {
      if (frame !== 'ack') link?.deliver(frame)
      else {
        unacknowledged.shift()?.acknowledged?.()
        link?.room()
      }
    },
    frame(data, acknowledged) {
      if (unacknowledged.length >= room) return undefined
      unacknowledged.push({ data: String(data), acknowledged })
      return data
    },
  }
  return { session, unacknowledged }
}

describe('what is sent while there is no connection', () => {
  it('goes out in order as soon as there is one, and stays in order with what comes later', async () => {
    const world = socketWorld()
    const { socket } = world.watched()
    for (const text of ['a', 'b']) socket.send(text)
    const receipt = fate(socket.deliver('c'))
    expect(socket.bufferedAmount).toBe(3)
    await world.clock.advance(0)
    expect(receipt.now).toBe('pending')
    world.wire.open()
    socket.send('d')
    await world.clock.advance(0)
    expect(world.wire.texts).toEqual(['a', 'b', 'c', 'd'])
    expect([receipt.now, socket.bufferedAmount]).toEqual(['done', 0])
  })

  it('waits over a loss, and is not sent twice', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened()
    socket.send('first')
    wire.end()
    socket.send('second')
    await world.clock.advance(5_000)
    world.wire.open()
    await world.clock.advance(0)
    expect(wire.texts).toEqual(['first'])
    expect(world.wire.texts).toEqual(['second'])
  })

  it('does not change with the buffer that it came in', async () => {
    const world = socketWorld()
    const socket = world.socket()
    const bytes = new Uint8Array([1, 2, 3])
    socket.send(bytes)
    socket.send(bytes.buffer)
    void socket.deliver(bytes.subarray(1))
    expect(socket.bufferedAmount).toBe(8)
    bytes.fill(0)
    await world.clock.advance(0)
    world.wire.open()
    const sent = world.wire.sent.map((data) => [...new Uint8Array(data as ArrayBuffer)])
    expect(sent).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [2, 3],
    ])
  })

  it('rejects the new beyond its bounds, with an event and a rejection each time', async () => {
    const world = socketWorld()
    const { socket, told } = world.watched({ outbox: { maxCount: 2, maxBytes: 10 } })
    socket.send('aa')
    const kept = fate(socket.deliver('bb'))
    const refused = fate(socket.deliver('ccc'))
    socket.send('dddd')
    await world.clock.advance(0)
    expect([kept.now, refused.now]).toEqual(['pending', 'overflow'])
    expect(told).toMatchObject([
      { type: 'overflow', count: 1, bytes: 3 },
      { type: 'overflow', count: 1, bytes: 4 },
    ])
    expect(world.events).toMatchObject([
      { type: 'socket.overflow', count: 1, bytes: 3, upstream: 'server.test:80' },
      { type: 'socket.overflow', count: 1, bytes: 4 },
    ])
    world.wire.open()
    expect(world.wire.texts).toEqual(['aa', 'bb'])
  })

  it('drops the oldest beyond its bounds where that was chosen', async () => {
    const world = socketWorld()
    const { socket, told } = world.watched({ outbox: { maxCount: 2, maxBytes: 10, overflow: 'drop-oldest' } })
    const first = fate(socket.deliver('aa'))
    socket.send('bb')
    socket.send('cccccccc')
    const huge = fate(socket.deliver('x'.repeat(11)))
    await world.clock.advance(0)
    expect([first.now, huge.now]).toEqual(['overflow', 'overflow'])
    expect(told).toMatchObject([
      { type: 'overflow', count: 1, bytes: 2 },
      { type: 'overflow', count: 1, bytes: 11 },
    ])
    world.wire.open()
    expect(world.wire.texts).toEqual(['bb', 'cccccccc'])
  })

  it('comes after what an open listener sends', async () => {
    const world = socketWorld()
    const { socket } = world.watched()
    socket.send('queued')
    socket.addEventListener('open', () => {
      socket.send('hello')
      socket.send('again')
    })
    await world.clock.advance(0)
    world.wire.open()
    expect(world.wire.texts).toEqual(['hello', 'again', 'queued'])
    world.wire.end()
    socket.send('later')
    await world.clock.advance(5_000)
    world.wire.open()
    expect(world.wire.texts).toEqual(['hello', 'again', 'later'])
  })

  it('is told at the end, with what it was', async () => {
    const world = socketWorld()
    const { socket, told } = world.watched()
    socket.send('abc')
    const receipt = fate(socket.deliver('de'))
    socket.close()
    await world.clock.advance(0)
    expect(receipt.now).toBe('closed')
    expect(told.map(({ type }) => type)).toEqual(['overflow', 'close'])
    expect(told[0]).toMatchObject({ count: 2, bytes: 5 })
    expect(socket.bufferedAmount).toBe(0)
    socket.send('four')
    expect(socket.bufferedAmount).toBe(4)
  })
})

describe('a backlog', () => {
  it('is sent 128 at a time, 10 ms apart, in order with what is sent meanwhile', async () => {
    const world = socketWorld()
    const socket = world.socket()
    const texts = Array.from({ length: 300 }, (_, at) => String(at))
    for (const text of texts) socket.send(text)
    await world.clock.advance(0)
    world.wire.open()
    expect(world.wire.sent).toHaveLength(128)
    socket.send('new')
    await world.clock.advance(9)
    expect(world.wire.sent).toHaveLength(128)
    await world.clock.advance(1)
    expect(world.wire.sent).toHaveLength(256)
    await world.clock.advance(10)
    expect(world.wire.texts).toEqual([...texts, 'new'])
    // Nothing is polled once it is through.
    await world.clock.advance(10)
    expect(world.timers.filter(({ at }) => at >= world.clock.now() - 10)).toEqual([])
  })

  it('is sent before a close, without pauses', async () => {
    const world = socketWorld()
    const { socket, told } = world.watched()
    const receipts: Promise<void>[] = []
    for (let at = 0; at < 300; at++) receipts.push(socket.deliver(String(at)))
    await world.clock.advance(0)
    world.wire.open()
    world.wire.bufferedAmount = 2 ** 21
    socket.close(1000, 'done')
    expect(world.wire.sent).toHaveLength(300)
    expect(world.wire.closing).toEqual({ code: 1000, reason: 'done' })
    await Promise.all(receipts)
    world.wire.answerClose()
    expect(told.map(({ type }) => type)).toEqual(['open', 'close'])
  })

  it('waits while the platform has more than it can send', async () => {
    const world = socketWorld()
    const socket = world.socket()
    for (let at = 0; at < 200; at++) socket.send(String(at))
    await world.clock.advance(0)
    world.wire.bufferedAmount = 2 ** 20 + 1
    world.wire.open()
    await world.clock.advance(1_000)
    expect(world.wire.sent).toHaveLength(0)
    world.wire.bufferedAmount = 2 ** 20
    await world.clock.advance(10)
    expect(world.wire.sent).toHaveLength(128)
  })

  it('stops at a loss and goes on with the next connection', async () => {
    const world = socketWorld()
    const socket = world.socket()
    for (let at = 0; at < 200; at++) socket.send(String(at))
    await world.clock.advance(0)
    const first = world.wire.open()
    first.end()
    await world.clock.advance(5_000)
    world.wire.open()
    expect(first.sent.length + world.wire.sent.length).toBe(200)
    expect([...first.texts, ...world.wire.texts]).toEqual(Array.from({ length: 200 }, (_, at) => String(at)))
  })
})

describe('deliver', () => {
  it('resolves when the message has been handed over', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened()
    const { pending } = world.clock
    await socket.deliver('a', { ttlMs: 1_000, signal: new AbortController().signal })
    expect(wire.texts).toEqual(['a'])
    expect(world.clock.pending).toBe(pending)
  })

  it('waits while the platform is crowded, and so does what is sent after it', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened()
    wire.bufferedAmount = 2 ** 20 + 1
    const receipt = fate(socket.deliver('a'))
    socket.send('b')
    await world.clock.advance(1_000)
    expect([receipt.now, wire.sent.length]).toEqual(['pending', 0])
    wire.bufferedAmount = 0
    await world.clock.advance(10)
    expect([receipt.now, ...wire.texts]).toEqual(['done', 'a', 'b'])
  })

  it('takes the message back when its time to live is over', async () => {
    const world = socketWorld()
    const socket = world.socket()
    const short = fate(socket.deliver('short', { ttlMs: 100 }))
    const long = fate(socket.deliver('long', { ttlMs: 101 }))
    await world.clock.advance(100)
    expect([short.now, long.now]).toEqual(['expired', 'pending'])
    world.wire.open()
    await world.clock.advance(1_000)
    expect([long.now, ...world.wire.texts]).toEqual(['done', 'long'])
  })

  it('takes the message back when its signal aborts, and rejects with the reason', async () => {
    const world = socketWorld()
    const socket = world.socket()
    const controller = new AbortController()
    const given = socket.deliver('a', { signal: controller.signal })
    const kept = fate(socket.deliver('b'))
    const reason = new Error('changed my mind')
    controller.abort(reason)
    await expect(given).rejects.toBe(reason)
    await expect(socket.deliver('c', { signal: controller.signal })).rejects.toBe(reason)
    await world.clock.advance(0)
    world.wire.open()
    await world.clock.advance(0)
    expect([kept.now, ...world.wire.texts]).toEqual(['done', 'b'])
  })

  it('refuses options that are none', async () => {
    const world = socketWorld()
    const socket = world.socket()
    for (const options of [{ ttlMs: -1 }, { ttlMs: Number.NaN }, { signal: 1 }, { ttl: 5 }]) {
      expect(() => socket.deliver('a', options as never)).toThrow(/deliver/)
    }
  })

  it('rejects once it is closed, and at the final close', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened({ session: acknowledging().session })
    const receipt = fate(socket.deliver('a'))
    socket.close()
    await world.clock.advance(0)
    expect([receipt.now, fate(socket.deliver('b')).now]).toEqual(['closed', 'pending'])
    await expect(socket.deliver('c')).rejects.toMatchObject({ code: 'socket', reason: 'closed' })
    wire.answerClose()
    await expect(socket.deliver('d')).rejects.toMatchObject({ reason: 'closed' })
    expect(wire.texts).toEqual(['a'])
  })
})

describe('deliver with a session that acknowledges', () => {
  it('resolves with the acknowledgement, over a loss and over reconnect()', async () => {
    const world = socketWorld()
    const { session } = acknowledging()
    const { socket, wire } = await world.opened({ session })
    const receipt = fate(socket.deliver('a'))
    wire.end()
    await world.clock.advance(5_000)
    world.wire.open()
    expect(world.wire.texts).toEqual(['again a'])
    socket.reconnect()
    await world.clock.advance(1_000)
    world.wire.open()
    await world.clock.advance(0)
    expect([receipt.now, ...world.wire.texts]).toEqual(['pending', 'again a'])
    world.wire.say('ack')
    await world.clock.advance(0)
    expect(receipt.now).toBe('done')
  })

  it('keeps in the queue what the session has no room for, in order, until it has', async () => {
    const world = socketWorld()
    const { session } = acknowledging(2)
    const { socket, wire } = await world.opened({ session })
    const receipts = ['a', 'b', 'c', 'd'].map((text) => fate(socket.deliver(text)))
    expect([socket.bufferedAmount, ...wire.texts]).toEqual([2, 'a', 'b'])
    wire.say('ack')
    wire.say('ack')
    await world.clock.advance(0)
    expect(wire.texts).toEqual(['a', 'b', 'c', 'd'])
    expect(receipts.map(({ now }) => now)).toEqual(['done', 'done', 'pending', 'pending'])
  })

  it('gives up the wait, and not the message, when its time is over after it was sent', async () => {
    const world = socketWorld()
    const { session, unacknowledged } = acknowledging()
    const { socket, wire } = await world.opened({ session })
    const receipt = fate(socket.deliver('a', { ttlMs: 50 }))
    await world.clock.advance(50)
    expect([receipt.now, unacknowledged.length]).toEqual(['expired', 1])
    // The late acknowledgement changes nothing.
    wire.say('ack')
    await world.clock.advance(0)
    expect([receipt.now, unacknowledged.length]).toEqual(['expired', 0])
  })
})
