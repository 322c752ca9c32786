import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { encodeHint, reconnectHint } from 'breakwater/socket'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { type Session, SessionStore } from './json-session-store.ts'

export interface SessionServerOptions {
  /** The file that the sessions are kept in. */
  journal: string
  port?: number
  /** Handshakes that it takes per second, and clients that it expects: those who come back are asked to keep to that. */
  acceptPerSecond?: number
  clients?: number
  /** Messages for a client that does not acknowledge them; beyond this its session is forgotten. */
  maxUnacknowledged?: number
  /** How long a session without a connection is kept, in ms. */
  keepMs?: number
  /** A message of a client: once, in order, and in the journal already. After a crash it is not told again. */
  onMessage?: (session: Session, text: string) => void
}

/** What a client may say, before it has been looked at. */
type Frame = Readonly<Partial<Record<'t' | 'v' | 'id' | 'got' | 'n' | 'd' | 'k', unknown>>>

/** How long a client may take to say hello, and one that has moved to leave its old connection, in ms. */
const graceMs = 10_000
/** What came is acknowledged together, this much later, in ms. */
const acknowledgeMs = 20
/** After this code a client comes back and goes on; after the other it stays away. */
const again = 4500
const malformed = 4400

/** The server side of `jsonSession()`, for `ws`. `json-session.md` specifies what goes over the wire. */
export class SessionServer {
  readonly #options: Required<SessionServerOptions>
  readonly #store: SessionStore
  readonly #server: WebSocketServer
  readonly #connections = new Map<Session, WebSocket>()
  readonly #sweeper: NodeJS.Timeout

