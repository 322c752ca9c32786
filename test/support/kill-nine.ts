import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Entry } from '../../examples/json-session-store.ts'
import { type JsonSession, jsonSession, ReliableSocket } from '../../src/socket/index.ts'
import type { FromSessionProcess, ToSessionProcess } from './session-process.ts'

interface KillNineReport extends Readonly<Figures> {
  readonly ms: number
}

/**
 * Kills example servers again and again while numbered messages flow both ways over sessions, and counts. Each of
 * several servers has a port, a journal and clients of its own: while one client waits, another server dies.
 */
export async function killNine({ kills = 200, servers = 4, clients = 2 } = {}): Promise<KillNineReport> {
  const startedAt = performance.now()
  const runs = Array.from({ length: servers }, () => killOne({ kills: Math.ceil(kills / servers), clients }))
  const reports = await Promise.all(runs)
  const total = reports.reduce((sum, report) => {
    return Object.fromEntries(figures.map((figure) => [figure, sum[figure] + report[figure]])) as Figures
  })
  return { ...total, ms: Math.round(performance.now() - startedAt) }
}

const figures = [
  'kills',
  // Kills that found messages on their way to the server.
  'underWay',
  // Messages that had a receipt and were not in the journal of the server that was killed.
  'acknowledgedAndLost',
  // Messages to the server, and how many times its journal did not have the next number.
  'up',
  'upOutOfOrder',
  // Messages to the clients, how many times a client did not get the next number, and how many are not as written.
  'down',
  'downOutOfOrder',
  'downChanged',
  'opens',
  'unrecovered',
  'overflowed',
] as const

/** Those of them that have to be 0. */
export const faults = [
  'acknowledgedAndLost',
  'upOutOfOrder',
  'downOutOfOrder',
  'downChanged',
  'unrecovered',
  'overflowed',
] as const

type Figures = Record<(typeof figures)[number], number>

async function killOne({ kills, clients }: { kills: number; clients: number }): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-kill-nine-'))
  const journal = join(folder, 'journal')
  let serving = new SessionProcess()
  let standby = new SessionProcess()
  const port = await serving.serve({ journal, port: 0 })
  const record = new Journal(journal)
  const all = Array.from({ length: clients }, () => new Client(`ws://127.0.0.1:${port}/`))
  let underWay = 0
  let acknowledgedAndLost = 0
  try {
    for (let kill = 0; kill < kills; kill++) {
      const marks = all.map((client) => client.mark())
      while (!all.every((client, at) => client.isPast(marks[at]!))) await wait(2)
      await wait(20 * Math.random())
      await serving.kill()
      if (all.some(({ session }) => session.unacknowledged > 0)) underWay++
      record.readOn()
      for (const { session, acknowledged } of all) {
        acknowledgedAndLost += Math.max(0, acknowledged - (record.messages.get(session.id ?? '')?.length ?? 0))
      }
      serving = standby
      await serving.serve({ journal, port })
      standby = new SessionProcess()
    }
    for (const client of all) await client.finish()
    record.readOn()
  } finally {
    for (const { socket } of all) socket.close()
    await Promise.all([serving.kill(), standby.kill()])
    rmSync(folder, { recursive: true })
  }
  const sum = (figure: (client: Client) => number) => all.reduce((total, client) => total + figure(client), 0)
  const journaled = ({ session }: Client) => record.messages.get(session.id ?? '') ?? []
  const written = ({ session }: Client) => record.answers.get(session.id ?? '') ?? []
  return {
    kills,
    underWay,
    acknowledgedAndLost,
    up: sum(({ sent }) => sent),
    upOutOfOrder: sum((client) => strays(journaled(client), 'c') + Math.abs(client.sent - journaled(client).length)),
    down: sum(({ received }) => received.length),
    downOutOfOrder: sum(({ received }) => strays(received, 's')),
    downChanged: sum((client) => client.received.filter((text, at) => text !== written(client)[at]).length),
    opens: sum(({ opens }) => opens),
    unrecovered: sum(({ unrecovered }) => unrecovered - 1),
    overflowed: sum(({ overflowed }) => overflowed),
  }
}

