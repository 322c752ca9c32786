// A server of its own process, so that its sockets and its work are not counted as the client's. What it does with a
// message, the path says: to `/echo` it sends it back, to `/flood` it is how many messages of 16 bytes are wanted.
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'

/** Messages that are sent before the client gets its turn. */
const batch = 1_000

/** Bytes that may wait to be read before the flood does. */
const mostBuffered = 256 * 1024

async function flood(socket: WebSocket, wire: Socket, count: number): Promise<void> {
  for (let sent = 0; sent < count && socket.readyState === socket.OPEN; ) {
    const until = Math.min(count, sent + batch)
    // One write for all of them: else how many come with one read is a matter of luck, and so is what they cost.
    wire.cork()
    for (; sent < until; sent++) socket.send('0123456789abcdef')
    wire.uncork()
    do await setImmediate()
    while (socket.bufferedAmount > mostBuffered && socket.readyState === socket.OPEN)
  }
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 4_096 })
server.on('connection', (socket, { url, socket: wire }) => {
  socket.on('error', () => {})
  if (url === '/echo') socket.on('message', (data) => socket.send(data, { binary: false }))
  if (url === '/flood') socket.on('message', (data) => void flood(socket, wire, Number(String(data))))
})
server.on('listening', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))
