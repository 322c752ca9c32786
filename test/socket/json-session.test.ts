import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/core/random.ts'
import type { Hint } from '../../src/socket/hint.ts'
import { type JsonSession, jsonSession, type SessionLink } from '../../src/socket/index.ts'
import { readFrame } from '../../src/socket/json-frames.ts'
import type { JsonSessionOptions } from '../../src/socket/json-session-options.ts'
import { manualClock } from '../../src/testing/index.ts'

type Sent = Record<string, unknown>

/** A connection as a session sees it. As with a real one, nothing goes over it once it has failed. */
class Link implements SessionLink {
  readonly runtime = { clock: manualClock(), random: seededRandom(1) }
  readonly sent: Sent[] = []
  readonly delivered: unknown[] = []
  readonly hints: [hint: Hint, drain: boolean][] = []
  readonly #session: JsonSession
  recovered: boolean | undefined
  rooms = 0
  failed: string | undefined
  onSend: ((frame: Sent) => void) | undefined

  constructor(session: JsonSession) {
    this.#session = session
    session.opened(this)
  }

  send(frame: unknown): void {
    const said = JSON.parse(String(frame))
    this.sent.push(said)
    this.onSend?.(said)
  }

  ready(recovered = false): void {
    this.recovered = recovered
  }

  deliver(data: unknown): void {
    this.delivered.push(data)
  }

  hint(hint: Hint, drain = false): void {
    this.hints.push([hint, drain])
  }

  room(): void {
    this.rooms++
  }

  fail(code: number, reason: string): void {
    this.failed = `${code} ${reason}`
    this.#session.closed?.(this)
  }

  /** The server says something. */
  hear(frame: unknown): this {
    if (this.failed === undefined) this.#session.received(JSON.stringify(frame), this)
    return this
  }

  welcome(got = 0, recovered = false, id = 'a'): this {
    return this.hear({ t: 'welcome', id, recovered, got })
  }

  lose(): void {
    this.#session.closed?.(this)
  }

  /** What of the application's it sent, as numbers and texts. */
  get messages(): unknown[] {
    return this.sent
      .filter(({ n, t }) => n !== undefined && t !== 'ack')
      .map(({ n, d, k, t }) => [n, t === 'msg' ? d : `${t} ${k}`])
  }

  get acknowledged(): unknown[] {
    return this.sent.filter(({ t }) => t === 'ack').map(({ n }) => n)
  }
}

function setUp(options?: Partial<JsonSessionOptions>) {
  const session = jsonSession(options)
  const link = new Link(session)
  /** As the socket does: the frame is made, and goes over the connection in use. */
  const send = (text: string, over: Link = link, acknowledged?: () => void) => {
    const frame = session.frame!(text, acknowledged)
    if (frame !== undefined) over.send(frame)
    return frame !== undefined
  }
  return { session, link, send }
}

