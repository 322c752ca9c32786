import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Cause,
  type OpenTransport,
  ReliableSocket,
  type SocketCloseEvent,
  type SocketOptions,
} from '../../src/socket/index.ts'
import { openTransport as nodeTransport } from '../../src/socket/transport.node.ts'
import { openTransport as webTransport } from '../../src/socket/transport.web.ts'
import { acceptance, frame } from '../socket/conformance/server.ts'
import { type HostileServer, startProxy, startUpgradeServer, type Watch, watch } from '../support/hostile-server.ts'
import { eventually } from '../support/recorder.ts'

let watched: Watch
const servers: { close(): Promise<void> }[] = []
beforeEach(() => {
  watched = watch()
})
afterEach(async () => {
  watched.stop()
  for (const server of servers.splice(0)) await server.close()
})

/** A server that opens, and then does this. It ends TCP when it hears a close frame, unless it is `rude`. */
async function opening(does: (socket: Socket) => unknown, rude = false): Promise<HostileServer> {
  const server = await startUpgradeServer((request, socket) => {
    socket.write(acceptance(request))
    socket.on('data', (data) => {
      if (!rude && ((data[0] ?? 0) & 0x0f) === 8) socket.end()
    })
    if (!rude) socket.on('end', () => socket.end())
    does(socket)
  })
  servers.push(server)
  return server
}

function make(origin: string, options: Partial<SocketOptions> = {}): { socket: ReliableSocket; heard: string[] } {
  const { runtime, environment, signal } = watched
  const given = { transport: nodeTransport, runtime, environment, signal, firstWindowMs: 60_000, ...options }
  const socket = new ReliableSocket(origin, [], given)
  const heard: string[] = []
  for (const type of ['open', 'error', 'close']) socket.addEventListener(type, () => heard.push(type))
  return { socket, heard }
}

const opened = (socket: EventTarget) =>
  new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
const closed = (socket: ReliableSocket) =>
  new Promise<SocketCloseEvent>((resolve) => socket.addEventListener('close', resolve, { once: true }))

async function over(socket: ReliableSocket): Promise<void> {
  await socket[Symbol.asyncDispose]()
  expect(socket.state).toBe('closed')
  await watched.nothingLeft()
}

const transports: [string, OpenTransport][] = [
  ['ws', nodeTransport],
  ["Node's own class", webTransport],
]

const large = (length: number, opcode = 2) => {
  const head = Buffer.alloc(10)
  head.writeUInt8(0x80 | opcode, 0)
  head.writeUInt8(127, 1)
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}
const masked = Buffer.from([0x81, 0x81, 1, 2, 3, 4, 0x61 ^ 1])

/** What is wrong with it, the bytes, and the code that says so. */
const wrongs: [string, Buffer, number][] = [
  ['an opcode that means nothing', frame(3, 'a'), 1002],
  ['a control opcode that means nothing', frame(11, ''), 1002],
  ['a reserved bit', Buffer.from([0xc1, 1, 0x61]), 1002],
  ['a masked frame', masked, 1002],
  ['text that is no UTF-8', frame(1, new Uint8Array([0xc3, 0x28])), 1007],
  ['text that ends in the middle of a character', frame(1, new Uint8Array([0xe2, 0x82])), 1007],
  ['a continuation of nothing', frame(0, 'a'), 1002],
  ['a new message in the middle of one', Buffer.concat([frame(1, 'a', false), frame(1, 'b')]), 1002],
  ['a ping in fragments', frame(9, 'a', false), 1002],
  ['a ping of 126 bytes', Buffer.concat([Buffer.from([0x89, 126, 0, 126]), Buffer.alloc(126)]), 1002],
  ['a close frame of one byte', frame(8, new Uint8Array([3])), 1002],
  ['a close frame with 1006', frame(8, new Uint8Array([0x03, 0xee])), 1002],
  ['a close frame with 999', frame(8, new Uint8Array([0x03, 0xe7])), 1002],
  ['a close frame whose reason is no UTF-8', frame(8, new Uint8Array([0x03, 0xe8, 0xff])), 1007],
  ['a length that no number holds', Buffer.concat([Buffer.from([0x82, 127]), Buffer.alloc(8, 0x7f)]), 1009],
]