  constructor(options: SessionServerOptions) {
    const limits = { acceptPerSecond: 500, clients: 1_000, maxUnacknowledged: 1_000, keepMs: 300_000 }
    this.#options = { port: 0, onMessage: () => {}, ...limits, ...options }
    this.#store = new SessionStore(options.journal)
    this.#server = new WebSocketServer({ port: this.#options.port, host: '127.0.0.1', maxPayload: 1_048_576 })
    this.#server.on('connection', (connection) => this.#greet(connection))
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(30_000, this.#options.keepMs))
  }

  get sessions(): ReadonlyMap<string, Session> {
    return this.#store.sessions
  }

  /** Resolves with its port when it listens. */
  async listening(): Promise<number> {
    const server = this.#server
    if (!server.address()) await new Promise((done, failed) => server.once('listening', done).once('error', failed))
    return (server.address() as AddressInfo).port
  }

  /** For a client that may be away: in the journal first, so that no number is ever given to two messages. */
  send(session: Session, text: string): void {
    if (session.unacknowledged.length >= this.#options.maxUnacknowledged) this.#forget(session)
    if (!this.sessions.has(session.id)) return
    this.#store.record(['out', session.id, session.sent + 1, text])
    this.#connections.get(session)?.send(message(session.sent, text))
  }

  /**
   * Sends every client away with a moment of its own to come back at, and resolves when all have left. Where they have
   * another server to go to, `noticeMs` is the time in which they move there one by one before the rest is closed.
   */
  async drain({ afterMs = 0, noticeMs = 0 } = {}): Promise<void> {
    const hint = this.#hint(afterMs)
    const { clients } = this.#server
    this.#server.close()
    for (const connection of this.#connections.values()) connection.send(JSON.stringify({ t: 'drain', ...hint }))
    await wait(noticeMs)
    for (const connection of clients) connection.close(1012, encodeHint(hint))
    for (let left = 100; clients.size > 0 && left > 0; left--) await wait(20)
    for (const connection of clients) connection.terminate()
    clearInterval(this.#sweeper)
    this.#store.close()
  }

  #hint(afterMs: number) {
    const { acceptPerSecond, clients } = this.#options
    return reconnectHint({ connections: Math.max(clients, this.sessions.size), acceptPerSecond, afterMs })
  }

  #greet(connection: WebSocket): void {
    const late = setTimeout(() => connection.close(again, 'no hello'), graceMs)
    connection.once('close', () => clearTimeout(late))
    connection.on('error', () => {})
    connection.once('message', (data) => {
      clearTimeout(late)
      const { t, v, id, got } = read(data)
      if (t === 'hello' && v === 1 && isCount(got)) this.#welcome(connection, id, got)
      else connection.close(malformed, 'a hello comes first')
    })
  }

  /** Whoever knows its id is the client. A service that knows its users compares the user as well. */
  #welcome(connection: WebSocket, id: unknown, got: number): void {
    const known = typeof id === 'string' ? this.sessions.get(id) : undefined
    // It may say less than it has acknowledged since: over the connection before this one, which was faster.
    const recovered = known !== undefined && got <= known.sent
    if (known && !recovered) this.#forget(known)
    const session = recovered ? known : this.#store.create()
    this.#acknowledged(session, got)
    this.#takeOver(session, connection)
    // The hint is for a crash, which gives no time to say anything.
    const welcome = { t: 'welcome', id: session.id, recovered, got: session.got, hint: this.#hint(0) }
    connection.send(JSON.stringify(welcome))
    let n = session.sent - session.unacknowledged.length
    for (const text of session.unacknowledged) connection.send(message(++n, text))
  }

  /** The connection that it had before is not heard any more. Its client closes it, if it still can. */
  #takeOver(session: Session, connection: WebSocket): void {
    const before = this.#connections.get(session)
    if (before) setTimeout(() => before.terminate(), graceMs).unref()
    this.#connections.set(session, connection)
    session.awaySince = undefined
    let due: NodeJS.Timeout | undefined
    const acknowledge = () => {
      due = undefined
      connection.send(`{"t":"ack","n":${session.got}}`)
    }
    connection.on('message', (data) => {
      if (this.#connections.get(session) !== connection) return
      const before = session.got
      const wrong = this.#take(session, read(data), connection)
      if (wrong) connection.close(wrong, 'not as agreed')
      else if (session.got > before) due ??= setTimeout(acknowledge, acknowledgeMs)
    })
    connection.once('close', () => {
      clearTimeout(due)
      if (this.#connections.get(session) !== connection) return
      this.#connections.delete(session)
      session.awaySince = Date.now()
    })
  }

  /** Returns the close code that answers a frame which does not fit. */
  #take(session: Session, { t, n, d, k }: Frame, connection: WebSocket): number | undefined {
    if (t === 'ping') connection.send('{"t":"pong"}')
    if (t === 'ack') return isCount(n) && n <= session.sent ? this.#acknowledged(session, n) : malformed
    if (t !== 'msg' && t !== 'sub' && t !== 'unsub') return typeof t === 'string' ? undefined : malformed
    if (!isCount(n) || typeof d !== 'string' || (t !== 'msg' && typeof k !== 'string')) return malformed
    // One that came before came again, and is done; one that is missing comes with the next connection.
    if (n <= session.got) return undefined
    if (n > session.got + 1) return again
    this.#store.record(t === 'msg' ? [t, session.id, n, d] : [t, session.id, n, String(k), d])
    if (t === 'msg') this.#options.onMessage(session, d)
    return undefined
  }

  #acknowledged(session: Session, n: number): undefined {
    const known = session.sent - session.unacknowledged.length
    if (n > known && n <= session.sent) this.#store.record(['ack', session.id, n])
  }

  /** Its client, if it comes back, begins anew. */
  #forget(session: Session): void {
    this.#store.record(['end', session.id])
    this.#connections.get(session)?.close(again, 'the session is over')
    this.#connections.delete(session)
  }

  #sweep(): void {
    const longAgo = Date.now() - this.#options.keepMs
    for (const session of this.sessions.values()) {
      if (session.awaySince !== undefined && session.awaySince < longAgo) this.#forget(session)
      // A path that is gone breaks when something is sent over it.
      else this.#connections.get(session)?.ping()
    }
  }
}

function message(n: number, d: string): string {
  return JSON.stringify({ t: 'msg', n, d })
}

/** What is no object is a frame without a member. */
function read(data: RawData): Frame {
  try {
    return JSON.parse(data.toString()) ?? {}
  } catch {
    return {}
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
