import { describe, expect, it, vi } from 'vitest'
import { BreakwaterError } from '../../src/core/error.ts'
import { seededRandom } from '../../src/core/random.ts'
import type { DialContext, SocketOptions } from '../../src/socket/index.ts'
import { listenTo, type SocketWorld, socketWorld, type Wire } from '../support/socket-world.ts'

/** How long each wait of a socket is whose every dial ends as told, with the longest draws. */
async function waitsOf(world: SocketWorld, count: number, end: (wire: Wire) => void): Promise<number[]> {
  for (let at = 0; at < count; at++) {
    end(world.wire)
    await world.clock.advance(world.waits.at(-1) ?? 0)
  }
  return world.waits
}

describe('the wait after a loss', () => {
  it.each<[string, (wire: Wire) => void, number]>([
    ['an unexplained end', (wire) => wire.open().end(), 5_000],
    ['1000, which proxies say', (wire) => wire.open().end(1000), 5_000],
    ['1001', (wire) => wire.open().end(1001), 5_000],
    ['1012', (wire) => wire.open().end(1012), 10_000],
    ['1013', (wire) => wire.open().end(1013), 30_000],
    ['4429', (wire) => wire.open().end(4429), 30_000],
    ['a hint in the reason', (wire) => wire.open().end(1012, '{"afterMs":500,"withinMs":20000}'), 20_500],
    ['a reason that is no hint', (wire) => wire.open().end(1012, '{"withinMs":-1}'), 10_000],
    ['no answer at all', (wire) => wire.end(), 5_000],
    ['502', (wire) => wire.refuse(502), 5_000],
    ['429', (wire) => wire.refuse(429), 30_000],
    ['503', (wire) => wire.refuse(503), 30_000],
    ['503 with Retry-After', (wire) => wire.refuse(503, { 'retry-after': '8' }), 38_000],
    ['500 with Retry-After', (wire) => wire.refuse(500, { 'retry-after': '8' }), 13_000],
    ['401', (wire) => wire.refuse(401), 5_000],
    ['4401', (wire) => wire.open().end(4401), 5_000],
  ])('by %s is %#', async (_, end, width) => {
    const world = socketWorld({ chance: 1 })
    const { told } = world.watched()
    await world.clock.advance(0)
    end(world.wire)
    expect(world.waits).toEqual([width])
    expect(told.at(-1)).toMatchObject({ type: 'reconnecting', delayMs: width, attempt: 2 })
    await world.clock.advance(width - 1)
    expect(world.wires).toHaveLength(1)
  })

  it.each<[string, (wire: Wire) => void]>([
    ['403', (wire) => wire.refuse(403)],
    ['301', (wire) => wire.refuse(301)],
    ['1008', (wire) => wire.open().end(1008)],
    ['4000', (wire) => wire.open().end(4000)],
    ['a frame that is none', (wire) => wire.open().end(1006, '', 1002)],
    ['a message that is too large', (wire) => wire.open().end(1006, '', 1009)],
  ])('does not come after %s', async (_, end) => {
    const world = socketWorld()
    const { socket, told } = world.watched()
    await world.clock.advance(0)
    end(world.wire)
    expect(told.at(-1)).toMatchObject({ type: 'close', willReconnect: false, cause: 'fatal' })
    expect([socket.readyState, world.clock.pending]).toEqual([3, 0])
  })

  it('is told with its figures, by an event and to whoever watches', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { told } = world.watched()
    await world.clock.advance(0)
    world.wire.refuse(502)
    expect(told).toEqual([
      { type: 'error', at: 0 },
      {
        type: 'close',
        at: 0,
        code: 1006,
        reason: '',
        wasClean: false,
        willReconnect: true,
        cause: 'refused',
        status: 502,
      },
      { type: 'reconnecting', at: 0, attempt: 2, delayMs: 2_500, cause: 'refused' },
    ])
    expect(world.events).toEqual([
      { type: 'socket.closed', code: 1006, cause: 'refused', willReconnect: true, upstream: 'server.test:80' },
      { type: 'socket.waiting', attempt: 2, delayMs: 2_500, cause: 'refused', upstream: 'server.test:80' },
    ])
  })
})

