import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/core/clock.ts'
import { Recovery } from '../../../src/simulate/recovery.ts'
import { World } from '../../../src/simulate/world.ts'
import { encodeHint, ReliableSocket, reconnectHint } from '../../../src/socket/index.ts'
import type { FromServer, ToServer } from './server.ts'

export interface RealStormOptions {
  readonly clients: number
  readonly capacity: number
  readonly outageMs: number
  readonly hint: boolean
  readonly patienceMs: number
  readonly seed: number
}

export interface RealStorm {
  readonly t99Ms: number
  readonly attemptsPerClient: number
}

/** Long enough for every connection to count as proven, as in the simulated storm. */
const settleMs = 12_000

/** The same storm over loopback: real sockets and a real server, each socket with the chance that its simulated twin has. */
export async function realStorm(options: RealStormOptions): Promise<RealStorm> {
  const { clients, capacity, outageMs, hint, patienceMs, seed } = options
  const server = fork(new URL('./server.ts', import.meta.url), { execArgv: process.execArgv })
  const tell = (told: ToServer) => server.send(told)
  const sockets: ReliableSocket[] = []
  try {
    const [{ port }] = (await once(server, 'message')) as [Extract<FromServer, { port: number }>]
    const world = new World({ seed })
    const recovery = new Recovery(clients)
    let losses = 0
    for (let client = 0; client < clients; client++) {
      const runtime = { clock: systemClock, random: world.random(client) }
      const socket = new ReliableSocket(`ws://127.0.0.1:${port}/`, [], { runtime, patienceMs })
      socket.addEventListener('open', () => recovery.back(client, performance.now()))
      socket.addEventListener('close', () => recovery.away(client))
      socket.addEventListener('reconnecting', () => losses++)
      sockets.push(socket)
      if (client % 50 === 49) await sleep(10)
    }
    await until(() => recovery.complete, 30_000)
    await sleep(settleMs)
    tell({ perSecond: capacity })
    losses = 0
    const fromMs = performance.now()
    const told = reconnectHint({ connections: clients, acceptPerSecond: capacity, afterMs: outageMs })
    tell({ drop: { awayMs: outageMs, ...(hint && { reason: encodeHint(told) }) } })
    await until(() => losses >= clients && recovery.complete, outageMs + (8_000 * clients) / capacity)
    // Every loss is answered with a dial, and everybody is back.
    return { t99Ms: recovery.times(fromMs).t99Ms ?? Infinity, attemptsPerClient: losses / clients }
  } finally {
    for (const socket of sockets) socket.close()
    server.disconnect()
  }
}

async function until(holds: () => boolean, mostMs: number): Promise<void> {
  const endAt = performance.now() + mostMs
  while (!holds()) {
    if (performance.now() > endAt) throw new Error('the fleet did not come back in time')
    await sleep(20)
  }
}
