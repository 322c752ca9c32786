import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'

/** What a server knows of one client, over all its connections. */
export interface Session {
  readonly id: string
  /** The number of the last frame that came from it, and of the last one for it. */
  got: number
  sent: number
  /** The messages for it that it has not acknowledged; the last of them has the number `sent`. */
  unacknowledged: string[]
  readonly subscriptions: Map<string, string>
  /** When it lost its connection; undefined while it has one. */
  awaySince: number | undefined
}

/** Something that happened to a session, as a line of the journal. */
export type Entry =
  | readonly ['new' | 'end', id: string]
  | readonly ['msg' | 'out', id: string, n: number, text: string]
  | readonly ['sub' | 'unsub', id: string, n: number, key: string, data: string]
  | readonly ['ack', id: string, n: number]

/**
 * The sessions of a server, in a file that outlives it. A message and its number are one write: after a crash it has
 * happened with its number, or not at all. The file grows for ever; a service with many messages does the same in a
 * database, message and number in one transaction.
 */
export class SessionStore {
  readonly sessions = new Map<string, Session>()
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
    for (const entry of readJournal(path)) this.#apply(entry)
  }

  create(): Session {
    const id = randomUUID()
    this.record(['new', id])
    return this.sessions.get(id)!
  }

  /** Written before anybody hears of it. That outlives the process; `fsyncSync` would let it outlive a power cut. */
  record(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`)
    this.#apply(entry)
  }

  close(): void {
    closeSync(this.#file)
  }

  #apply([what, id, ...rest]: Entry): void {
    if (what === 'new') {
      const fresh = { got: 0, sent: 0, unacknowledged: [], subscriptions: new Map(), awaySince: Date.now() }
      this.sessions.set(id, { id, ...fresh })
    }
    const session = this.sessions.get(id)
    const [n = 0, text = '', data = ''] = rest
    if (session === undefined) return
    if (what === 'end') this.sessions.delete(id)
    if (what === 'msg' || what === 'sub' || what === 'unsub') session.got = n
    if (what === 'sub') session.subscriptions.set(text, data)
    if (what === 'unsub') session.subscriptions.delete(text)
    if (what === 'out') session.sent = n
    if (what === 'out') session.unacknowledged.push(text)
    if (what === 'ack') session.unacknowledged = n < session.sent ? session.unacknowledged.slice(n - session.sent) : []
  }
}

/** All that was written. A process may die in the middle of a line: what is left of it is cut off. */
export function readJournal(path: string): Entry[] {
  const text = readFileSync(path, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole))
  return whole
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}