describe('a server that accepts and closes at once', () => {
  it.each(['', '{"afterMs":0,"withinMs":0}', '{"afterMs":1,"withinMs":0}', '{"withinMs":1}'])(
    'with the reason %s is dialed ever more rarely, for ever bounded',
    async (reason) => {
      const world = socketWorld({ chance: 1 })
      world.watched()
      await world.clock.advance(0)
      const waits = await waitsOf(world, 40, (wire) => wire.open().end(1012, reason))
      waits.slice(1).forEach((wait, at) => {
        expect(wait).toBeGreaterThanOrEqual(waits[at] ?? 0)
      })
      expect(waits.at(-1)).toBeGreaterThanOrEqual(60_000)
      expect(waits.at(-1)).toBeLessThan(61_000)
    },
  )

  it('gets some 125 dials an hour from a socket with chances, whatever it does', async () => {
    const world = socketWorld({ chance: seededRandom(3), serve: (wire) => wire.open().end(1000) })
    world.socket()
    await world.clock.advance(10 * 3_600_000)
    // The mean of a window of a minute is half of one.
    expect(world.wires.length).toBeGreaterThan(1_000)
    expect(world.wires.length).toBeLessThan(1_400)
  })
})

describe('what was learned', () => {
  it.each([
    [9_999, 7_500, 2],
    [10_000, 5_000, 1],
  ])('after %i ms of uptime makes a window of %i ms', async (uptimeMs, windowMs, failures) => {
    const world = socketWorld({ chance: 1 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    world.wire.end()
    await world.clock.advance(5_000)
    world.wire.open()
    await world.clock.advance(uptimeMs)
    world.wire.end()
    expect(socket.health()).toMatchObject({ windowMs, failures })
  })

  it('needs as long to be forgotten as the window was wide', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    world.wire.open().end(1013)
    await world.clock.advance(30_000)
    world.wire.open()
    await world.clock.advance(29_999)
    world.wire.end()
    expect(socket.health().windowMs).toBe(45_000)
    await world.clock.advance(45_000)
    world.wire.open()
    await world.clock.advance(45_000)
    world.wire.end()
    expect(socket.health().windowMs).toBe(5_000)
  })

  it('is not forgotten by a handshake', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    world.wire.end()
    await world.clock.advance(5_000)
    world.wire.open()
    expect(socket.health()).toMatchObject({ state: 'open', windowMs: 5_000, failures: 1 })
  })
})

describe('patience', () => {
  it('is 15 s before the first success, doubles with each timeout as the window does, and is kept', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket, told } = world.watched()
    await world.clock.advance(0)
    const ends: number[] = []
    for (let at = 0; at < 6; at++) {
      // TCP stands: the whole patience is for the server.
      world.wire.connect()
      const { dialedAt } = world.wire
      while (socket.state === 'dialing') await world.clock.advance(1_000)
      ends.push(world.clock.now() - dialedAt)
      await world.clock.advance(world.waits.at(-1) ?? 0)
    }
    expect(ends).toEqual([15_000, 30_000, 60_000, 120_000, 180_000, 180_000])
    expect(world.waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 320_000])
    expect(world.wires.slice(0, -1).every(({ terminated }) => terminated)).toBe(true)
    expect(told[1]).toMatchObject({ type: 'close', code: 1006, cause: 'timeout', willReconnect: true })
  })

  it('is 45 s once it has been open', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket, wire } = await world.opened()
    wire.end()
    await world.clock.advance(5_000)
    world.wire.connect()
    await world.clock.advance(44_999)
    expect(socket.state).toBe('dialing')
    await world.clock.advance(1)
    expect([socket.state, socket.health().patienceMs]).toEqual(['waiting', 90_000])
  })

  it('for a host that is away is 20, 40 and 60 s, and that for the server stays', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket, wire } = await world.opened({ patienceMs: 90_000 })
    wire.end()
    await world.clock.advance(5_000)
    const ends: number[] = []
    for (let at = 0; at < 4; at++) {
      const { dialedAt } = world.wire
      while (socket.state === 'dialing') await world.clock.advance(1_000)
      ends.push(world.clock.now() - dialedAt)
      await world.clock.advance(world.waits.at(-1) ?? 0)
    }
    expect([ends, socket.health().patienceMs]).toEqual([[20_000, 40_000, 60_000, 60_000], 90_000])
  })

  it('grows where it was the one that ran out, though TCP did not stand yet', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    await world.clock.advance(15_000)
    expect(socket.health()).toMatchObject({ state: 'waiting', patienceMs: 30_000, windowMs: 10_000 })
  })

  it('is all there is where the platform tells nothing of TCP', async () => {
    const world = socketWorld({ seesTransport: false, chance: 1 })
    const { socket, wire } = await world.opened()
    wire.end()
    await world.clock.advance(5_000 + 44_999)
    expect(socket.state).toBe('dialing')
    await world.clock.advance(1)
    expect([socket.state, socket.health().patienceMs]).toEqual(['waiting', 90_000])
  })

  it('covers all from the URL to a session that is ready', async () => {
    const world = socketWorld({ chance: 1 })
    const slow = () =>
      new Promise<string>((resolve) => void world.clock.sleep(10_000).then(() => resolve('ws://a.test')))
    const session = { opened() {}, received() {} }
    const socket = world.socket({ session }, slow)
    await world.clock.advance(10_000)
    world.wire.open()
    expect(socket.state).toBe('negotiating')
    await world.clock.advance(4_999)
    expect(socket.state).toBe('negotiating')
    await world.clock.advance(1)
    expect([socket.state, world.wire.terminated]).toEqual(['waiting', true])
  })
})