describe('a frame that is none', () => {
  it.each(wrongs)('ends the socket on ws, for good: %s', async (_what, bytes, told) => {
    const answers: number[] = []
    const server = await opening((socket) => {
      socket.on('data', (data) => answers.push(unmaskedCode(data)))
      socket.write(Buffer.concat([frame(1, 'before'), bytes, frame(1, 'after')]))
    })
    const { socket, heard } = make(server.origin)
    const texts: unknown[] = []
    socket.onmessage = ({ data }) => texts.push(data)
    const event = await closed(socket)
    expect(event).toMatchObject({ code: 1006, cause: 'fatal', wasClean: false, willReconnect: false })
    expect(texts).toEqual(['before'])
    expect(heard).toEqual(['open', 'error', 'close'])
    expect(socket.readyState).toBe(3)
    await watched.nothingLeft()
    // The server is told what it did.
    expect(answers[0]).toBe(told)
    await eventually(() => expect(server.open.size).toBe(0))
  })

  it.each(wrongs)("is a loss like any other on Node's own class, which does not tell: %s", async (what, bytes) => {
    const server = await opening((socket) => socket.write(Buffer.concat([frame(1, 'before'), bytes])))
    const { socket } = make(server.origin, { transport: webTransport })
    const event = await closed(socket)
    expect(event.wasClean, what).toBe(false)
    expect(event).toMatchObject({ cause: 'drop', willReconnect: true })
    await over(socket)
  })

  it('ends the socket within two seconds, though the server keeps TCP open', async () => {
    const server = await opening((socket) => socket.write(frame(3, 'a')), true)
    const { socket } = make(server.origin)
    const startedAt = performance.now()
    expect(await closed(socket)).toMatchObject({ cause: 'fatal', willReconnect: false })
    expect(performance.now() - startedAt).toBeLessThan(2_700)
    await watched.nothingLeft()
  })
})

/** The code in a client's close frame. */
function unmaskedCode(data: Buffer): number {
  return (((data[6] ?? 0) ^ (data[2] ?? 0)) << 8) | ((data[7] ?? 0) ^ (data[3] ?? 0))
}

describe('a message that is too large', () => {
  const mebibyte = Buffer.alloc(1_048_576, 0x61)

  it('of 100 MiB ends the socket on ws at its first bytes, for good', async () => {
    let sent = 0
    const server = await opening((socket) => {
      socket.write(large(100 * mebibyte.length))
      const more = () => {
        while (sent < 100 && !socket.destroyed) {
          sent++
          if (!socket.write(mebibyte)) return void socket.once('drain', more)
        }
      }
      more()
    })
    const before = process.memoryUsage().arrayBuffers
    const { socket } = make(server.origin)
    expect(await closed(socket)).toMatchObject({ code: 1006, cause: 'fatal', willReconnect: false })
    expect(sent).toBeLessThan(100)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * mebibyte.length)
    await watched.nothingLeft()
  })

  it('in fragments ends the socket on ws at its limit, for good', async () => {
    const piece = frame(0, mebibyte, false)
    const server = await opening((socket) => {
      socket.write(frame(2, mebibyte, false))
      for (let index = 0; index < 9; index++) socket.write(piece)
    })
    const { socket } = make(server.origin)
    expect(await closed(socket)).toMatchObject({ code: 1006, cause: 'fatal', willReconnect: false })
    await watched.nothingLeft()
  })

  it('in a million fragments ends the socket on ws', async () => {
    const pieces = Buffer.concat(Array.from({ length: 20_000 }, () => frame(0, 'a', false)))
    const server = await opening((socket) => {
      socket.write(frame(1, 'a', false))
      for (let index = 0; index < 50 && !socket.destroyed; index++) socket.write(pieces)
    })
    const { socket } = make(server.origin)
    expect(await closed(socket)).toMatchObject({ code: 1006, cause: 'fatal', willReconnect: false })
    await watched.nothingLeft()
  })

  it.each(transports)(
    'by one byte ends the socket on %s, for good, and one at the limit does not',
    async (_name, transport) => {
      const texts: number[] = []
      const server = await opening((socket) => {
        socket.write(Buffer.concat([frame(1, 'a'.repeat(1_000)), frame(1, 'a'.repeat(1_001)), frame(1, 'after')]))
      })
      const { socket, heard } = make(server.origin, { transport, maxPayload: 1_000 })
      socket.onmessage = ({ data }) => texts.push(data.length)
      expect(await closed(socket)).toMatchObject({ code: 1006, cause: 'fatal', willReconnect: false })
      expect(texts).toEqual([1_000])
      expect(heard).toEqual(['open', 'error', 'close'])
      await watched.nothingLeft()
    },
  )
})

