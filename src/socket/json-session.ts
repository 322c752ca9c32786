import { OptionsError, resolve } from '../core/options.ts'
import { readFrame, type ServerFrame } from './json-frames.ts'
import { type JsonSessionOptions, jsonSessionDefaults, jsonSessionRules } from './json-session-options.ts'
import { ReplayBuffer } from './replay-buffer.ts'
import type { Session, SessionLink } from './session.ts'
import { Subscriptions } from './subscriptions.ts'
import type { SocketData } from './transport.ts'

/** A session over JSON text, with what an application may ask of it. */
export interface JsonSession extends Session {
  /** The server's name for it; undefined before its first welcome. */
  readonly id: string | undefined
  /** Messages sent that the server has not acknowledged. */
  readonly unacknowledged: number
  /** Keeps a subscription: sent now, and again to a server that has forgotten us. The last one of a key counts. */
  subscribe(key: string, data?: string): void
  unsubscribe(key: string): void
}

/** A frame that does not fit what was agreed on: the connection is given up, and the next one resumes. */
const brokenCode = 4490

/**
 * Messages that survive a connection: numbered both ways, acknowledged, and sent again after a loss to a server that
 * still knows the session, each exactly once and in order. `examples/json-session.md` specifies the frames, and
 * `examples/json-session-server.ts` is the other side. One session belongs to one socket; it carries text.
 *
 * @throws OptionsError
 */
export function jsonSession(given: Partial<JsonSessionOptions> = {}): JsonSession {
  return new JsonSessionState(resolve('jsonSession', jsonSessionDefaults, jsonSessionRules, given))
}

class JsonSessionState implements JsonSession {
  id: string | undefined
  readonly #options: Readonly<JsonSessionOptions>
  readonly #sent: ReplayBuffer
  readonly #subscriptions: Subscriptions
  /** The number of the last message that came; all before it came as well. */
  #got = 0
  #acknowledged = 0
  #link: SessionLink | undefined
  /** Counts how often it began anew; and for each connection that was welcomed, to which of these it belongs. */
  #epoch = 0
  readonly #epochs = new Map<SessionLink, number>()
  /** What had come when the other side was last out of step. */
  #outOfStepAt = -1
  #cancel: (() => void) | undefined

  constructor(options: Readonly<JsonSessionOptions>) {
    this.#options = options
    this.#sent = new ReplayBuffer(options.maxUnacknowledged, options.maxUnacknowledgedBytes)
    this.#subscriptions = new Subscriptions(options.subscribePerSecond, (t, k, d) => this.#subscribe(t, k, d))
  }

  get unacknowledged(): number {
    return this.#sent.size
  }

  subscribe(key: string, data = ''): void {
    this.#subscriptions.set(key, data)
  }

  unsubscribe(key: string): void {
    this.#subscriptions.delete(key)
  }

  opened(link: SessionLink): void {
    link.send(JSON.stringify({ t: 'hello', v: 1, id: this.id ?? null, got: this.id === undefined ? 0 : this.#got }))
  }

  received(data: unknown, link: SessionLink): void {
    const frame = readFrame(data)
    if (frame === undefined) link.fail(brokenCode, 'not a frame')
    else this.#take(frame, link)
  }

  closed(link: SessionLink): void {
    this.#epochs.delete(link)
    if (this.#link !== link) return
    this.#link = undefined
    this.#subscriptions.pause()
    this.#cancel?.()
    this.#cancel = undefined
  }

  check(data: SocketData): void {
    if (typeof data !== 'string') throw new OptionsError('data', 'a JSON session sends text, got binary data')
  }

  frame(data: SocketData, acknowledged: (() => void) | undefined): SocketData | undefined {
    if (this.#sent.full) return undefined
    const body = `"t":"msg","d":${JSON.stringify(data)}`
    return numbered(this.#sent.add({ body, keep: true, acknowledged }), body)
  }

  ping(): SocketData {
    return '{"t":"ping"}'
  }

  #take(frame: ServerFrame, link: SessionLink): void {
    if (frame.t === 'welcome') this.#welcome(frame, link)
    else if (frame.t === 'ping') link.send('{"t":"pong"}')
    else if (frame.t === 'drain') link.hint(frame.hint, true)
    // Numbers of a session that was forgotten mean nothing here, though its last connection may still say some.
    else if (this.#epochs.get(link) !== this.#epoch) return
    else if (frame.t === 'msg') this.#message(frame.n, frame.d, link)
    else if (frame.t === 'ack') this.#acknowledge(frame.n, link)
  }

  #welcome({ id, recovered, got, hint }: ServerFrame & { t: 'welcome' }, link: SessionLink): void {
    const goesOn = recovered && id === this.id
    const inStep = !goesOn || (got >= this.#sent.acknowledged && this.#sent.acknowledge(got))
    if (!inStep || this.#epochs.has(link)) {
      this.#outOfStep(link, 'a welcome that does not fit')
      return
    }
    if (!goesOn) this.#beginAnew(id)
    this.#epochs.set(link, this.#epoch)
    if (hint) link.hint(hint)
    this.#link = link
    // Before anything new: numbers go up without a gap.
    for (const [n, { body }] of this.#sent.unacknowledged()) link.send(numbered(n, body))
    link.ready(goesOn)
    if (this.#link === link) this.#subscriptions.resume(link.runtime, !goesOn)
  }

  #beginAnew(id: string): void {
    this.id = id
    this.#epoch++
    this.#got = 0
    this.#acknowledged = 0
    this.#sent.renumber()
  }

  /** The next connection goes on where this one was; if that is out of step in the same place, the one after begins anew. */
  #outOfStep(link: SessionLink, reason: string): void {
    if (this.#outOfStepAt === this.#got) this.id = undefined
    this.#outOfStepAt = this.#got
    link.fail(brokenCode, reason)
  }

  #message(n: number, data: string, link: SessionLink): void {
    if (n > this.#got + 1) {
      this.#outOfStep(link, 'a message is missing')
      return
    }
    // Seen already, on this connection or on the one before it.
    if (n === this.#got + 1) {
      this.#got = n
      link.deliver(data)
    }
    this.#plan(link)
  }

  #acknowledge(n: number, link: SessionLink): void {
    if (!this.#sent.acknowledge(n)) {
      this.#outOfStep(link, 'acknowledges what was never sent')
      return
    }
    this.#subscriptions.pump()
    link.room()
  }

  /** Acknowledges what came: several together, soon. */
  #plan(link: SessionLink): void {
    const { acknowledgeCount, acknowledgeMs } = this.#options
    if (acknowledgeMs === 0 || this.#got - this.#acknowledged >= acknowledgeCount) this.#tell()
    else this.#cancel ??= link.runtime.clock.setTimer(acknowledgeMs, () => this.#tell())
  }

  #tell(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#link === undefined) return
    this.#acknowledged = this.#got
    this.#link.send(`{"t":"ack","n":${this.#got}}`)
  }

  /** False where there is no room yet. */
  #subscribe(t: 'sub' | 'unsub', key: string, data: string): boolean {
    if (this.#link === undefined || this.#sent.full) return false
    const body = `"t":"${t}","k":${JSON.stringify(key)},"d":${JSON.stringify(data)}`
    // A server that has forgotten us gets all subscriptions anyway.
    this.#link.send(numbered(this.#sent.add({ body, keep: false, acknowledged: undefined }), body))
    return true
  }
}

function numbered(n: number, body: string): string {
  return `{"n":${n},${body}}`
}