describe('a URL provider', () => {
  it('is asked before every dial, with which one it is', async () => {
    const world = socketWorld({ chance: 0.5 })
    const asked: number[] = []
    const url = ({ attempt }: DialContext) => {
      asked.push(attempt)
      return `ws://server.test/?dial=${asked.length}`
    }
    world.socket({}, url)
    await world.clock.advance(0)
    world.wire.end()
    await world.clock.advance(5_000)
    world.wire.open()
    await world.clock.advance(20_000)
    world.wire.end()
    await world.clock.advance(5_000)
    expect(asked).toEqual([1, 2, 2])
    expect(world.wires.map(({ request }) => request.url.at(-1))).toEqual(['1', '2', '3'])
  })

  it.each<[string, () => string | Promise<string>]>([
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['gives no URL', () => 'ftp://server.test'],
    ['gives nothing', () => undefined as unknown as string],
  ])('that %s is a failed dial', async (_, url) => {
    const world = socketWorld({ chance: 1 })
    const provider = vi.fn(url)
    const socket = world.socket({}, provider)
    const told = listenTo(socket, world.clock.now)
    await world.clock.advance(0)
    expect(told.map(({ type, cause }) => [type, cause])).toEqual([
      ['error', undefined],
      ['close', 'refused'],
      ['reconnecting', 'refused'],
    ])
    await world.clock.advance(5_000)
    expect([provider.mock.calls.length, world.waits]).toEqual([2, [5_000, 7_500]])
    socket.close()
    await world.clock.advance(0)
    expect(world.clock.pending).toBe(0)
  })

  it('that hangs is cut by the deadline, is told so, and its late answer dials nothing', async () => {
    const world = socketWorld({ chance: 1 })
    const answers: ((url: string) => void)[] = []
    const signals: AbortSignal[] = []
    const socket = world.socket({}, ({ signal }: DialContext) => {
      signals.push(signal)
      return new Promise((resolve) => answers.push(resolve))
    })
    await world.clock.advance(15_000)
    expect([socket.state, signals[0]?.aborted]).toEqual(['waiting', true])
    answers[0]?.('ws://late.test')
    await world.clock.advance(10_000)
    expect([socket.state, answers.length, world.wires.length]).toEqual(['resolving', 2, 0])
    answers[1]?.('ws://good.test')
    await world.clock.advance(0)
    expect(world.wires.map(({ request }) => request.url)).toEqual(['ws://good.test/'])
  })
})

describe('a token', () => {
  /** A source whose every token but the good ones is refused. */
  function tokens() {
    let current = 1
    const rejected: string[] = []
    return {
      rejected,
      source: {
        get: async () => ({ accessToken: `t${current}`, tokenType: 'Bearer', expiresAt: Infinity }),
        rejected({ accessToken }: { accessToken: string }) {
          rejected.push(accessToken)
          if (accessToken === `t${current}`) current++
        },
      },
    }
  }

  it('that the upgrade refuses is renewed once, and the next dial has the new one', async () => {
    const world = socketWorld({ chance: 1 })
    const { source, rejected } = tokens()
    const { socket, told } = world.watched({ token: source })
    await world.clock.advance(0)
    world.wire.refuse(401)
    await world.clock.advance(5_000)
    expect(world.wires.map(({ request }) => request.headers.authorization)).toEqual(['Bearer t1', 'Bearer t2'])
    world.wire.open()
    expect([rejected, socket.readyState, told.at(-1)?.type]).toEqual([['t1'], 1, 'open'])
  })

  it('that is refused twice in a row ends it', async () => {
    for (const refuse of [(wire: Wire) => wire.refuse(401), (wire: Wire) => wire.open().end(4401)]) {
      const world = socketWorld({ chance: 1 })
      const { source, rejected } = tokens()
      const { socket, told } = world.watched({ token: source })
      await world.clock.advance(0)
      refuse(world.wire)
      await world.clock.advance(5_000)
      refuse(world.wire)
      expect([socket.readyState, rejected, world.wires.length]).toEqual([3, ['t1', 't2'], 2])
      expect(told.at(-1)).toMatchObject({ type: 'close', cause: 'auth', willReconnect: false })
    }
  })

  it('is tried again after proven uptime', async () => {
    const world = socketWorld({ chance: 1 })
    const { source, rejected } = tokens()
    const { socket } = world.watched({ token: source })
    await world.clock.advance(0)
    for (let at = 0; at < 3; at++) {
      world.wire.open()
      await world.clock.advance(20_000)
      world.wire.end(4401)
      await world.clock.advance(5_000)
    }
    expect([socket.readyState, rejected]).toEqual([0, ['t1', 't2', 't3']])
  })

  it('there is none, and 401 is tried once more all the same', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket } = world.watched()
    await world.clock.advance(0)
    world.wire.refuse(401)
    await world.clock.advance(5_000)
    world.wire.refuse(502)
    await world.clock.advance(7_500)
    world.wire.refuse(401)
    expect([socket.readyState, world.wires.length]).toEqual([3, 3])
  })

  it('is handed to providers', async () => {
    const world = socketWorld()
    world.socket({ token: tokens().source }, ({ token }: DialContext) => `ws://server.test/?t=${token}`)
    await world.clock.advance(0)
    expect(world.wire.request.url).toBe('ws://server.test/?t=t1')
  })
})