describe('a JSON session', () => {
  it('greets as a new one, and is ready when it is welcomed', () => {
    const { session, link } = setUp()
    expect(link.sent).toEqual([{ t: 'hello', v: 1, id: null, got: 0 }])
    expect(link.recovered).toBeUndefined()
    link.welcome(0, false, 'abc')
    expect(link.recovered).toBe(false)
    expect(session.id).toBe('abc')
  })

  it('goes on where it was: repeats what was not acknowledged, before anything else', () => {
    const { session, link, send } = setUp()
    link.welcome()
    for (const text of ['x', 'y', 'z']) send(text)
    link.hear({ t: 'ack', n: 1 }).hear({ t: 'msg', n: 1, d: 'one' }).lose()
    const next = new Link(session)
    expect(next.sent).toEqual([{ t: 'hello', v: 1, id: 'a', got: 1 }])
    next.welcome(2, true)
    expect(next.recovered).toBe(true)
    expect(next.messages).toEqual([[3, 'z']])
    send('later', next)
    expect(next.messages).toEqual([
      [3, 'z'],
      [4, 'later'],
    ])
    expect(session.unacknowledged).toBe(2)
  })

  it('delivers each message once, in order, whatever comes twice', () => {
    const { session, link } = setUp()
    link.welcome()
    for (const n of [1, 2, 1, 2, 3, 3]) link.hear({ t: 'msg', n, d: `m${n}` })
    link.lose()
    const next = new Link(session).welcome(0, true)
    for (const n of [2, 3, 4]) next.hear({ t: 'msg', n, d: `m${n}` })
    expect([...link.delivered, ...next.delivered]).toEqual(['m1', 'm2', 'm3', 'm4'])
  })

  it('gives a connection up that skips a message, and takes nothing more of it', () => {
    const { session, link } = setUp()
    link.welcome().hear({ t: 'msg', n: 1, d: 'one' }).hear({ t: 'msg', n: 3, d: 'three' })
    expect(link.failed).toBe('4490 a message is missing')
    expect(link.delivered).toEqual(['one'])
    const next = new Link(session)
    expect(next.sent).toEqual([{ t: 'hello', v: 1, id: 'a', got: 1 }])
  })

  it('begins anew with a server that skips the same message again: it would do so for ever', () => {
    const { session, link } = setUp()
    link.welcome().hear({ t: 'msg', n: 2, d: 'two' })
    const second = new Link(session).welcome(0, true).hear({ t: 'msg', n: 2, d: 'two' })
    expect(second.failed).toBe('4490 a message is missing')
    const third = new Link(session)
    expect(third.sent).toEqual([{ t: 'hello', v: 1, id: null, got: 0 }])
    third.welcome(0, false, 'b').hear({ t: 'msg', n: 1, d: 'one' })
    expect(third.delivered).toEqual(['one'])
  })

  it('does not begin anew where messages came between two such faults', () => {
    const { session, link } = setUp()
    link.welcome().hear({ t: 'msg', n: 2, d: '' })
    new Link(session).welcome(0, true).hear({ t: 'msg', n: 1, d: '' }).hear({ t: 'msg', n: 3, d: '' })
    expect(new Link(session).sent).toEqual([{ t: 'hello', v: 1, id: 'a', got: 1 }])
  })

  it.each<[what: string, welcome: (link: Link) => void]>([
    ['an acknowledgement of what was never sent', (link) => link.welcome(0, true).hear({ t: 'ack', n: 3 })],
    ['a welcome that says so', (link) => link.welcome(3, true)],
    ['a welcome that takes an acknowledgement back', (link) => link.welcome(0, true)],
  ])('gives up a connection with %s, and after two of them the session', (what, wrong) => {
    const { session, link, send } = setUp()
    const receipts: string[] = []
    link.welcome()
    send('x', link, () => receipts.push('x'))
    if (what.includes('back')) link.hear({ t: 'ack', n: 1 })
    send('y', link, () => receipts.push('y'))
    const before = [...receipts]
    link.lose()
    for (const id of ['a', null]) {
      const next = new Link(session)
      if (what.startsWith('an')) next.welcome(0, true)
      wrong(next)
      expect(next.failed).toMatch(/^4490 /)
      expect(receipts).toEqual(before)
      expect(new Link(session).sent[0]).toMatchObject({ id })
    }
  })

  it('is welcomed once per connection', () => {
    const { link } = setUp()
    link.welcome().welcome()
    expect(link.failed).toBe('4490 a welcome that does not fit')
  })

  it('numbers anew what was not acknowledged, where the server has forgotten it, and keeps the receipts', () => {
    const { session, link, send } = setUp()
    const receipts: string[] = []
    link.welcome()
    session.subscribe('prices', 'EUR')
    for (const text of ['x', 'y', 'z']) send(text, link, () => receipts.push(text))
    expect(link.messages).toEqual([
      [1, 'sub prices'],
      [2, 'x'],
      [3, 'y'],
      [4, 'z'],
    ])
    link.hear({ t: 'ack', n: 2 }).hear({ t: 'msg', n: 1, d: 'one' }).lose()
    const next = new Link(session).welcome(0, false, 'b')
    expect(next.recovered).toBe(false)
    // The subscription comes later, at its pace.
    expect(next.messages).toEqual([
      [1, 'y'],
      [2, 'z'],
    ])
    next.hear({ t: 'ack', n: 1 })
    expect(receipts).toEqual(['x', 'y'])
    next.hear({ t: 'msg', n: 1, d: 'another one' })
    expect(next.delivered).toEqual(['another one'])
  })

  it.each([
    ['recovered, but as another', true, 'b'],
    ['not recovered, under the same id', false, 'a'],
  ])('begins anew when it is %s', (_, recovered, id) => {
    const { session, link, send } = setUp()
    link.welcome().hear({ t: 'msg', n: 1, d: 'one' })
    send('x')
    send('y')
    link.hear({ t: 'ack', n: 1 }).lose()
    const next = new Link(session).welcome(0, recovered, id)
    expect(next.recovered).toBe(false)
    expect(next.messages).toEqual([[1, 'y']])
    expect(next.hear({ t: 'msg', n: 1, d: 'new' }).delivered).toEqual(['new'])
  })

  it('repeats subscriptions to a server that has forgotten it, paced, and not to one that goes on', async () => {
    const { session, link } = setUp({ subscribePerSecond: 50 })
    link.welcome()
    for (const key of ['a', 'b', 'c']) session.subscribe(key)
    session.unsubscribe('b')
    link.lose()
    const same = new Link(session).welcome(4, true)
    await same.runtime.clock.advance(1_000)
    expect(same.messages).toEqual([])
    same.lose()
    const other = new Link(session).welcome(0, false, 'other')
    expect(other.messages).toEqual([])
    await other.runtime.clock.advance(1_000)
    expect(other.messages).toEqual([
      [1, 'sub a'],
      [2, 'sub c'],
    ])
  })

  it('takes over on a second connection, and hears what still comes over the first', () => {
    const { session, link, send } = setUp()
    link.welcome()
    send('x')
    link.hear({ t: 'msg', n: 1, d: 'one' })
    const next = new Link(session)
    send('y')
    link.hear({ t: 'msg', n: 2, d: 'two' })
    next.welcome(1, true)
    expect(next.messages).toEqual([[2, 'y']])
    link.hear({ t: 'msg', n: 3, d: 'three' }).hear({ t: 'ack', n: 2 })
    for (const n of [2, 3, 4]) next.hear({ t: 'msg', n, d: `again ${n}` })
    link.lose()
    expect([...link.delivered, ...next.delivered]).toEqual(['one', 'two', 'three', 'again 4'])
    expect(session.unacknowledged).toBe(0)
    send('z', next)
    expect(next.messages.at(-1)).toEqual([3, 'z'])
  })

  it('takes no numbers from the old connection once the new one began anew: they are of another session', () => {
    const { session, link, send } = setUp()
    const receipts: string[] = []
    link.welcome()
    send('x', link, () => receipts.push('x'))
    const next = new Link(session).welcome(0, false, 'b')
    link.hear({ t: 'ack', n: 1 }).hear({ t: 'msg', n: 1, d: 'old' })
    expect(receipts).toEqual([])
    expect(session.unacknowledged).toBe(1)
    next.hear({ t: 'msg', n: 1, d: 'new' })
    expect([...link.delivered, ...next.delivered]).toEqual(['new'])
    expect(next.failed).toBeUndefined()
  })

  it('acknowledges several together, soon', async () => {
    const { link } = setUp({ acknowledgeMs: 200, acknowledgeCount: 3 })
    link.welcome()
    for (const n of [1, 2]) link.hear({ t: 'msg', n, d: '' })
    expect(link.acknowledged).toEqual([])
    await link.runtime.clock.advance(199)
    expect(link.acknowledged).toEqual([])
    await link.runtime.clock.advance(1)
    expect(link.acknowledged).toEqual([2])
    for (const n of [3, 4, 5, 6]) link.hear({ t: 'msg', n, d: '' })
    expect(link.acknowledged).toEqual([2, 5])
    await link.runtime.clock.advance(200)
    expect(link.acknowledged).toEqual([2, 5, 6])
    expect(link.runtime.clock.pending).toBe(0)
  })

  it('acknowledges each at once with acknowledgeMs: 0', () => {
    const { link } = setUp({ acknowledgeMs: 0 })
    link.welcome()
    for (const n of [1, 2]) link.hear({ t: 'msg', n, d: '' })
    expect(link.acknowledged).toEqual([1, 2])
  })

  it('leaves no timer when its connection goes', async () => {
    const { session, link } = setUp()
    link.welcome().hear({ t: 'msg', n: 1, d: '' })
    session.subscribe('a')
    link.lose()
    const next = new Link(session).welcome(0, false, 'b').hear({ t: 'msg', n: 1, d: '' })
    next.lose()
    expect(link.runtime.clock.pending + next.runtime.clock.pending).toBe(0)
  })

  it('has no room beyond maxUnacknowledged, and says when there is some again', () => {
    const { link, send } = setUp({ maxUnacknowledged: 2 })
    link.welcome()
    expect([send('1'), send('2'), send('3')]).toEqual([true, true, false])
    const { rooms } = link
    link.hear({ t: 'ack', n: 1 })
    expect(link.rooms).toBe(rooms + 1)
    expect([send('3'), send('4')]).toEqual([true, false])
  })

  it('bounds bytes as well, and always takes one message', () => {
    const { link, send } = setUp({ maxUnacknowledgedBytes: 100 })
    link.welcome()
    expect([send('x'.repeat(1_000)), send('y')]).toEqual([true, false])
    link.hear({ t: 'ack', n: 1 })
    expect(send('y')).toBe(true)
  })

  it('answers pings, has one of its own, and hands hints on', () => {
    const { session, link } = setUp()
    link.hear({ t: 'welcome', id: 'a', recovered: false, got: 0, hint: { afterMs: 5, withinMs: 10 } })
    link.hear({ t: 'ping' }).hear({ t: 'pong' }).hear({ t: 'drain', afterMs: 1, withinMs: 2 })
    expect(link.sent.at(-1)).toEqual({ t: 'pong' })
    expect(JSON.parse(String(session.ping!()))).toEqual({ t: 'ping' })
    expect(link.hints).toEqual([
      [{ afterMs: 5, withinMs: 10 }, false],
      [{ afterMs: 1, withinMs: 2 }, true],
    ])
    expect(link.failed).toBeUndefined()
  })

  it('carries text only, and says so at once', () => {
    const { session } = setUp()
    expect(() => session.check!(new Uint8Array(1))).toThrow('a JSON session sends text, got binary data')
    expect(() => session.check!('text')).not.toThrow()
  })
})

