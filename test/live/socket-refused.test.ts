import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cause, ReliableSocket, type SocketCloseEvent } from '../../src/socket/index.ts'
import { openTransport as nodeTransport } from '../../src/socket/transport.node.ts'
import { openTransport as webTransport } from '../../src/socket/transport.web.ts'
import { acceptance } from '../socket/conformance/server.ts'
import { type HostileServer, startUpgradeServer, type Watch, watch } from '../support/hostile-server.ts'
import { eventually } from '../support/recorder.ts'

let watched: Watch
let server: HostileServer
/** What the next upgrades are answered; without an answer they are accepted. */
let answers: ((socket: Socket) => unknown)[]
const made: ReliableSocket[] = []

beforeEach(async () => {
  watched = watch()
  answers = []
  server = await startUpgradeServer((request, socket) => {
    const answer = answers.shift()
    if (answer) answer(socket)
    else socket.write(acceptance(request))
    // A peer that is let go of leaves too.
    socket.on('end', () => socket.end())
  })
})
afterEach(async () => {
  watched.stop()
  for (const socket of made.splice(0)) socket.close()
  await server.close()
})

/** The least that chance can say: what is left of a wait is its floor. */
const floorOnly = () => {
  watched.stop()
  watched = watch(0)
}

const refusal = (status: number, headers: readonly string[] = [], body = '') =>
  [`HTTP/1.1 ${status} No`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n')

const make = (options: ConstructorParameters<typeof ReliableSocket>[2] = {}) => {
  const { runtime, environment, signal } = watched
  const socket = new ReliableSocket(server.origin, [], {
    transport: nodeTransport,
    runtime,
    environment,
    signal,
    ...options,
  })
  made.push(socket)
  const heard: string[] = []
  for (const type of ['open', 'error', 'close', 'reconnecting']) socket.addEventListener(type, () => heard.push(type))
  return { socket, heard }
}

const closed = (socket: ReliableSocket) =>
  new Promise<SocketCloseEvent>((resolve) => socket.addEventListener('close', resolve, { once: true }))
const waits = (socket: ReliableSocket) =>
  new Promise<number>((resolve) => socket.addEventListener('reconnecting', ({ delayMs }) => resolve(delayMs)))

/** Nothing is open on either side, although the server kept its own open. */
async function nothingOpen(): Promise<void> {
  await eventually(() => expect(server.open.size).toBe(0))
  expect(watched.dialed.every(({ destroyed }) => destroyed)).toBe(true)
}

async function over(socket: ReliableSocket): Promise<void> {
  await socket[Symbol.asyncDispose]()
  await watched.nothingLeft()
}

describe('an upgrade that is refused, on ws', () => {
  const inMs = (ms: number) => new Date(Date.now() + ms).toUTCString()
  const rows: [number, Cause, boolean][] = [
    [200, 'fatal', false],
    [301, 'fatal', false],
    [400, 'fatal', false],
    [401, 'auth', true],
    [403, 'fatal', false],
    [404, 'fatal', false],
    [408, 'refused', true],
    [425, 'refused', true],
    [429, 'overload', true],
    [500, 'refused', true],
    [501, 'refused', true],
    [502, 'refused', true],
    [503, 'overload', true],
    [504, 'refused', true],
  ]

  describe.each(rows)('with %i', (status, cause, willReconnect) => {
    const expected = { code: 1006, reason: '', wasClean: false, status, cause, willReconnect }
    const heardThen = willReconnect ? ['error', 'close', 'reconnecting'] : ['error', 'close']

    it('tells the status, and ends the request', async () => {
      answers.push((socket) => socket.write(refusal(status, ['Location: /elsewhere'])))
      const { socket, heard } = make()
      expect(await closed(socket)).toMatchObject(expected)
      await nothingOpen()
      expect(heard).toEqual(heardThen)
      expect(socket.state).toBe(willReconnect ? 'waiting' : 'closed')
      expect(server.seen()).toBe(1)
      await over(socket)
    })

    it('waits at least as long as it says in seconds', async () => {
      floorOnly()
      answers.push((socket) => socket.write(refusal(status, ['Retry-After: 17'])))
      const { socket } = make()
      const delay = waits(socket)
      expect(await closed(socket)).toMatchObject(expected)
      if (willReconnect) expect(await delay).toBe(17_000)
      await nothingOpen()
      await over(socket)
    })

    it('waits at least until the date that it says, by its own clock', async () => {
      floorOnly()
      // Its clock is an hour behind; seconds are all that a date has.
      const headers = [`Date: ${inMs(-3_600_000)}`, `Retry-After: ${inMs(-3_600_000 + 40_000)}`]
      answers.push((socket) => socket.write(refusal(status, headers)))
      const { socket } = make()
      const delay = waits(socket)
      expect(await closed(socket)).toMatchObject(expected)
      if (willReconnect) expect(Math.abs((await delay) - 40_000)).toBeLessThanOrEqual(1_000)
      await nothingOpen()
      await over(socket)
    })

    it('is let go of in the middle of a body that never ends', async () => {
      const timers: NodeJS.Timeout[] = []
      answers.push((socket) => {
        socket.write(`HTTP/1.1 ${status} No\r\nTransfer-Encoding: chunked\r\n\r\n`)
        timers.push(setInterval(() => socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`), 1))
      })
      try {
        const { socket } = make()
        expect(await closed(socket)).toMatchObject(expected)
        await nothingOpen()
        for (const timer of timers) clearInterval(timer)
        await over(socket)
      } finally {
        for (const timer of timers) clearInterval(timer)
      }
    })
  })

  it.each(['soon', '-5', '1e3', '99999999999999999999', 'Thu, 99 Foo 2099 00:00:00 GMT'])(
    'takes a Retry-After of %s for what it is worth',
    async (value) => {
      answers.push((socket) => socket.write(refusal(503, [`Retry-After: ${value}`])))
      const { socket } = make({ firstWindowMs: 1_000 })
      const delay = await waits(socket)
      expect(Number.isFinite(delay)).toBe(true)
      expect(delay).toBeGreaterThanOrEqual(0)
      await over(socket)
    },
  )

  it('with a word for all holds back the next socket of this process as well', async () => {
    answers.push((socket) => socket.write(refusal(503, ['Retry-After: 60'])))
    const first = make()
    await closed(first.socket)
    const second = make()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(server.seen()).toBe(1)
    expect(second.heard).not.toContain('open')
    expect(second.socket.readyState).toBe(0)
    await first.socket[Symbol.asyncDispose]()
    await over(second.socket)
  })

  it('is over with { reconnect: false }, whatever it says', async () => {
    for (const [status, cause] of rows) {
      answers.push((socket) => socket.write(refusal(status)))
      const { socket, heard } = make({ reconnect: false, runtime: { ...watched.runtime } })
      expect(await closed(socket)).toMatchObject({ status, cause, code: 1006, willReconnect: false })
      expect(heard).toEqual(['error', 'close'])
    }
    await nothingOpen()
    await watched.nothingLeft()
  })

  it('401 twice without a token is final', async () => {
    const refuse = (socket: Socket) => socket.write(refusal(401))
    answers.push(refuse, refuse)
    const { socket } = make({ firstWindowMs: 0 })
    expect(await closed(socket)).toMatchObject({ status: 401, willReconnect: true })
    expect(await closed(socket)).toMatchObject({ status: 401, willReconnect: false })
    await nothingOpen()
    await watched.nothingLeft()
  })

  it('a hundred times leaves nothing open', async () => {
    const refuse = (socket: Socket) => socket.write(refusal(500, [], 'an answer with a body'))
    answers.push(...Array.from({ length: 100 }, () => refuse))
    const { socket } = make({ firstWindowMs: 0, maxWindowMs: 0 })
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    expect(server.seen()).toBe(101)
    await eventually(() => expect(server.open.size).toBe(1))
    expect(watched.dialed.filter(({ destroyed }) => !destroyed)).toHaveLength(1)
    for (const open of server.open) open.destroy()
    await over(socket)
  })
})

describe("an upgrade that is refused, on Node's own class", () => {
  it.each([301, 400, 401, 403, 404, 429, 500, 503])('with %i is one like any other', async (status) => {
    const refuse = (socket: Socket) => socket.end(refusal(status, ['Retry-After: 17']))
    answers.push(refuse)
    // Node's class asks once more after a 401, all by itself.
    if (status === 401) answers.push(refuse)
    const { socket, heard } = make({ transport: webTransport })
    const event = await closed(socket)
    expect(event).toMatchObject({ code: 1006, cause: 'refused', willReconnect: true })
    expect(event.status).toBeUndefined()
    await nothingOpen()
    expect(heard).toEqual(['error', 'close', 'reconnecting'])
    await over(socket)
  })
})