describe('maxAttempts', () => {
  it.each([0, 1, 3])('%i dials again that often, and then gives up', async (maxAttempts) => {
    const world = socketWorld({ chance: 1, serve: (wire) => wire.end() })
    const { socket, told } = world.watched({ maxAttempts })
    await world.clock.advance(3_600_000)
    expect([socket.readyState, world.wires.length]).toEqual([3, maxAttempts + 1])
    expect(told.filter(({ type }) => type === 'close').map(({ willReconnect }) => willReconnect)).toEqual([
      ...Array.from({ length: maxAttempts }, () => true),
      false,
    ])
  })

  it('counts from anew after proven uptime', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket } = world.watched({ maxAttempts: 1 })
    await world.clock.advance(0)
    for (let at = 0; at < 3; at++) {
      world.wire.open()
      await world.clock.advance(20_000)
      world.wire.end()
      await world.clock.advance(5_000)
    }
    expect([socket.readyState, world.wires.length]).toEqual([0, 4])
  })
})

describe('classify', () => {
  it.each<[string, Partial<SocketOptions>, (wire: Wire) => void, string | undefined]>([
    [
      'makes a code final',
      { classify: ({ code }) => (code === 1006 ? 'fatal' : undefined) },
      (w) => w.open().end(),
      undefined,
    ],
    [
      'brings one back',
      { classify: ({ code }) => (code === 4000 ? 'restart' : undefined) },
      (w) => w.open().end(4000),
      'restart',
    ],
    [
      'reads a status',
      { classify: ({ status }) => (status === 403 ? 'overload' : undefined) },
      (w) => w.refuse(403),
      'overload',
    ],
    [
      'reads a reason',
      { classify: ({ reason }) => (reason === 'x' ? 'drop' : undefined) },
      (w) => w.open().end(4000, 'x'),
      'drop',
    ],
  ])('%s', async (_, options, end, cause) => {
    const world = socketWorld()
    const { socket, told } = world.watched(options)
    await world.clock.advance(0)
    end(world.wire)
    expect(told.findLast(({ type }) => type === 'close')?.willReconnect).toBe(cause !== undefined)
    expect([socket.readyState, told.at(-1)?.cause]).toEqual(cause ? [0, cause] : [3, 'fatal'])
  })

  it('that throws leaves it to the table, and is reported', async () => {
    const reported: unknown[] = []
    const report = (error: unknown) => reported.push(error)
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', report)
    try {
      const world = socketWorld({ chance: 1 })
      const broken = new Error('broken')
      const { socket } = world.watched({
        classify() {
          throw broken
        },
      })
      await world.clock.advance(0)
      world.wire.open().end(1012)
      await world.clock.advance(10_000)
      expect([socket.state, world.wires.length]).toEqual(['dialing', 2])
      expect(reported).toEqual([broken])
    } finally {
      process.removeListener('uncaughtException', report)
      for (const listener of before) process.on('uncaughtException', listener)
    }
  })
})