/** Frames as they should be, frames with one thing wrong, and things that are no frames. */
const counts = fc.oneof(
  fc.nat(5),
  fc.constantFrom(-1, 0.5, 2 ** 53, Number.NaN, Infinity, null, '1', true, undefined, {}, []),
)
const texts = fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom(null, 1, {}, [], undefined))
const hints = fc.oneof(
  fc.record({ afterMs: fc.oneof(fc.nat(), counts), withinMs: fc.oneof(fc.nat(), counts) }),
  fc.constantFrom(undefined, null, 'soon', [], { withinMs: 1e12 }),
)
const frames = fc
  .record({
    t: fc.constantFrom('welcome', 'msg', 'ack', 'ping', 'pong', 'drain', 'sub', 'later', '', '__proto__', null, 7),
    id: fc.oneof(fc.constantFrom('a', 'b'), texts),
    recovered: fc.constantFrom(true, false, 1, null, 'true', undefined),
    got: counts,
    n: counts,
    d: texts,
    hint: hints,
    afterMs: counts,
    withinMs: counts,
  })
  .map((frame) => JSON.stringify(frame))
const garbage = fc.oneof(
  { weight: 6, arbitrary: frames },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: frames.map((text) => text.slice(0, -1)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(new ArrayBuffer(3), new Blob(['{}']), '', '{', 'null', '[]', '{}', '"ping"'),
  },
)

