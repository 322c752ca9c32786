import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Visit } from './visits.ts'

/** A real server that is told by the path of a URL what to do, so that a test in a browser can tell it too. */
export interface ConformanceServer {
  /** Without a path, beginning with `ws:`. */
  readonly origin: string
  readonly port: number
  connections(): Promise<number>
  close(): Promise<void>
}

type Route = (request: IncomingMessage, socket: Socket, visit: Visit) => void

/** The magic text of RFC 6455, 1.3. */
const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The answer that opens a connection, without anybody behind it. */
export function acceptance(request: IncomingMessage, headers: readonly string[] = []): string {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}${magic}`).digest('base64')
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  return [...lines, `Sec-WebSocket-Accept: ${key}`, ...headers, '', ''].join('\r\n')
}

/** One unmasked frame, as a server sends it. */
export function frame(opcode: number, payload: string | Uint8Array, final = true): Buffer {
  const body = Buffer.from(payload as Uint8Array)
  const first = (final ? 0x80 : 0) | opcode
  if (body.length < 126) return Buffer.concat([Buffer.from([first, body.length]), body])
  const head = Buffer.alloc(10)
  head.writeUInt8(first, 0)
  head.writeUInt8(127, 1)
  head.writeBigUInt64BE(BigInt(body.length), 2)
  return Buffer.concat([head, body])
}

export async function startConformanceServer(): Promise<ConformanceServer> {
  const visits = new Map<string, Visit[]>()
  const sockets = new Set<Socket>()
  const upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  })
  const routes = routesOf(upgrades, visits)
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://server')
    response.setHeader('access-control-allow-origin', '*')
    response.end(JSON.stringify(visits.get(searchParams.get('id') ?? '') ?? []))
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  server.on('upgrade', (request, socket: Socket) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
    const id = searchParams.get('id') ?? ''
    const visit = { url: request.url ?? '', protocols: request.headers['sec-websocket-protocol'] ?? '', messages: [] }
    visits.set(id, [...(visits.get(id) ?? []), visit])
    const route = routes[pathname.slice(1)]
    if (route) route(request, socket, visit)
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `ws://127.0.0.1:${port}`,
    port,
    connections: async () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function routesOf(upgrades: WebSocketServer, visits: ReadonlyMap<string, readonly Visit[]>): Record<string, Route> {
  const accept = (request: IncomingMessage, socket: Socket, visit: Visit) => {
    upgrades.handleUpgrade(request, socket, Buffer.alloc(0), (peer) => {
      peer.on('error', () => {})
      peer.on('message', (data, isBinary) => answer(peer, socket, data, isBinary, visit))
    })
  }
  const refuse: Route = (_request, socket) => {
    socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  }
  return {
    echo: accept,
    refuse,
    /** Never answers. */
    silent: () => {},
    /** Ends TCP instead of an answer. */
    hangup: (_request, socket) => void socket.end(),
    /** Opens, and is never heard of again: no pong, no answer to a close frame. */
    mute: (request, socket) => void socket.write(acceptance(request)),
    /** Takes a subprotocol that nobody offered. */
    wrong: (request, socket) => void socket.write(acceptance(request, ['Sec-WebSocket-Protocol: other'])),
    /** Opens, and says three things in the same packet. */
    packet: (request, socket) => {
      const said = [frame(1, 'one'), frame(2, new Uint8Array([2])), frame(1, 'three')]
      socket.write(Buffer.concat([Buffer.from(acceptance(request)), ...said]))
      // Whatever is answered is the end.
      socket.once('data', () => socket.end(frame(8, '')))
    },
    /** As `packet`, and ends with it: all that there ever was came at once. */
    farewell: (request, socket) => {
      const said = [frame(1, 'one'), frame(8, Buffer.concat([Buffer.from([0x0f, 0xa0]), Buffer.from('bye')]))]
      socket.end(Buffer.concat([Buffer.from(acceptance(request)), ...said]))
    },
    /** Refuses the first `failures` upgrades, then accepts. */
    flaky: (request, socket, visit) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://server')
      const before = (visits.get(searchParams.get('id') ?? '')?.length ?? 0) - 1
      if (before < Number(searchParams.get('failures'))) refuse(request, socket, visit)
      else accept(request, socket, visit)
    },
  }
}

/** What is said to it comes back, but for orders, which begin with `!`. */
function answer(peer: WebSocket, socket: Socket, data: RawData, isBinary: boolean, visit: Visit): void {
  const text = isBinary ? '' : data.toString()
  visit.messages.push(isBinary ? `<${(data as Buffer).toString('hex').slice(0, 64)}>` : text.slice(0, 64))
  const [order, code, reason] = text.split(' ')
  switch (order) {
    case '!close':
      if (code) peer.close(Number(code), reason)
      else peer.close()
      return
    case '!drop':
      socket.destroy()
      return
    // The close frame, and no end of TCP.
    case '!halfclose':
      for (const event of ['data', 'end']) socket.removeAllListeners(event)
      socket.resume()
      socket.write(frame(8, new Uint8Array([0x03, 0xe8])))
      return
    case '!fragments':
      for (const [index, part] of ['frag', '', 'mén', 'ts'].entries()) {
        socket.write(frame(index === 0 ? 1 : 0, part, index === 3))
        // Control frames may come in between.
        socket.write(frame(9, 'ping'))
      }
      socket.write(frame(2, new Uint8Array([1, 2]), false))
      socket.write(frame(0, new Uint8Array([3])))
      return
    case '!many':
      for (let index = 0; index < Number(code); index++) peer.send(String(index))
      return
    default:
      peer.send(data, { binary: isBinary })
  }
}