describe('a transport that refuses to be made', () => {
  it('is a failed dial', async () => {
    const world = socketWorld({ chance: 1 })
    const refuse = () => {
      throw new DOMException('mixed content', 'SecurityError')
    }
    const transport = Object.assign(refuse, { seesTransport: true, platformEvents: false })
    const { told } = world.watched({ transport })
    await world.clock.advance(5_000)
    expect(world.waits).toEqual([5_000, 7_500])
    expect(told[1]).toMatchObject({ type: 'close', cause: 'refused', reason: 'SecurityError' })
  })
})

describe('a dial that is held', () => {
  /** An upstream whose circuit is open for so long, or by hand. */
  function holding(world: SocketWorld, openMs: number | undefined) {
    const upstream = {
      authority: 'server.test:80',
      dialLayers: () => [
        (next: (dialing: unknown, context: unknown) => Promise<unknown>) =>
          async (dialing: unknown, context: unknown) => {
            const left = (openMs ?? Infinity) - world.clock.now()
            if (left > 0) {
              const retryAfterMs = openMs === undefined ? undefined : left
              throw new BreakwaterError('circuit-open', 'open', { retryAfterMs })
            }
            return next(dialing, context)
          },
      ],
    }
    return () => upstream as never
  }

  it('is no loss: it waits for as long as the circuit says, and tells of the wait only', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket, told } = world.watched({ upstreamOf: holding(world, 7_000) })
    await world.clock.advance(0)
    expect(told).toEqual([{ type: 'reconnecting', at: 0, attempt: 1, delayMs: 7_500, cause: 'held' }])
    expect(socket.health()).toMatchObject({ failures: 0, windowMs: 0 })
    await world.clock.advance(7_500)
    world.wire.open()
    expect(told.at(-1)).toMatchObject({ type: 'open', attempt: 1 })
  })

  it('by a circuit that somebody holds open is asked for again over the first window', async () => {
    const world = socketWorld({ chance: 1 })
    const { socket } = world.watched({ upstreamOf: holding(world, undefined), maxAttempts: 1 })
    await world.clock.advance(60_000)
    expect([world.wires.length, socket.readyState]).toEqual([0, 0])
    expect(world.waits).toEqual(Array.from({ length: 13 }, () => 5_000))
  })
})

describe('a platform whose timers come early', () => {
  it('makes no difference: nothing is due before its time, and nothing is forgotten', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { setTimer } = world.runtime.clock
    const early = {
      ...world.runtime.clock,
      setTimer: ((ms, fn, keeps) => setTimer(ms > 1 ? ms - 0.7 : ms, fn, keeps)) as typeof setTimer,
    }
    const { socket, told } = world.watched({ runtime: { ...world.runtime, clock: early } })
    await world.clock.advance(0)
    world.wire.end()
    await world.clock.advance(2_499.5)
    expect([socket.state, world.wires.length]).toEqual(['waiting', 1])
    await world.clock.advance(0.5)
    expect(world.wires).toHaveLength(2)
    await world.clock.advance(15_000)
    expect([socket.state, told.filter(({ cause, type }) => type === 'close' && cause === 'timeout').length]).toEqual([
      'waiting',
      1,
    ])
    socket.close()
    await world.clock.advance(0)
    expect([socket.state, world.clock.pending]).toEqual(['closed', 0])
  })
})

describe('a listener that acts at once', () => {
  it.each(['open', 'error', 'close', 'reconnecting', 'message'] as const)(
    'by reconnect() in %s leaves one connection, and goes on',
    async (type) => {
      const world = socketWorld({ chance: 0.5 })
      const { socket, told } = world.watched()
      socket.addEventListener(type, () => socket.reconnect(), { once: true })
      await world.clock.advance(0)
      world.wire.open()
      world.wire.say('hello')
      world.wire.end()
      await world.clock.advance(5_000)
      world.wire.open()
      expect([socket.state, world.live.length]).toEqual(['open', 1])
      expect(
        told.filter(({ type }) => type === 'open').length - told.filter(({ type }) => type === 'close').length,
      ).toBe(1)
      socket.send('still works')
      expect(world.wire.texts).toEqual(['still works'])
    },
  )

  it('by rotate() in open moves on, and by send() in close waits for the next one', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket } = world.watched()
    let rotated: Promise<boolean> | undefined
    socket.addEventListener(
      'open',
      () => {
        rotated = socket.rotate()
      },
      { once: true },
    )
    socket.addEventListener('close', () => socket.send('from close'), { once: true })
    await world.clock.advance(0)
    world.wire.open()
    await world.clock.advance(0)
    world.wire.open()
    expect(await rotated).toBe(true)
    world.wire.end()
    await world.clock.advance(5_000)
    world.wire.open()
    expect(world.wire.texts).toEqual(['from close'])
  })
})
