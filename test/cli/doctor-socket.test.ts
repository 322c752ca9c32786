import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Diagnosis, Level } from '../../src/cli/doctor/finding.ts'
import { doctor } from '../../src/cli/doctor/index.ts'
import { openSays } from '../../src/cli/doctor/socket-words.ts'
import { encodeHint } from '../../src/socket/index.ts'
import { type HostileServer, startTcpServer, startUpgradeServer } from '../support/hostile-server.ts'
import { listen } from '../support/said.ts'

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Served extends HostileServer {
  readonly heard: readonly string[]
}

interface Behaviour {
  /** Told of each connection that is open. */
  readonly open?: (socket: WebSocket) => void
  /** Does something else with a question for an upgrade; true: that was all. */
  readonly upgrade?: (request: IncomingMessage, socket: Socket, count: number) => boolean
  readonly autoPong?: boolean
}

/** A WebSocket server that does all as it should, but for what is given. */
async function serving({ open, upgrade, autoPong = true }: Behaviour = {}): Promise<Served> {
  const heard: string[] = []
  const websockets = new WebSocketServer({ noServer: true, autoPong })
  websockets.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (data) => heard.push(String(data)))
    open?.(socket)
  })
  let count = 0
  const server = await startUpgradeServer((request, socket) => {
    count++
    if (upgrade?.(request, socket, count)) return
    websockets.handleUpgrade(request, socket, Buffer.alloc(0), (one) => websockets.emit('connection', one, request))
  })
  closing.push(() => server.close())
  return { ...server, heard }
}