describe('whatever comes', () => {
  it('is read as a frame with all its members right, or as none', () => {
    const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
    const run = (text: unknown) => {
      const frame = readFrame(text)
      if (frame === undefined) return
      const said = JSON.parse(text as string)
      if (frame.t === 'other') expect(['welcome', 'msg', 'ack', 'ping', 'drain']).not.toContain(said.t)
      else expect(frame.t).toBe(said.t)
      if (frame.t === 'msg') expect([isCount(frame.n) && frame.n > 0, typeof frame.d]).toEqual([true, 'string'])
      if (frame.t === 'ack') expect(isCount(frame.n)).toBe(true)
      if (frame.t === 'welcome') {
        expect([typeof frame.id, typeof frame.recovered, isCount(frame.got)]).toEqual(['string', 'boolean', true])
      }
      const hint = frame.t === 'drain' || frame.t === 'welcome' ? frame.hint : undefined
      for (const ms of hint ? [hint.afterMs, hint.withinMs] : []) expect(ms >= 0 && ms <= 3_600_000).toBe(true)
      if (frame.t === 'drain') expect(hint).toBeDefined()
    }
    fc.assert(fc.property(garbage, run), { numRuns: 5_000 })
  })

  it('of what is no frame, reads nothing', () => {
    for (const text of ['', '{', 'null', '1', '"ping"', '[]', '{}', '{"t":7}', new ArrayBuffer(2), undefined]) {
      expect(readFrame(text)).toBeUndefined()
    }
    expect(readFrame('{"t":"of a later version"}')).toEqual({ t: 'other' })
  })

  it('throws nothing, delivers only the next message of a welcomed connection, and breaks no count', () => {
    const run = (heard: readonly unknown[][]) => {
      const { session, link, send } = setUp({ maxUnacknowledged: 5 })
      let on: Link | undefined = link
      for (const connection of heard) {
        on ??= new Link(session)
        const hello = on.sent[0]!
        let next = Number(hello.got) + 1
        let welcomed = false
        for (const data of connection) {
          if (on.failed !== undefined) break
          const frame = readFrame(data)
          const before = on.delivered.length
          session.received(data as string, on)
          const failed: boolean = on.failed !== undefined
          if (frame === undefined) expect(failed).toBe(true)
          if (frame?.t === 'welcome' && !failed) {
            welcomed = true
            if (!on.recovered) next = 1
          }
          const isNext = welcomed && frame?.t === 'msg' && frame.n === next
          expect(on.delivered.length - before).toBe(isNext ? 1 : 0)
          if (isNext) next++
          if (welcomed && !failed) send('x', on)
          expect(session.unacknowledged).toBeGreaterThanOrEqual(0)
          expect(session.unacknowledged).toBeLessThanOrEqual(5)
        }
        if (on.failed === undefined) on.lose()
        on = undefined
      }
    }
    const connection = fc.tuple(
      fc.oneof(frames, fc.constant('{"t":"welcome","id":"a","recovered":true,"got":0}')),
      fc.array(garbage, { maxLength: 12 }),
    )
    const connections = fc.array(
      connection.map(([first, rest]) => [first, ...rest]),
      { maxLength: 5 },
    )
    fc.assert(fc.property(connections, run), { numRuns: 2_000 })
  })
})