describe('a flood of pings', () => {
  const flood = Buffer.concat(Array.from({ length: 2_000 }, () => frame(9, 'x'.repeat(125))))

  it.each(transports)(
    'that nobody reads the answers of costs no memory without bound, on %s',
    async (_name, transport) => {
      let stop = false
      const server = await opening((socket) => {
        socket.pause()
        const more = () => {
          while (!stop && !socket.destroyed) if (!socket.write(flood)) return void socket.once('drain', more)
        }
        more()
      }, true)
      const before = process.memoryUsage().arrayBuffers
      const { socket } = make(server.origin, { transport, heartbeat: { intervalMs: 20, timeoutMs: 100, message: '?' } })
      const ended = closed(socket).then(() => true)
      const isOver = await Promise.race([ended, new Promise((resolve) => setTimeout(() => resolve(false), 1_000))])
      const grown = process.memoryUsage().arrayBuffers - before
      // `ws` gives up a peer that does not take its pongs, and what comes next is a wait like after any other loss.
      if (transport === nodeTransport) expect([isOver, socket.state]).toEqual([true, 'waiting'])
      expect(grown).toBeLessThan(64 * 1_048_576)
      stop = true
      for (const peer of server.open) peer.destroy()
      await over(socket)
    },
  )

  it.each(transports)(
    'whose answers are read leaves the messages in between alone, on %s',
    async (_name, transport) => {
      // `ws` takes sixty pings in one read for a flood, so the next ones wait for the answers.
      const pings = Buffer.concat(Array.from({ length: 50 }, () => frame(9, 'x'.repeat(125))))
      const server = await opening(async (socket) => {
        let got = 0
        let wake = () => {}
        socket.on('data', ({ length }) => {
          got += length
          wake()
        })
        const moreThan = async (bytes: number) => {
          while (got <= bytes) {
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          }
        }
        // Two bytes of head, four of mask.
        for (let index = 0; index < 20; index++) {
          socket.write(Buffer.concat([pings, frame(1, String(index))]))
          await moreThan((index + 1) * 50 * 131 - 1)
        }
        // The close frame, by itself or behind the last answers.
        await moreThan(20 * 50 * 131)
        socket.end()
      })
      const { socket, heard } = make(server.origin, { transport })
      const texts: unknown[] = []
      socket.onmessage = ({ data }) => texts.push(data)
      await eventually(() => expect(texts).toHaveLength(20))
      expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => String(index)))
      expect(heard).toEqual(['open'])
      await over(socket)
    },
  )
})

