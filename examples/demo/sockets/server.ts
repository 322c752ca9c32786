// A WebSocket server with a price on each handshake. It is a process of its own: the demo kills it.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'

export interface HarbourPlan {
  /** 0 finds a free one. */
  readonly port: number
  /** When it begins to listen, in ms since 1970: starting a process takes a while that is not to count. */
  readonly listenAtMs: number
  /** `null`: as many as come, which is how it is before the restart. */
  readonly handshakesPerSecond: number | null
  /** Its first message on each connection. */
  readonly welcome: string
  /** Arrivals are counted per bucket from this moment on, in ms since 1970. */
  readonly epochMs: number
  readonly bucketMs: number
  /** When it ends by itself, whatever has become of its parent. */
  readonly lifeMs: number
}

export type FromHarbour =
  | { readonly type: 'listening'; readonly port: number }
  /** Handshakes asked for in each bucket, and those made for clients who had left by then. */
  | { readonly type: 'counted'; readonly arrivals: readonly number[]; readonly wasted: number }

interface Waiting {
  readonly request: IncomingMessage
  readonly wire: Duplex
  readonly head: Buffer
}

function serve(plan: HarbourPlan): void {
  const http = createServer((_request, response) => response.writeHead(426).end())
  const sockets = new WebSocketServer({ noServer: true })
  const queue: Waiting[] = []
  const arrivals: number[] = []
  let wasted = 0
  let busy = false
  const welcome = ({ request, wire, head }: Waiting) =>
    sockets.handleUpgrade(request, wire, head, (socket) => {
      socket.on('error', () => {})
      socket.send(plan.welcome)
    })
  const work = (dueAt: number) => {
    const next = queue.shift()
    busy = next !== undefined
    if (next === undefined) return
    // Reckoned from when it was due, so that late timers do not make it slower than it says.
    const endAt = dueAt + 1_000 / (plan.handshakesPerSecond ?? Infinity)
    setTimeout(
      () => {
        // Only here, with the work done, does it notice that the client has left.
        if (next.wire.destroyed) wasted++
        else welcome(next)
        work(endAt)
      },
      Math.max(0, endAt - performance.now()),
    )
  }
  http.on('upgrade', (request, wire, head) => {
    wire.on('error', () => {})
    // Seen only where somebody reads: a client who hangs up ends its half.
    wire.on('end', () => wire.destroy())
    wire.resume()
    const bucket = Math.max(0, Math.floor((Date.now() - plan.epochMs) / plan.bucketMs))
    arrivals[bucket] = (arrivals[bucket] ?? 0) + 1
    if (plan.handshakesPerSecond === null) {
      welcome({ request, wire, head })
      return
    }
    queue.push({ request, wire, head })
    if (!busy) work(performance.now())
  })
  const tell = (message: FromHarbour) => process.send?.(message)
  const listen = () =>
    http.listen({ port: plan.port, host: '127.0.0.1', backlog: 4_096 }, () => {
      tell({ type: 'listening', port: (http.address() as AddressInfo).port })
    })
  setTimeout(listen, Math.max(0, plan.listenAtMs - Date.now()))
  process.on('message', () => {
    tell({ type: 'counted', arrivals: Array.from(arrivals, (count) => count ?? 0), wasted })
  })
  setTimeout(() => process.exit(0), plan.lifeMs)
}

process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
const { HARBOUR_PLAN: plan } = process.env
if (process.send && plan) serve(JSON.parse(plan) as HarbourPlan)
else {
  console.error('examples/demo/sockets/server.ts is started by the demo: npm run demo')
  process.exitCode = 2
}