function refuse(socket: Socket, status: string, headers = ''): true {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n${headers}\r\n`)
  return true
}

async function look(url: string, ...args: string[]): Promise<Diagnosis & { code: number }> {
  const said = listen()
  const code = await doctor([url, '--json', '--listen', '50ms', ...args], said)
  return { code, ...(JSON.parse(said.out()) as Diagnosis) }
}

function level({ findings }: Diagnosis, check: string): Level | undefined {
  return findings.find((finding) => finding.check === check)?.level
}

function says({ findings }: Diagnosis, check: string): string {
  return findings.find((finding) => finding.check === check)?.says ?? ''
}

describe('the doctor at a WebSocket server', () => {
  it('finds nothing wrong with one that does all as it should, in six connections, and says nothing to it', async () => {
    const server = await serving({ open: (socket) => socket.send(encodeHint({ afterMs: 0, withinMs: 30_000 })) })
    const found = await look(server.origin)
    expect(found.findings.map(({ check, level }) => [check, level])).toEqual([
      ['handshake', 'ok'],
      ['hint', 'ok'],
      ['ping', 'ok'],
      ['close', 'ok'],
      ['burst', 'ok'],
    ])
    expect(found.code).toBe(0)
    expect([found.requests, server.seen()]).toEqual([6, 6])
    expect(server.heard).toEqual([])
  })

  it('leaves no connection behind', async () => {
    const server = await serving()
    await look(server.origin)
    await expect.poll(() => server.open.size).toBe(0)
  })

  it.each<[what: string, open: (socket: WebSocket) => void, expected: Level]>([
    ['says nothing', () => {}, 'advice'],
    ['says something else', (socket) => socket.send('{"afterMs":"soon"}'), 'advice'],
    ['greets with a hint in a message', (socket) => socket.send('{"t":"welcome","hint":{"withinMs":5000}}'), 'ok'],
    ['says it as it closes', (socket) => socket.close(1012, encodeHint({ afterMs: 0, withinMs: 9 })), 'ok'],
  ])('a server that %s about coming back', async (_what, open, expected) => {
    const { origin } = await serving({ open })
    expect(level(await look(origin), 'hint')).toBe(expected)
  })

  it.each<[what: string, end: (socket: WebSocket) => void, expected: Level, words: string]>([
    ['1006', (socket) => socket.terminate(), 'problem', '1006'],
    ['1011', (socket) => socket.close(1011), 'problem', '1011'],
    ['1012', (socket) => socket.close(1012), 'advice', 'not when'],
    ['1013 and a hint', (socket) => socket.close(1013, '{"afterMs":1,"withinMs":9}'), 'ok', 'when to come back'],
    ['1008', (socket) => socket.close(1008), 'advice', 'final'],
    ['4401', (socket) => socket.close(4401), 'advice', '--header'],
    ['1001', (socket) => socket.close(1001), 'advice', 'says nothing'],
  ])('a server that closes new connections with %s', async (_what, end, expected, words) => {
    const { origin } = await serving({ open: end })
    const found = await look(origin, '--listen', '10s')
    expect([level(found, 'close code'), says(found, 'close code')]).toEqual([expected, expect.stringContaining(words)])
    // Nobody can use it, whatever the code says; one that wants a token is another matter, as a 401 is.
    expect([level(found, 'connection'), found.code]).toEqual(words === '--header' ? ['advice', 0] : ['problem', 1])
  })

  it.each<[code: number, level: Level, wants: boolean]>([
    [1008, 'problem', true],
    [4000, 'problem', true],
    [4401, 'advice', true],
    [4403, 'advice', true],
    [1011, 'problem', false],
    [4503, 'problem', false],
  ])('a server that closes each connection at once with %i', async (code, expected, wants) => {
    const server = await serving({ open: (socket) => socket.close(code) })
    const found = await look(server.origin, '--message', '--listen', '10s')
    expect([level(found, 'connection'), found.code]).toEqual([expected, expected === 'problem' ? 1 : 0])
    expect(says(found, 'connection')).toMatch(new RegExp(`at once, .+ with ${code}`))
    expect(says(found, 'connection').includes('it may want credentials, see --header / --protocol')).toBe(wants)
    expect(says(found, 'hint')).toContain('Until it closed')
    expect(level(found, 'burst')).toBe('advice')
    expect(says(found, 'burst')).toContain(`5 were closed by the server with ${code}, as one alone is`)
    expect(says(found, 'unknown message')).toContain('before anything can be said')
    expect(JSON.stringify(found)).not.toMatch(/accepted|Over a message/)
    expect(server.heard).toEqual([])
  })

  it.each<[what: string, reason: string, expected: Level]>([
    ['without a word', '', 'problem'],
    ['and told when to come back', encodeHint({ afterMs: 0, withinMs: 9 }), 'ok'],
  ])('a few at once of which some are let in and closed %s', async (_what, reason, expected) => {
    let count = 0
    const { origin } = await serving({ open: (socket) => ++count > 5 && socket.close(1013, reason) })
    const found = await look(origin, '--listen', '300ms')
    expect([level(found, 'burst'), found.code]).toEqual([expected, expected === 'problem' ? 1 : 0])
    expect(says(found, 'burst')).toContain('1 was closed by the server with 1013')
    expect(level(found, 'connection')).toBeUndefined()
  })

  it('speaks of TLS only where there is some', async () => {
    const { origin } = await serving()
    expect(says(await look(origin), 'handshake')).toContain('until TCP stands')
    expect(openSays({ transportMs: 5, openMs: 9 } as never, true)[0]?.says).toContain('until TCP and TLS stand')
  })

  it('a connection for a message that is refused', async () => {
    const { origin } = await serving({
      upgrade: (_request, socket, count) => count === 2 && refuse(socket, '503 Busy'),
    })
    expect(says(await look(origin, '--message'), 'unknown message')).toContain('Not looked at')
  })

  it('asks nothing more of one that says it is busy', async () => {
    const server = await serving({ open: (socket) => socket.close(1013) })
    const found = await look(server.origin, '--listen', '10s')
    expect(found.findings.map(({ check }) => check)).toEqual([
      'handshake',
      'hint',
      'connection',
      'close code',
      'not seen',
    ])
    expect(server.seen()).toBe(1)
  })

  it('a server that answers no ping', async () => {
    const { origin } = await serving({ autoPong: false })
    const found = await look(origin, '--timeout', '1s')
    expect([level(found, 'ping'), found.code]).toEqual(['problem', 1])
  })

  it('a server that ends connections over a ping', async () => {
    const { origin } = await serving({ autoPong: false, open: (socket) => socket.on('ping', () => socket.terminate()) })
    expect(says(await look(origin), 'ping')).toContain('closed the connection over a ping')
  })

  it('a server that does not answer a close', async () => {
    const server = await serving({
      open: (socket) => (socket as unknown as { _receiver: Mute })._receiver.removeAllListeners('conclude'),
    })
    expect(level(await look(server.origin), 'close')).toBe('advice')
  })

  it('a server that answers a close with a code of its own', async () => {
    const server = await serving({
      open: (socket) => {
        const receiver = (socket as unknown as { _receiver: Mute })._receiver
        receiver.removeAllListeners('conclude').on('conclude', () => socket.close(4000))
      },
    })
    expect(says(await look(server.origin), 'close')).toContain('4000')
  })

  it('names a page and a subprotocol only where somebody did', async () => {
    const asked: (string | undefined)[][] = []
    const { origin } = await serving({
      upgrade: ({ headers }) => {
        asked.push([headers.origin, headers['sec-websocket-protocol']])
        return false
      },
    })
    await look(origin)
    await look(origin, '--origin', 'https://app.example', '--protocol', 'chat')
    expect(asked.slice(0, 6)).toEqual(Array(6).fill([undefined, undefined]))
    expect(asked.slice(6)).toEqual(Array(6).fill(['https://app.example', 'chat']))
  })

  it('says something unknown only when it is told to', async () => {
    const lives = await serving()
    expect(level(await look(lives.origin, '--message'), 'unknown message')).toBe('ok')
    expect(lives.heard).toEqual([expect.stringContaining('breakwater-doctor')])
    expect(lives.seen()).toBe(7)
    const dies = await serving({ open: (socket) => socket.on('message', () => socket.close(1011)) })
    expect(level(await look(dies.origin, '--message', '--listen', '2s'), 'close code')).toBe('problem')
  })

  it.each<[status: string, headers: string, check: string, expected: Level]>([
    ['503 Busy', '', 'retry-after', 'problem'],
    ['503 Busy', 'Retry-After: 5\r\n', 'upgrade', 'problem'],
    ['429 Busy', 'Retry-After: 5\r\n', 'upgrade', 'advice'],
    ['429 Busy', 'Retry-After: 5\r\n', 'retry-after', 'ok'],
    ['429 Busy', 'Retry-After: soon\r\n', 'retry-after', 'problem'],
    ['401 Who', '', 'upgrade', 'advice'],
    ['404 Nothing', '', 'upgrade', 'problem'],
    ['500 Broken', '', 'upgrade', 'problem'],
  ])('an upgrade that is refused with %s %s', async (status, headers, check, expected) => {
    const server = await serving({ upgrade: (_request, socket) => refuse(socket, status, headers) })
    const found = await look(server.origin)
    expect([level(found, check), found.code]).toEqual([expected, expected === 'problem' ? 1 : 0])
    expect(server.seen()).toBe(1)
  })

  it.each<[what: string, onSocket: (socket: Socket) => void, words: string]>([
    ['hangs', () => {}, 'did not answer the upgrade in time'],
    ['resets', (socket) => socket.once('data', () => socket.resetAndDestroy()), 'dropped the connection'],
    ['is none', (socket) => socket.end('hello\r\n\r\n'), 'not HTTP'],
  ])('a server that %s', async (_what, onSocket, words) => {
    const server = await startTcpServer(onSocket)
    closing.push(() => server.close())
    const found = await look(server.origin, '--timeout', '500ms')
    expect([says(found, 'upgrade'), found.code]).toEqual([expect.stringContaining(words), 1])
    expect(server.seen()).toBe(1)
  })

  it.each<[what: string, upgrade: (socket: Socket) => true, expected: Level]>([
    ['refused without a word', (socket) => refuse(socket, '503 Busy'), 'problem'],
    ['refused, and told when to come back', (socket) => refuse(socket, '503 Busy', 'Retry-After: 5\r\n'), 'ok'],
    ['refused with a fault', (socket) => refuse(socket, '500 Broken'), 'problem'],
    ['dropped', (socket) => !!socket.resetAndDestroy(), 'problem'],
    ['left to hang', () => true, 'problem'],
  ])('a few at once of which some are %s', async (_what, upgrade, expected) => {
    const server = await serving({ upgrade: (_request, socket, count) => count > 3 && upgrade(socket) })
    const found = await look(server.origin, '--timeout', '2s')
    expect([level(found, 'burst'), found.code]).toEqual([expected, expected === 'problem' ? 1 : 0])
    expect(server.seen()).toBe(6)
  })
})

/** What a `ws` hears close frames by; there is no other way to make it deaf for them. */
interface Mute {
  removeAllListeners(event: string): Mute
  on(event: string, listener: () => void): Mute
}
