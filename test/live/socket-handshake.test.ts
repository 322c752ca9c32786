import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type OpenTransport,
  ReliableSocket,
  type SocketCloseEvent,
  type SocketOptions,
} from '../../src/socket/index.ts'
import { openTransport as nodeTransport } from '../../src/socket/transport.node.ts'
import { openTransport as webTransport } from '../../src/socket/transport.web.ts'
import { acceptance } from '../socket/conformance/server.ts'
import { type HostileServer, startTcpServer, startUpgradeServer, type Watch, watch } from '../support/hostile-server.ts'

let watched: Watch
const servers: HostileServer[] = []
beforeEach(() => {
  watched = watch()
})
afterEach(async () => {
  watched.stop()
  for (const server of servers.splice(0)) await server.close()
})

const serving = async (started: Promise<HostileServer>): Promise<HostileServer> => {
  const server = await started
  servers.push(server)
  return server
}

/** How a first dial ended: the event, the state after it, and how long it took in ms. */
async function firstEnd(
  url: string | (() => Promise<string>),
  transport: OpenTransport,
  options: Partial<SocketOptions>,
) {
  const { runtime, environment, signal } = watched
  const socket = new ReliableSocket(url, options.reconnect === undefined ? ['chat'] : [], {
    transport,
    runtime,
    environment,
    signal,
    firstWindowMs: 60_000,
    ...options,
  })
  const heard: string[] = []
  for (const type of ['open', 'error', 'close']) socket.addEventListener(type, ({ type }) => heard.push(type))
  const startedAt = performance.now()
  const event = await new Promise<SocketCloseEvent>((resolve) => socket.addEventListener('close', resolve))
  const tookMs = performance.now() - startedAt
  return { socket, event, heard, tookMs }
}

/** Ends it, and holds that nothing is left of it. */
async function over(socket: ReliableSocket): Promise<void> {
  await socket[Symbol.asyncDispose]()
  expect(socket.state).toBe('closed')
  await watched.nothingLeft()
}

const transports: [string, OpenTransport][] = [
  ['ws', nodeTransport],
  ["Node's own class", webTransport],
]

describe.each(transports)('a handshake that never ends, on %s, is cut by the patience', (_name, transport) => {
  const cut = async (url: string | (() => Promise<string>), bytes?: () => number) => {
    const { socket, event, heard, tookMs } = await firstEnd(url, transport, { patienceMs: 400 })
    expect(event).toMatchObject({ code: 1006, cause: 'timeout', wasClean: false, willReconnect: true })
    expect(heard).toEqual(['error', 'close'])
    expect(socket.state).toBe('waiting')
    expect(tookMs).toBeGreaterThan(395)
    expect(tookMs).toBeLessThan(900)
    // The connection is let go of at once, and not when the socket is closed.
    await expect.poll(() => watched.dialed.every(({ destroyed }) => destroyed)).toBe(true)
    const before = bytes?.()
    await over(socket)
    if (bytes) expect(bytes()).toBeLessThanOrEqual((before ?? 0) + 1)
  }

  it('one byte every 100 ms', async () => {
    let sent = 0
    const { origin } = await serving(
      startUpgradeServer((request, socket) => {
        const answer = acceptance(request)
        const timer = setInterval(() => socket.write(answer.charAt(sent++)), 100)
        socket.on('close', () => clearInterval(timer))
      }),
    )
    await cut(origin, () => sent)
    expect(sent).toBeGreaterThanOrEqual(2)
  })

  it('TCP that is accepted, and then nothing', async () => {
    const { origin } = await serving(startTcpServer(() => {}))
    await cut(origin)
  })

  it('headers without an end', async () => {
    const { origin } = await serving(
      startTcpServer((socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\n')
        const timer = setInterval(() => socket.write('x-more: of this\r\n'), 20)
        socket.on('close', () => clearInterval(timer))
      }),
    )
    await cut(origin)
  })

  it('a url provider that hangs', async () => {
    await cut(() => new Promise<string>(() => {}))
    // Node's fetch opens another connection after one that it had to destroy: of the test before, and of no use.
    if (transport === nodeTransport) expect(watched.dialed).toHaveLength(0)
  })
})

