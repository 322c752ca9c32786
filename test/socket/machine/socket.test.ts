import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/core/random.ts'
import type { Session, SessionLink } from '../../../src/socket/index.ts'
import { Page, socketWorld, type Wire } from '../../support/socket-world.ts'

/** What the server does with one dial. */
interface Turn {
  readonly kind: 'serve' | 'serve' | 'hang' | 'refuse' | 'break'
  readonly afterMs: number
  readonly livesMs: number
  readonly code: number
  readonly reason: string
  readonly status: number
  readonly answersClose: boolean
  readonly crowded: boolean
}

const turn: fc.Arbitrary<Turn> = fc.record({
  kind: fc.constantFrom('serve', 'serve', 'serve', 'hang', 'refuse', 'break'),
  afterMs: fc.constantFrom(0, 5, 1_200, 14_000, 50_000),
  livesMs: fc.constantFrom(0, 100, 8_000, 70_000, Infinity, Infinity),
  code: fc.constantFrom(1000, 1001, 1006, 1006, 1012, 1013, 4401, 4000),
  reason: fc.constantFrom('', '', '{"afterMs":3000,"withinMs":0}', '{"afterMs":100,"withinMs":9000}', '{"withinMs":'),
  status: fc.constantFrom(401, 403, 429, 500, 503),
  answersClose: fc.boolean(),
  crowded: fc.boolean(),
})

interface Act {
  readonly afterMs: number
  readonly oversleeps: boolean
  readonly act:
    | 'send'
    | 'deliver'
    | 'deliver with ttl'
    | 'deliver with signal'
    | 'rotate'
    | 'reconnect'
    | 'close'
    | 'online'
    | 'offline'
    | 'hidden'
    | 'visible'
    | 'drain'
    | 'nothing'
}

const act: fc.Arbitrary<Act> = fc.record({
  afterMs: fc.constantFrom(0, 0, 1, 30, 900, 6_000, 40_000, 200_000),
  oversleeps: fc.constantFrom(false, false, false, false, true),
  act: fc.constantFrom(
    'send',
    'send',
    'deliver',
    'deliver with ttl',
    'deliver with signal',
    'rotate',
    'rotate',
    'reconnect',
    'close',
    'online',
    'offline',
    'hidden',
    'visible',
    'drain',
    'nothing',
  ),
})

const options = fc.record({
  whenHidden: fc.constantFrom('slow' as const, 'wait' as const),
  maxAttempts: fc.constantFrom(Infinity, Infinity, 4),
  session: fc.boolean(),
  pings: fc.boolean(),
  answersPings: fc.boolean(),
  seesTransport: fc.boolean(),
  reconnect: fc.constantFrom(true, true, true, true, false),
  seed: fc.nat(),
})

/** A session that acknowledges what it is told to. */
function sessionOf(): { session: Session; links: SessionLink[]; acknowledge: () => void } {
  const links: SessionLink[] = []
  let waiting: (() => void)[] = []
  const session: Session = {
    opened(link) {
      links.push(link)
      link.ready()
    },
    received: (data, link) => link.deliver(data),
    frame(data, acknowledged) {
      if (waiting.length >= 5) return undefined
      waiting.push(acknowledged ?? (() => {}))
      return data
    },
  }
  const acknowledge = () => {
    const all = waiting
    waiting = []
    for (const each of all) each()
    for (const link of links) link.room()
  }
  return { session, links, acknowledge }
}

