import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { SessionServer, type SessionServerOptions } from '../../examples/json-session-server.ts'
import { readJournal } from '../../examples/json-session-store.ts'
import { jsonSession, ReliableSocket, type SocketOptions } from '../../src/socket/index.ts'
import type { JsonSessionOptions } from '../../src/socket/json-session-options.ts'
import { openTransport as webTransport } from '../../src/socket/transport.web.ts'

const soon = { firstWindowMs: 30, maxWindowMs: 100, provenMs: 0 }

function journalFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-session-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'journal')
}

async function startServer(options: Partial<SessionServerOptions> = {}) {
  const server = new SessionServer({ journal: journalFile(), acceptPerSecond: 1e6, ...options })
  let drained: Promise<void> | undefined
  const drain = (how?: Parameters<SessionServer['drain']>[0]) => {
    drained ??= server.drain(how)
    return drained
  }
  onTestFinished(() => drain())
  const port = await server.listening()
  return { server, port, url: `ws://127.0.0.1:${port}/`, drain }
}

/** A server that says what a test wants it to. */
async function startRaw(hear: (frame: Record<string, unknown>, connection: WebSocket, which: number) => void) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  let which = 0
  server.on('connection', (connection) => {
    const mine = ++which
    connection.on('message', (data) => hear(JSON.parse(String(data)), connection, mine))
  })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const connection of server.clients) connection.terminate()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const say = (connection: WebSocket, frame: object) => connection.send(JSON.stringify(frame))

function connect(url: string, session: Partial<JsonSessionOptions> = {}, options: Partial<SocketOptions> = {}) {
  const json = jsonSession({ acknowledgeMs: 5, ...session })
  const socket = new ReliableSocket(url, [], { session: json, ...soon, ...options })
  onTestFinished(() => socket.close())
  const received: string[] = []
  const told: string[] = []
  socket.onmessage = ({ data }) => received.push(data)
  socket.onopen = ({ recovered }) => told.push(recovered ? 'recovered' : 'open')
  socket.onclose = ({ code, willReconnect }) => told.push(`close ${code}${willReconnect ? '' : ' for good'}`)
  socket.onoverflow = ({ count }) => told.push(`overflow ${count}`)
  const opened = new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  return { socket, session: json, received, told, opened }
}

const numbers = (letter: string, count: number) => Array.from({ length: count }, (_, at) => `${letter}${at + 1}`)

/** Numbered messages, both ways and without a pause, until it is stopped; then everything has arrived, or never will. */
function traffic(server: SessionServer, socket: ReliableSocket, received: readonly string[]) {
  let up = 0
  let down = 0
  const receipts: Promise<void>[] = []
  const timer = setInterval(() => {
    for (const session of server.sessions.values()) server.send(session, `s${++down}`)
    socket.send(`c${++up}`)
    receipts.push(socket.deliver(`c${++up}`))
  }, 1)
  return async (got: readonly string[]) => {
    clearInterval(timer)
    await Promise.all(receipts)
    await vi.waitFor(() => expect(received.length).toBeGreaterThanOrEqual(down), { timeout: 5_000 })
    await wait(50)
    expect(received).toEqual(numbers('s', down))
    expect(got).toEqual(numbers('c', up))
    return { up, down }
  }
}

/** How many fall into each tenth of a second from the first on. */
function perTenth(moments: readonly number[]): number[] {
  const first = Math.min(...moments)
  const counts: number[] = []
  for (const moment of moments) {
    const tenth = Math.floor((moment - first) / 100)
    counts[tenth] = (counts[tenth] ?? 0) + 1
  }
  return Array.from(counts, (count) => count ?? 0)
}