describe.each(transports)('a handshake that fails at once, on %s', (name, transport) => {
  const refused = async (url: string) => {
    const { socket, event, heard, tookMs } = await firstEnd(url, transport, { patienceMs: 10_000 })
    expect(event).toMatchObject({ code: 1006, reason: '', cause: 'refused', wasClean: false, willReconnect: true })
    expect(heard).toEqual(['error', 'close'])
    expect(socket.state).toBe('waiting')
    expect(tookMs).toBeLessThan(2_000)
    await over(socket)
  }

  const raw: [string, (socket: Socket) => unknown][] = [
    ['the server ends TCP at once', (socket) => socket.end()],
    ['the server resets TCP at once', (socket) => socket.resetAndDestroy()],
    ['the server ends TCP in the middle of the headers', (socket) => socket.end('HTTP/1.1 101 Switching Pro')],
    ['the server speaks no HTTP', (socket) => socket.write('220 mail.test ESMTP ready\r\n')],
    ['the answer has no end of its first line', (socket) => socket.write(`HTTP/1.1 ${'1'.repeat(100_000)}`)],
  ]
  it.each(raw)('%s', async (_what, does) => {
    const { origin } = await serving(
      startTcpServer((socket) => {
        socket.once('data', () => does(socket))
      }),
    )
    await refused(origin)
  })

  it.each<[string, (answer: string) => string]>([
    [
      'a subprotocol that nobody offered',
      (answer) => answer.replace('\r\n\r\n', '\r\nSec-WebSocket-Protocol: other\r\n\r\n'),
    ],
    ['another key', (answer) => answer.replace(/Accept: .*/, 'Accept: c2hvcnQgYW5kIHdyb25nIG9mIGl0cyBsZW5ndGg=')],
    ['no key', (answer) => answer.replace(/Sec-WebSocket-Accept: .*\r\n/, '')],
    [
      'an extension that nobody offered',
      (answer) => answer.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: other\r\n\r\n'),
    ],
    ['an upgrade to something else', (answer) => answer.replace('Upgrade: websocket', 'Upgrade: h2c')],
  ])('101 with %s', async (_what, spoil) => {
    const { origin } = await serving(
      startUpgradeServer((request, socket) => {
        const right = acceptance(request, ['Sec-WebSocket-Protocol: chat'])
        const isDoubled = spoil('\r\n\r\n').includes('Protocol')
        socket.write(spoil(isDoubled ? acceptance(request) : right))
      }),
    )
    await refused(origin)
  })

  it('nobody listens there', async () => {
    const server = await startTcpServer(() => {})
    await server.close()
    await refused(server.origin)
  })

  it('with { reconnect: false } it is over', async () => {
    const server = await startTcpServer(() => {})
    await server.close()
    const { socket, event, heard } = await firstEnd(server.origin, transport, { reconnect: false })
    expect(event).toMatchObject({ code: 1006, willReconnect: false })
    expect(heard, name).toEqual(['error', 'close'])
    expect(socket.readyState).toBe(3)
    await watched.nothingLeft()
  })
})

describe('TCP and TLS have a patience of their own, on ws', () => {
  it('which cuts TLS that nobody answers', async () => {
    const { origin } = await serving(startTcpServer(() => {}))
    const options = { patienceMs: 20_000, transportMs: 300 }
    const { socket, event, tookMs } = await firstEnd(origin.replace('ws:', 'wss:'), nodeTransport, options)
    expect(event).toMatchObject({ code: 1006, cause: 'timeout', willReconnect: true })
    expect(tookMs).toBeGreaterThan(295)
    expect(tookMs).toBeLessThan(800)
    // The patience for the rest has learned nothing from that.
    expect(socket.health().patienceMs).toBe(15_000)
    await over(socket)
  })

  /** A server whose process is stopped: its kernel accepts as many as fit into the queue, and drops the rest. */
  const stopped = async (backlog: number): Promise<{ process: ChildProcess; port: number }> => {
    const source = `const s = require('node:net').createServer(); s.listen({ port: 0, host: '127.0.0.1', backlog: ${backlog} }, () => console.log(s.address().port))`
    const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
    child.kill('SIGSTOP')
    return { process: child, port: Number(line.toString()) }
  }

  it('which cuts TCP to a machine that drops every SYN, while the other patience cuts a stopped process', async () => {
    const { process: child, port } = await stopped(1)
    const url = `ws://127.0.0.1:${port}`
    const fillers: Socket[] = []
    try {
      const queued = await firstEnd(url, nodeTransport, { patienceMs: 300, transportMs: 10_000 })
      expect(queued.event).toMatchObject({ cause: 'timeout' })
      expect(queued.tookMs).toBeLessThan(800)
      await over(queued.socket)
      for (let index = 0; index < 8; index++) {
        const filler = createConnection(port, '127.0.0.1')
        filler.on('error', () => {})
        fillers.push(filler)
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
      watched.stop()
      watched = watch()
      const dropped = await firstEnd(url, nodeTransport, { patienceMs: 10_000, transportMs: 300 })
      expect(dropped.event).toMatchObject({ cause: 'timeout', willReconnect: true })
      expect(dropped.tookMs).toBeGreaterThan(295)
      expect(dropped.tookMs).toBeLessThan(800)
      await over(dropped.socket)
    } finally {
      for (const filler of fillers) filler.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
})