/** The other side in the plainest way: the rules of `examples/json-session.md`, over connections that lose and delay. */
class Server {
  readonly got: string[] = []
  sent = 0
  id = 0
  known = false
  /** The connection that counts. */
  connection: Wire | undefined

  hear(frame: Sent, wire: Wire): void {
    if (frame.t === 'hello') {
      const recovered = this.known && frame.id === `s${this.id}`
      if (!recovered) this.id++
      this.known = true
      this.connection = wire
      wire.say({ t: 'welcome', id: `s${this.id}`, recovered, got: this.got.length })
      for (let n = Number(frame.got) + 1; n <= this.sent; n++) wire.say({ t: 'msg', n, d: `m${n}` })
      return
    }
    if (this.connection !== wire || frame.t !== 'msg' || Number(frame.n) <= this.got.length) return
    expect(frame.n).toBe(this.got.length + 1)
    this.got.push(String(frame.d))
  }

  send(): void {
    const n = ++this.sent
    this.connection?.say({ t: 'msg', n, d: `m${n}` })
  }
}

/** Both directions of one connection; what is under way arrives when the test says so, or never. */
class Wire {
  readonly link: Link
  readonly #server: Server
  readonly #up: Sent[] = []
  readonly #down: Sent[] = []
  gone = false

  constructor(session: JsonSession, server: Server, all: unknown[]) {
    this.#server = server
    this.link = new Link(session)
    this.link.deliver = (data) => all.push(data)
    this.#up.push(...this.link.sent)
    this.link.onSend = (frame) => this.#up.push(frame)
  }