describe('a JSON session over a real server', () => {
  it('loses and doubles nothing in 100 rotations under load, and the old connection serves until the new one does', async () => {
    const got: string[] = []
    const { server, url } = await startServer({ onMessage: (_, text) => got.push(text) })
    const { socket, received, told, opened } = connect(url)
    await opened
    const finish = traffic(server, socket, received)
    for (let rotation = 0; rotation < 100; rotation++) {
      expect(await socket.rotate()).toBe(true)
      expect(socket.readyState).toBe(socket.OPEN)
      if (rotation % 10 === 0) await wait(5)
    }
    const { up, down } = await finish(got)
    expect(Math.min(up, down)).toBeGreaterThan(100)
    expect(told).toEqual(['open'])
    expect(server.sessions.size).toBe(1)
  })

  it('uses the old connection until the new one is welcomed, and closes it then', async () => {
    const steps: string[] = []
    let welcome = () => {}
    const url = await startRaw(({ t, d }, connection, which) => {
      if (t === 'hello') {
        welcome = () => say(connection, { t: 'welcome', id: 'a', recovered: which > 1, got: which - 1 })
        if (which === 1) welcome()
        connection.on('close', (code) => steps.push(`${which} closed ${code}`))
      }
      if (t === 'hello' || t === 'msg') steps.push(`${which} ${d ?? t}`)
    })
    const { socket, told, received, opened } = connect(url)
    await opened
    socket.send('c1')
    const rotated = socket.rotate()
    await vi.waitFor(() => expect(steps).toContain('2 hello'))
    socket.send('c2')
    await vi.waitFor(() => expect(steps).toContain('1 c2'))
    expect(socket.state).toBe('rotating')
    welcome()
    expect(await rotated).toBe(true)
    await vi.waitFor(() => expect(steps).toContain('1 closed 1000'))
    // The server has c1 and not c2: that goes again, over the new one.
    expect(steps.filter((step) => step !== '1 closed 1000')).toEqual(['1 hello', '1 c1', '2 hello', '1 c2', '2 c2'])
    expect(told).toEqual(['open'])
    expect(received).toEqual([])
  })

  it('loses and doubles nothing when it is told to reconnect under load', async () => {
    const got: string[] = []
    const { server, url } = await startServer({ onMessage: (_, text) => got.push(text) })
    const { socket, received, told, opened } = connect(url)
    await opened
    const finish = traffic(server, socket, received)
    for (let again = 0; again < 10; again++) {
      const reopened = new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
      socket.reconnect()
      await reopened
      await wait(10)
    }
    await finish(got)
    expect(told).toEqual(['open', ...Array(10).fill(['close 1000', 'recovered']).flat()])
  })

  it('hears after a close what came too late for it, if it is told to reconnect', async () => {
    const { server, url } = await startServer()
    const { socket, session, told, received, opened } = connect(url)
    await opened
    const known = server.sessions.get(session.id!)!
    server.send(known, 's1')
    await vi.waitFor(() => expect(received).toEqual(['s1']))
    socket.close()
    for (const text of ['s2', 's3']) server.send(known, text)
    await vi.waitFor(() => expect(told).toContain('close 1005 for good'))
    expect(received).toEqual(['s1'])
    socket.reconnect()
    await vi.waitFor(() => expect(received).toEqual(['s1', 's2', 's3']))
    expect(told.at(-1)).toBe('recovered')
  })

  it.each<[what: string, wrong: (connection: WebSocket) => void]>([
    ['a message is missing', (connection) => say(connection, { t: 'msg', n: 9, d: 's9' })],
    ['comes what is no frame', (connection) => connection.send('}{')],
    ['comes binary data', (connection) => connection.send(Buffer.from([1, 2, 3]))],
    ['is acknowledged what was never sent', (connection) => say(connection, { t: 'ack', n: 99 })],
  ])('gives the connection up when there %s, and takes nothing from it any more', async (_, wrong) => {
    const hellos: unknown[] = []
    const url = await startRaw(({ t, id, got }, connection, which) => {
      if (t !== 'hello') return
      hellos.push([id, got])
      say(connection, { t: 'welcome', id: 'a', recovered: which > 1, got: 0 })
      for (let n = Number(got) + 1; n <= 2; n++) say(connection, { t: 'msg', n, d: `s${n}` })
      if (which > 1) return
      wrong(connection)
      // Right again, and too late: the client has turned away, and must not count what it does not deliver.
      say(connection, { t: 'msg', n: 3, d: 'too late' })
    })
    const { told, received } = connect(url)
    await vi.waitFor(() => expect(told).toHaveLength(3))
    expect(told).toEqual(['open', 'close 4490', 'recovered'])
    expect(hellos).toEqual([
      [null, 0],
      ['a', 2],
    ])
    expect(received).toEqual(['s1', 's2'])
  })

  it('sends again to a server that has forgotten it what was not acknowledged, and subscribes again', async () => {
    const first = await startServer()
    const { socket, session, told, opened } = connect(first.url, { subscribePerSecond: 1_000 })
    await opened
    for (const key of ['a', 'b', 'c']) session.subscribe(key, `${key}!`)
    session.unsubscribe('b')
    await socket.deliver('before')
    await first.drain()
    const receipts = [socket.deliver('meanwhile'), socket.deliver('and more')]
    const journal = journalFile()
    const { server } = await startServer({ port: first.port, journal })
    await Promise.all(receipts)
    expect(told.filter((what) => what !== 'close 1006')).toEqual(['open', 'close 1012', 'open'])
    const [known] = server.sessions.values()
    await vi.waitFor(() =>
      expect(known?.subscriptions).toEqual(
        new Map([
          ['a', 'a!'],
          ['c', 'c!'],
        ]),
      ),
    )
    const messages = readJournal(journal).filter(([what]) => what === 'msg')
    expect(messages.map(([, , n, text]) => [n, text])).toEqual([
      [1, 'meanwhile'],
      [2, 'and more'],
    ])
  })

  it('has a receipt when the server acknowledges and not before, and keeps back what may not be on its way', async () => {
    const heard: unknown[] = []
    let acknowledge = (_n: number) => {}
    const url = await startRaw(({ t, n, d }, connection) => {
      if (t === 'hello') say(connection, { t: 'welcome', id: 'a', recovered: false, got: 0 })
      if (t === 'msg') heard.push([n, d])
      acknowledge = (n) => say(connection, { t: 'ack', n })
    })
    const { socket, session, opened } = connect(url, { maxUnacknowledged: 2 })
    await opened
    const receipts: number[] = []
    for (const n of [1, 2, 3, 4, 5]) void socket.deliver(`c${n}`).then(() => receipts.push(n))
    await wait(50)
    expect(heard).toEqual([
      [1, 'c1'],
      [2, 'c2'],
    ])
    expect(receipts).toEqual([])
    expect(socket.health().queued.count).toBe(3)
    expect(session.unacknowledged).toBe(2)
    acknowledge(1)
    await vi.waitFor(() => expect(heard).toHaveLength(3))
    expect(receipts).toEqual([1])
    acknowledge(3)
    await vi.waitFor(() => expect(heard).toHaveLength(5))
    acknowledge(5)
    await vi.waitFor(() => expect(receipts).toEqual([1, 2, 3, 4, 5]))
    expect(session.unacknowledged).toBe(0)
    expect(socket.health().queued).toEqual({ count: 0, bytes: 0 })
  })

  it('tells a silent server from a quiet one where the platform has no ping', async () => {
    let pings = 0
    const url = await startRaw(({ t }, connection, which) => {
      if (t === 'hello') say(connection, { t: 'welcome', id: 'a', recovered: which > 1, got: 0 })
      if (t !== 'ping') return
      pings++
      if (which > 1) say(connection, { t: 'pong' })
    })
    const heartbeat = { intervalMs: 40, timeoutMs: 150 }
    const { told, received } = connect(url, {}, { transport: webTransport, heartbeat })
    await vi.waitFor(() => expect(told).toEqual(['open', 'close 1006', 'recovered']), { timeout: 5_000 })
    await vi.waitFor(() => expect(pings).toBeGreaterThan(4), { timeout: 5_000 })
    expect(told).toHaveLength(3)
    expect(received).toEqual([])
  })

  it('is drained with 1,000 others: they come back evenly, and nobody loses a message', async () => {
    const fleet = 1_000
    const withinMs = 2_000
    const journal = journalFile()
    const acceptPerSecond = (1.1 * fleet * 1_000) / withinMs
    const first = await startServer({ journal, acceptPerSecond })
    const dials: number[] = []
    const delays: number[] = []
    let draining = false
    const clients = Array.from({ length: fleet }, () => {
      const asked = () => {
        if (draining) dials.push(performance.now())
        return first.url
      }
      const session = jsonSession()
      const socket = new ReliableSocket(asked, [], { session })
      const received: string[] = []
      const told: string[] = []
      socket.onmessage = ({ data }) => received.push(data)
      socket.onopen = ({ recovered }) => told.push(recovered ? 'recovered' : 'open')
      socket.onclose = ({ code }) => told.push(`close ${code}`)
      socket.onreconnecting = ({ delayMs }) => delays.push(delayMs)
      return { socket, session, received, told }
    })
    onTestFinished(() => Promise.all(clients.map(({ socket }) => socket[Symbol.asyncDispose]())).then(() => {}))
    await vi.waitFor(() => expect(clients.every(({ told }) => told.length > 0)).toBe(true), { timeout: 20_000 })
    const receipts = clients.flatMap(({ socket }) => [socket.deliver('c1'), socket.deliver('c2')])
    for (const session of first.server.sessions.values())
      for (const text of ['s1', 's2']) first.server.send(session, text)
    draining = true
    // Time to start the next one: whoever comes before that is refused, and waits again.
    const drained = first.drain({ afterMs: 1_000 })
    receipts.push(...clients.map(({ socket }) => socket.deliver('c3')))
    await drained
    const { server } = await startServer({ journal, port: first.port, acceptPerSecond })
    for (const session of server.sessions.values()) server.send(session, 's3')
    await Promise.all(receipts)
    await vi.waitFor(() => expect(clients.every(({ received }) => received.length > 2)).toBe(true), { timeout: 5_000 })
    for (const { received, told } of clients) {
      expect(received).toEqual(['s1', 's2', 's3'])
      expect(told).toEqual(['open', 'close 1012', 'recovered'])
    }
    const got = new Map<string, unknown[]>()
    for (const [what, id, , text] of readJournal(journal))
      if (what === 'msg') got.set(id, [...(got.get(id) ?? []), text])
    expect([...got.values()]).toEqual(Array(fleet).fill(['c1', 'c2', 'c3']))
    expect(dials).toHaveLength(fleet)
    // What was drawn, and what came of it: a machine that does other things as well is late now and then.
    const planned = perTenth(delays)
    expect(planned).toHaveLength(20)
    expect(Math.max(...planned)).toBeLessThan(1.7 * (fleet / 20))
    expect(Math.min(...planned)).toBeGreaterThan(0.3 * (fleet / 20))
    expect(Math.max(...perTenth(dials))).toBeLessThan(3 * (fleet / 20))
  })
})
