import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Runtime } from '../../src/core/runtime.ts'
import type { Environment } from '../../src/socket/index.ts'

/** A server that does to whoever comes what a test says. */
export interface HostileServer {
  /** Without a path, beginning with `ws:`. */
  readonly origin: string
  readonly port: number
  /** Connections that are open on its side. */
  readonly open: ReadonlySet<Socket>
  /** How many there have been. */
  readonly seen: () => number
  close(): Promise<void>
}

async function listen(server: Server): Promise<HostileServer> {
  const open = new Set<Socket>()
  let seen = 0
  server.on('connection', (socket: Socket) => {
    seen++
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `ws://127.0.0.1:${port}`,
    port,
    open,
    seen: () => seen,
    close: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Hears nothing but TCP. */
export function startTcpServer(onSocket: (socket: Socket) => void): Promise<HostileServer> {
  return listen(createServer(onSocket))
}

/** Hears the question for an upgrade, and leaves the answer to the test. */
export function startUpgradeServer(
  onUpgrade: (request: IncomingMessage, socket: Socket) => void,
): Promise<HostileServer> {
  const server = createHttpServer()
  server.on('upgrade', (request, socket: Socket) => onUpgrade(request, socket))
  return listen(server)
}

/** Between a client and a server on this machine, with a cable that can be pulled: neither side is told. */
export async function startProxy(port: number): Promise<HostileServer & { pull(): void }> {
  const pairs: [Socket, Socket][] = []
  const server = await startTcpServer((client) => {
    const target = createConnection(port, '127.0.0.1')
    pairs.push([client, target])
    target.on('error', () => {})
    client.pipe(target)
    target.pipe(client)
  })
  return {
    ...server,
    pull: () => {
      for (const [client, target] of pairs.splice(0)) {
        client.unpipe(target)
        target.unpipe(client)
        // What still comes is read and thrown away, so that nobody is told by a window that fills.
        client.resume()
        target.resume()
        target.on('close', () => client.destroy())
        client.on('close', () => target.destroy())
      }
    },
    close: async () => {
      for (const [, target] of pairs) target.destroy()
      await server.close()
    },
  }
}

/** Counts what a socket takes of its process, to find out what it leaves there. */
export interface Watch {
  /** To be given to the socket: the platform's time, with every timer counted. */
  readonly runtime: Runtime
  readonly environment: Environment
  readonly signal: AbortSignal
  /** Connections that the process has opened since. */
  readonly dialed: readonly Socket[]
  /** Waits until nothing is left: no connection, no timer of ours or of the platform, no listener. */
  nothingLeft(): Promise<void>
  stop(): void
}

/** @param random what chance says */
export function watch(random = 0.5): Watch {
  const dialed: Socket[] = []
  const opened = (message: unknown) => dialed.push((message as { socket: Socket }).socket)
  const connections = channel('net.client.socket')
  connections.subscribe(opened)
  let timers = 0
  let ears = 0
  let abortListeners = 0
  const { signal } = new AbortController()
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
    abortListeners++
    addEventListener.apply(signal, given)
  }
  signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
    abortListeners--
    removeEventListener.apply(signal, given)
  }
  const setTimer: typeof systemClock.setTimer = (ms, fn, keepsAlive) => {
    if (ms === Infinity) return () => {}
    timers++
    let over = false
    const finish = () => {
      if (!over) timers--
      over = true
    }
    const cancel = systemClock.setTimer(
      ms,
      (late) => {
        finish()
        fn(late)
      },
      keepsAlive,
    )
    return () => {
      finish()
      cancel()
    }
  }
  const platformTimers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = platformTimers()
  return {
    runtime: { clock: { ...systemClock, setTimer }, random: () => random },
    environment: {
      online: () => true,
      visible: () => true,
      onChange: () => {
        ears++
        return () => void ears--
      },
    },
    signal,
    dialed,
    nothingLeft: async () => {
      const look = () => ({
        open: dialed.filter((socket) => !socket.destroyed).length,
        timers,
        ears,
        abortListeners,
        platformTimers: Math.max(0, platformTimers() - before),
      })
      const none = { open: 0, timers: 0, ears: 0, abortListeners: 0, platformTimers: 0 }
      const givesUpAt = performance.now() + 5_000
      // Not by a timer: it would be one that is left.
      while (performance.now() < givesUpAt && !isDeepStrictEqual(look(), none)) {
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(look()).toEqual(none)
    },
    stop: () => connections.unsubscribe(opened),
  }
}