/** How many are not the number that their place asks for: one that is missing, doubled or late shows. */
function strays(texts: readonly string[], letter: string): number {
  return texts.filter((text, at) => text.split(' ')[0] !== `${letter}${at + 1}`).length
}

class Client {
  readonly session: JsonSession = jsonSession({ acknowledgeMs: 10, acknowledgeCount: 8 })
  readonly socket: ReliableSocket
  readonly received: string[] = []
  sent = 0
  /** The number of the last message with a receipt. */
  acknowledged = 0
  opens = 0
  unrecovered = 0
  overflowed = 0
  #receipts: Promise<void>[] = []
  #timer: NodeJS.Timeout

  constructor(url: string) {
    const { session } = this
    this.socket = new ReliableSocket(url, [], { session, firstWindowMs: 50, maxWindowMs: 200, provenMs: 0 })
    this.socket.onmessage = ({ data }) => this.received.push(data)
    this.socket.onopen = ({ recovered }) => {
      this.opens++
      if (!recovered) this.unrecovered++
    }
    this.socket.onoverflow = ({ count }) => {
      this.overflowed += count
    }
    this.#timer = setInterval(() => this.#send(), 2)
  }

  /** With and without a receipt, by turns, also while there is no connection. */
  #send(): void {
    const number = ++this.sent
    if (number % 2) this.socket.send(`c${number}`)
    else {
      const receipt = this.socket.deliver(`c${number}`).then(() => {
        this.acknowledged = Math.max(this.acknowledged, number)
      })
      this.#receipts.push(receipt)
    }
  }

  mark(): readonly number[] {
    return [this.received.length, this.acknowledged]
  }

  /** Whether messages have come and gone since. */
  isPast([received = 0, acknowledged = 0]: readonly number[]): boolean {
    return this.received.length > received + 5 && this.acknowledged > acknowledged + 5
  }

  async finish(): Promise<void> {
    clearInterval(this.#timer)
    if (this.sent % 2) this.#send()
    await Promise.all(this.#receipts)
  }
}

/** What servers wrote, read on from where it ended before. */
class Journal {
  readonly messages = new Map<string, string[]>()
  readonly answers = new Map<string, string[]>()
  readonly #path: string
  #read = 0

  constructor(path: string) {
    this.#path = path
  }

  readOn(): void {
    const file = openSync(this.#path, 'r')
    const chunk = Buffer.alloc(1_048_576)
    let text = ''
    for (let size = -1; size !== 0; ) {
      size = readSync(file, chunk, 0, chunk.length, this.#read + Buffer.byteLength(text))
      text += chunk.toString('latin1', 0, size)
    }
    closeSync(file)
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    this.#read += whole.length
    for (const line of whole.split('\n').slice(0, -1)) {
      const [what, id, , message] = JSON.parse(line) as Entry
      if (what === 'new') this.messages.set(id, [])
      if (what === 'new') this.answers.set(id, [])
      if (what === 'msg') this.messages.get(id)?.push(String(message))
      if (what === 'out') this.answers.get(id)?.push(String(message))
    }
  }
}

class SessionProcess {
  readonly #child: ChildProcess
  readonly #ready: Promise<unknown>

  constructor() {
    const script = fileURLToPath(new URL('session-process.ts', import.meta.url))
    const hooks = new URL('from-source.mjs', import.meta.url).href
    this.#child = spawn(process.execPath, ['--import', hooks, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'breakwater-compile-cache') },
    })
    this.#ready = once(this.#child, 'message')
    this.#ready.catch(() => {})
  }

  /** Listens, and resolves with its port. */
  async serve(told: ToSessionProcess): Promise<number> {
    await this.#ready
    const listening = once(this.#child, 'message')
    this.#child.send(told)
    const [answer] = (await listening) as [FromSessionProcess]
    return typeof answer === 'object' ? answer.port : 0
  }

  /** Ends it by its id, in the middle of whatever it does. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
