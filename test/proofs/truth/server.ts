/**
 * A real WebSocket server in a process of its own, of which only the capacity is made up: handshakes are answered first
 * come, first served, so many per second, and one whose client has left still costs its time.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'

/** What its parent tells it. */
export type ToServer =
  /** From now on it takes so many handshakes per second; Infinity is told as null. */
  | { readonly perSecond: number | null }
  /** Every connection ends: with a close frame, or without a word. It listens again after so many ms. */
  | { readonly drop: { readonly reason?: string; readonly awayMs: number } }

/** And what it says. */
export type FromServer = { readonly port: number } | { readonly dropped: true }

type Upgrade = [request: IncomingMessage, socket: Duplex, head: Buffer]

const http = createServer()
const websockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
const waiting: Upgrade[] = []
let perSecond = Infinity
let nextAt = 0
let timer: NodeJS.Timeout | undefined

http.on('upgrade', (request, socket, head) => {
  socket.on('error', () => {})
  waiting.push([request, socket, head])
  if (waiting.length === 1) nextAt = Math.max(nextAt, performance.now() + 1_000 / perSecond)
  serve()
})

function serve(): void {
  clearTimeout(timer)
  while (waiting.length > 0 && performance.now() >= nextAt) {
    const [request, socket, head] = waiting.shift() as Upgrade
    nextAt += 1_000 / perSecond
    if (!socket.destroyed) websockets.handleUpgrade(request, socket, head, (open) => open.on('error', () => {}))
  }
  if (waiting.length > 0) timer = setTimeout(serve, Math.max(1, nextAt - performance.now()))
}

function drop(reason: string | undefined, awayMs: number): void {
  const { port } = http.address() as AddressInfo
  for (const [, socket] of waiting.splice(0)) socket.destroy()
  if (awayMs > 0) {
    http.close()
    setTimeout(() => http.listen(port, '127.0.0.1', 4_096), awayMs)
  }
  for (const open of websockets.clients) {
    if (reason === undefined) open.terminate()
    else open.close(1012, reason)
  }
  process.send?.({ dropped: true } satisfies FromServer)
}

process.on('message', (told: ToServer) => {
  if ('drop' in told) drop(told.drop.reason, told.drop.awayMs)
  else {
    perSecond = told.perSecond ?? Infinity
    nextAt = performance.now()
  }
})
process.on('disconnect', () => process.exit())
http.listen(0, '127.0.0.1', 4_096, () => {
  process.send?.({ port: (http.address() as AddressInfo).port } satisfies FromServer)
})
