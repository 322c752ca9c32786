// What a socket costs above the `ws` client under it: per message, per `send`, and at rest. Contenders take turns in
// fresh processes; the figures are medians over the rounds.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { median, range } from '../median.ts'

const messageRounds = 9
const heapRounds = 3

const names = ['ws', 'ReliableSocket', 'ReliableSocket, reconnect: false', 'reconnecting-websocket', 'partysocket']

/** What one of ours may cost at most above `ws`. */
const bounds = [
  { name: 'ReliableSocket', received: 120, sent: 20, bytes: 2_000 },
  { name: 'ReliableSocket, reconnect: false', received: 700, sent: 20, bytes: 2_000 },
]

interface Samples {
  readonly received: number[]
  readonly sent: number[]
  readonly bytes: number[]
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))

async function measure(file: string, name: string, url: string, flags: string[] = []): Promise<Record<string, number>> {
  const child = spawn(process.execPath, [...flags, path(file), name, url], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (status !== 0) throw new Error(`${file} ended with ${status} for ${name}`)
  return JSON.parse(output) as Record<string, number>
}

const server = fork(path('./server.ts'))
const [port] = await once(server, 'message')
const url = `ws://127.0.0.1:${port}/`
const samples = new Map(names.map((name): [string, Samples] => [name, { received: [], sent: [], bytes: [] }]))

/** Each round starts with another contender: a machine that warms up or slows down favours none. */
async function inTurns(rounds: number, turn: (name: string, samples: Samples) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let offset = 0; offset < names.length; offset++) {
      const name = names[(round + offset) % names.length]!
      await turn(name, samples.get(name)!)
    }
  }
}

await inTurns(messageRounds, async (name, { received, sent }) => {
  const ns = await measure('./messages.ts', name, url)
  received.push(ns.received!)
  sent.push(ns.sent!)
})
await inTurns(heapRounds, async (name, { bytes }) => {
  const heap = await measure('./heap.ts', name, url, ['--expose-gc'])
  bytes.push(heap.bytes!)
})
server.disconnect()

const above = (name: string, kind: keyof Samples) => median(samples.get(name)![kind]) - median(samples.get('ws')![kind])

function show(title: string, kind: keyof Samples, unit: string, digits: number): void {
  console.log(`\n${title}\n`)
  const rows = names.map((name) => {
    const values = samples.get(name)![kind]
    const row = {
      [`median ${unit}`]: median(values).toFixed(digits),
      [`rounds ${unit}`]: range(values, digits),
      'above ws': above(name, kind).toFixed(digits),
      '× ws': (median(values) / median(samples.get('ws')![kind])).toFixed(2),
    }
    return [name, row] as const
  })
  console.table(Object.fromEntries(rows))
}

console.log(`\nNode ${process.versions.node}, contenders in turns, each time in a fresh process`)
show(`One message of 16 bytes, from ws to a listener (${messageRounds} rounds)`, 'received', 'ns', 1)
show(`One send of 16 bytes, from the caller to ws (${messageRounds} rounds)`, 'sent', 'ns', 1)
show(`Heap of an idle socket, 2,000 of them (${heapRounds} rounds)`, 'bytes', 'bytes', 0)

for (const { name, ...most } of bounds) {
  for (const kind of ['received', 'sent', 'bytes'] as const) {
    const figure = above(name, kind)
    const holds = figure <= most[kind]
    console.log(`${holds ? 'holds' : 'OVER '}  ${name}: ${kind} ${figure.toFixed(1)} above ws, at most ${most[kind]}`)
    if (!holds) process.exitCode = 1
  }
}
