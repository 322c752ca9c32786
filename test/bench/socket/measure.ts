import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { inRounds } from '../rounds.ts'

/** What is measured of a socket: its own part of a message, a real message, a connection, an idle one. */
export type Kind =
  | 'received'
  | 'sent'
  | 'receiveCpu'
  | 'receivePerSecond'
  | 'echoCpu'
  | 'echoPerSecond'
  | 'connectCpu'
  | 'bytes'

/** One value for each round. */
export type Samples = Readonly<Record<Kind, number[]>>

const baseline = 'ws'
const native = 'native WebSocket'
const plain = 'ReliableSocket, reconnect: false'

const everybody = [baseline, native, 'ReliableSocket', plain, 'reconnecting-websocket', 'partysocket']
/** The native one has no `ws` that could be told of a message. */
const overWs = everybody.filter((name) => name !== native)
/** Without reconnecting it is the same code on the way to the wire. */
const onTheWire = everybody.filter((name) => name !== plain)

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))

async function inChild(file: string, name: string, url: string, samples: Samples): Promise<void> {
  const child = spawn(process.execPath, ['--expose-gc', path(file), name, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (status !== 0) throw new Error(`${file} ended with ${status} for ${name}`)
  const result = JSON.parse(output) as Record<string, number>
  for (const [kind, value] of Object.entries(result)) if (kind in samples) samples[kind as Kind].push(value)
}

async function serve(): Promise<{ url: string; stop: () => void }> {
  const server = fork(path('./server.ts'))
  const [port] = await once(server, 'message')
  return { url: `ws://127.0.0.1:${port}/`, stop: () => server.disconnect() }
}

const noSamples = (): Samples => ({
  received: [],
  sent: [],
  receiveCpu: [],
  receivePerSecond: [],
  echoCpu: [],
  echoPerSecond: [],
  connectCpu: [],
  bytes: [],
})

/** Every contender's samples: the same number of rounds for all that it takes part in. */
export async function measure(rounds: number): Promise<ReadonlyMap<string, Samples>> {
  const all = new Map(everybody.map((name): [string, Samples] => [name, noSamples()]))
  const servers = [await serve(), await serve()] as const
  const [{ url }] = servers
  const child = (file: string, name: string, to = url) => inChild(file, name, to, all.get(name)!)
  try {
    await inRounds(overWs, rounds, (name) => child('./messages.ts', name))
    await inRounds(onTheWire, rounds, (name) => child('./traffic.ts', name))
    // Here all wait most of the time, and what else the machine does makes no socket larger: two rounds go at once, each
    // with a server of its own, as one has not files enough for all of them.
    for (let round = 0; round < rounds; round += servers.length) {
      const waves = servers.slice(0, rounds - round)
      await Promise.all(waves.flatMap((server) => everybody.map((name) => child('./heap.ts', name, server.url))))
    }
  } finally {
    for (const server of servers) server.stop()
  }
  return all
}