  say(frame: Sent): void {
    this.#down.push(frame)
  }

  carry(up: number, down: number): void {
    for (const frame of this.#up.splice(0, up)) this.#server.hear(frame, this)
    for (const frame of this.#down.splice(0, down)) this.link.hear(frame)
  }

  cut(): void {
    this.gone = true
    if (this.#server.connection === this) this.#server.connection = undefined
    this.link.lose()
  }
}

describe('over connections that are lost, delayed and replaced', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant('send' as const) },
    { weight: 4, arbitrary: fc.constant('answer' as const) },
    { weight: 1, arbitrary: fc.constant('cut' as const) },
    { weight: 1, arbitrary: fc.constant('rotate' as const) },
    { weight: 1, arbitrary: fc.constant('acknowledge' as const) },
    { weight: 6, arbitrary: fc.tuple(fc.nat(1), fc.nat(6), fc.nat(6)) },
  )

  it('every message arrives once and in order, both ways', () => {
    let resent = 0
    const run = (steps: (string | [which: number, up: number, down: number])[]) => {
      const session = jsonSession({ acknowledgeCount: 3, maxUnacknowledged: 50 })
      const server = new Server()
      const received: unknown[] = []
      const receipts: string[] = []
      let wires: Wire[] = []
      let live: Wire | undefined
      let sent = 0
      const use = (wire: Wire) => {
        wire.link.ready = () => {
          const before = live
          live = wire
          // As a socket does: the old one is closed, and what is still under way on it may come.
          if (before) wires = wires.filter((old) => old === wire || old === before)
        }
        wires.push(wire)
      }
      use(new Wire(session, server, received))
      wires[0]!.carry(1, 1)
      for (const taken of [...steps, ...(['last'] as const)]) {
        const rotates = taken === 'rotate' && live !== undefined && wires.at(-1) === live
        if (wires.length === 0 || rotates) use(new Wire(session, server, received))
        if (taken === 'send' && live) {
          const text = `c${sent + 1}`
          const frame = session.frame!(text, () => receipts.push(text))
          if (frame !== undefined) sent++
          if (frame !== undefined) live.link.send(frame)
        } else if (taken === 'answer') server.send()
        else if (taken === 'acknowledge') server.connection?.say({ t: 'ack', n: server.got.length })
        else if (taken === 'cut') {
          for (const wire of wires) wire.cut()
          wires = []
          live = undefined
        } else if (typeof taken === 'object') wires[taken[0] % wires.length]?.carry(taken[1], taken[2])
        // Nobody is told that the server has it before it has.
        expect(server.got.slice(0, receipts.length)).toEqual(receipts)
        expect(wires.every(({ link }) => link.failed === undefined)).toBe(true)
      }
      resent += session.unacknowledged
      for (const wire of wires) wire.cut()
      const last = new Wire(session, server, received)
      last.carry(1, Infinity)
      last.carry(Infinity, 0)
      server.connection?.say({ t: 'ack', n: server.got.length })
      last.carry(0, Infinity)
      expect(server.got).toEqual(Array.from({ length: sent }, (_, at) => `c${at + 1}`))
      expect(received).toEqual(Array.from({ length: server.sent }, (_, at) => `m${at + 1}`))
      expect(receipts).toEqual(server.got)
      expect(server.id).toBe(1)
    }
    fc.assert(fc.property(fc.array(step, { maxLength: 80, size: 'max' }), run), { numRuns: 2_000 })
    expect(resent).toBeGreaterThan(1_000)
  })
})