describe('a socket, whatever its server and its user do', () => {
  it('has one connection at most, settles every receipt, ends once and leaves nothing behind', async () => {
    const reached = new Set<string>()
    const runs = fc.asyncProperty(
      options,
      fc.array(turn, { minLength: 1, maxLength: 8 }),
      fc.array(act, { maxLength: 40 }),
      async ({ seed, session: withSession, pings, answersPings, seesTransport, ...given }, turns, acts) => {
        const page = new Page(true, true)
        const { session, links, acknowledge } = sessionOf()
        const serve = (wire: Wire, index: number) => {
          const { kind, afterMs, livesMs, code, reason, status, answersClose, crowded } = turns[
            index % turns.length
          ] as Turn
          wire.bufferedAmount = crowded && index % 3 === 0 ? 2 ** 21 : 0
          const say = wire.close.bind(wire)
          wire.close = (...close) => {
            say(...close)
            if (answersClose) world.clock.setTimer(20, () => wire.answerClose())
          }
          if (wire.ping && answersPings) {
            Object.assign(wire, { ping: () => void world.clock.setTimer(20, () => wire.pong()) })
          }
          if (kind === 'hang') return
          world.clock.setTimer(afterMs, () => {
            if (kind === 'refuse') wire.refuse(status, status === 503 ? { 'retry-after': '60' } : {})
            else if (kind === 'break') wire.end()
            else {
              wire.open()
              world.clock.setTimer(livesMs, () => wire.end(code, code === 1006 ? '' : reason))
            }
          })
        }
        const world = socketWorld({ page, pings, seesTransport, chance: seededRandom(seed), serve })
        const { socket, told } = world.watched({ ...given, session: withSession ? session : undefined })
        const receipts: number[] = []
        const tooMany: string[] = []
        let lives = 1
        const deliver = (more?: { ttlMs?: number; signal?: AbortSignal }) => {
          const at = receipts.push(0) - 1
          const settled = () => {
            receipts[at] = (receipts[at] ?? 0) + 1
          }
          socket.deliver(`message ${at}`, more).then(settled, settled)
        }
        const check = () => {
          reached.add(socket.state)
          if (world.live.length > (socket.state === 'rotating' ? 2 : 1)) tooMany.push(socket.state)
        }
        for (const type of ['open', 'close', 'reconnecting', 'message', 'error'] as const) {
          socket.addEventListener(type, check)
        }
        const controller = new AbortController()
        for (const { afterMs, oversleeps, act: what } of acts) {
          await (oversleeps ? world.clock.oversleep(afterMs) : world.clock.advance(afterMs))
          check()
          if (what === 'send') {
            if (given.reconnect || socket.readyState !== 0) socket.send('x')
          } else if (what === 'deliver') deliver()
          else if (what === 'deliver with ttl') deliver({ ttlMs: 2_000 })
          else if (what === 'deliver with signal') {
            deliver({ signal: controller.signal })
            if (receipts.length % 4 === 0) controller.abort()
          } else if (what === 'rotate') void socket.rotate()
          else if (what === 'reconnect') {
            if (socket.readyState === 3) lives++
            socket.reconnect()
          } else if (what === 'close') socket.close(3000, 'enough')
          else if (what === 'online') page.set({ online: true })
          else if (what === 'offline') page.set({ online: false })
          else if (what === 'hidden') page.set({ visible: false })
          else if (what === 'visible') page.set({ visible: true })
          else if (what === 'drain') links.at(-1)?.hint({ afterMs: 100, withinMs: 5_000 }, true)
          else acknowledge()
          check()
        }
        socket.close()
        await world.clock.advance(30_000)
        for (const wire of world.wires) wire.bufferedAmount = 0
        // The server's own timers.
        await world.clock.advance(200_000)
        expect([socket.readyState, world.live.length, page.listeners]).toEqual([3, 0, 0])
        expect(tooMany).toEqual([])
        expect(world.clock.pending).toBe(0)
        expect(receipts.filter((count) => count !== 1)).toEqual([])
        const ends = told.filter(({ willReconnect }) => willReconnect === false)
        expect(ends).toHaveLength(lives)
        expect(told.at(-1)).toBe(ends.at(-1))
        expect(world.wires.every(({ over, terminated, closing }) => over || terminated || closing)).toBe(true)
        expect(socket.health().queued).toEqual({ count: 0, bytes: 0 })
      },
    )
    await fc.assert(runs, { numRuns: 1_500 })
    for (const state of ['waiting', 'dialing', 'open', 'rotating', 'suspended', 'closing', 'closed', 'admitting']) {
      expect(reached).toContain(state)
    }
  })
})