describe('a black hole', () => {
  const heartbeat = { intervalMs: 100, timeoutMs: 150 }

  it.each(transports)(
    'in the middle of a stream is found by the heartbeat, and closed at once, on %s',
    async (_name, transport) => {
      const server = await opening((socket) => {
        const timer = setInterval(() => socket.write(frame(1, 'tick')), 10)
        socket.on('close', () => clearInterval(timer))
      }, true)
      const proxy = await startProxy(server.port)
      servers.unshift(proxy)
      // The platform's class has no ping, so there has to be a message.
      const beat = transport === webTransport ? { ...heartbeat, message: '?' } : heartbeat
      const { socket, heard } = make(proxy.origin, { transport, heartbeat: beat })
      await opened(socket)
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(heard).toEqual(['open'])
      const startedAt = performance.now()
      proxy.pull()
      const event = await closed(socket)
      const tookMs = performance.now() - startedAt
      expect(event).toMatchObject({ code: 1006, cause: 'drop', wasClean: false, willReconnect: true })
      // A beat is due within two intervals of the last word, and its answer within the timeout.
      expect(tookMs).toBeLessThan(2 * heartbeat.intervalMs + heartbeat.timeoutMs + 300)
      expect(socket.state).toBe('waiting')
      // `ws` lets go of the connection at once; the platform's class waits for an answer to its close frame.
      if (transport === nodeTransport) await eventually(() => expect(proxy.open.size).toBe(0))
      else for (const peer of proxy.open) peer.destroy()
      await over(socket)
    },
  )

  it('that a stopped process is, is found too; what was sent meanwhile waits for the next connection', async () => {
    const path = new URL('../../node_modules/ws/wrapper.mjs', import.meta.url).href
    const source = `import { WebSocketServer } from '${path}'
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => console.log(server.address().port))
      server.on('connection', (peer) => peer.on('message', (data) => peer.send(String(data))))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      const { socket } = make(`ws://127.0.0.1:${line.toString().trim()}`, { heartbeat, firstWindowMs: 10 })
      await opened(socket)
      child.kill('SIGSTOP')
      const startedAt = performance.now()
      expect(await closed(socket)).toMatchObject({ code: 1006, cause: 'drop', willReconnect: true })
      expect(performance.now() - startedAt).toBeLessThan(1_000)
      socket.send('kept')
      expect(socket.bufferedAmount).toBe(4)
      child.kill('SIGCONT')
      const text = await new Promise((resolve) => {
        socket.onmessage = ({ data }) => resolve(data)
      })
      expect(text).toBe('kept')
      await over(socket)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })

  it.each(transports)('does not keep close() waiting for longer than five seconds, on %s', async (_name, transport) => {
    const server = await opening(() => {}, true)
    const { socket } = make(server.origin, { transport })
    await opened(socket)
    const startedAt = performance.now()
    socket.close(4000, 'bye')
    expect(socket.readyState).toBe(2)
    const event = await closed(socket)
    expect(event).toMatchObject({ code: 1006, wasClean: false, willReconnect: false })
    expect(performance.now() - startedAt).toBeLessThan(5_500)
    expect(socket.readyState).toBe(3)
    for (const peer of server.open) peer.destroy()
    await watched.nothingLeft()
  })
})

describe('a close frame of a real server', () => {
  const rows: [number, Cause, boolean][] = [
    [1000, 'drop', true],
    [1001, 'drop', true],
    [1002, 'fatal', false],
    [1003, 'fatal', false],
    [1007, 'fatal', false],
    [1008, 'fatal', false],
    [1009, 'fatal', false],
    [1010, 'fatal', false],
    [1011, 'drop', true],
    [1012, 'restart', true],
    [1013, 'overload', true],
    [1014, 'drop', true],
    [3000, 'auth', true],
    [3003, 'fatal', false],
    [3999, 'drop', true],
    [4000, 'fatal', false],
    [4401, 'auth', true],
    [4408, 'drop', true],
    [4429, 'overload', true],
    [4500, 'drop', true],
    [4503, 'overload', true],
    [4999, 'fatal', false],
  ]
  it.each(transports)('ends where the table says, for a sample of all codes, on %s', async (_name, transport) => {
    for (const [code, cause, willReconnect] of rows) {
      const body = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from('because')])
      const server = await opening((socket) => socket.write(frame(8, body)))
      const { socket, heard } = make(server.origin, { transport })
      const event = await closed(socket)
      expect(event).toMatchObject({ code, reason: 'because', wasClean: true, cause, willReconnect })
      expect(heard).toEqual(['open', 'close'])
      expect(socket.state).toBe(willReconnect ? 'waiting' : 'closed')
      await socket[Symbol.asyncDispose]()
      await eventually(() => expect(server.open.size).toBe(0))
    }
    await watched.nothingLeft()
  })
})
