import type { Runtime } from '../core/runtime.ts'
import type { Address } from './ask-address.ts'
import { type Attempt, type AttemptListener, beginAttempt } from './attempt.ts'
import { type Cause, failedDial, type Loss, lossOf } from './classify.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import { lossOfDial, lossOfError, verdictOf } from './dial.ts'
import type { Pulse } from './heartbeat.ts'
import type { Hint } from './hint.ts'
import type { Progress } from './machine/index.ts'
import type { SessionLink } from './session.ts'
import { type LinkedConnection, linkTo } from './session-link.ts'
import type { TokenInUse } from './token.ts'
import type { Ended, Refusal, SocketData, Transport, TransportListener } from './transport.ts'

/**
 * One attempt, and the connection that becomes of it. Everything that belongs to it lives here, and whatever it tells
 * carries its generation, so that what comes late from an old one moves nothing.
 */
export class Connection implements AttemptListener, TransportListener, LinkedConnection, Pulse {
  readonly generation: number
  readonly #owner: ConnectionOwner<Connection>
  #attempt: Attempt | undefined
  #isOpen = false
  #link: SessionLink | undefined
  ended = false
  transport: Transport | undefined
  heard = true
  dialMs = 0
  /** The token that it dialed with. */
  token: TokenInUse | undefined
  /** Whether the server still knew the session. */
  recovered = false

  constructor(owner: ConnectionOwner<Connection>, generation: number) {
    this.#owner = owner
    this.generation = generation
  }

  get runtime(): Runtime {
    return this.#owner.runtime
  }

  /** What is sent over it now is lost, though its end has not been told yet. */
  get leaving(): boolean {
    return this.transport?.leaving === true
  }

  begin(attempt: number): void {
    this.#attempt = beginAttempt(this.#owner, this, attempt)
  }

  // What its attempt tells.

  progress(type: Progress): void {
    if (!this.ended) this.#owner.feed({ type, generation: this.generation })
  }

  resolved({ url, protocols, headers, token }: Address): void {
    this.progress('resolved')
    const { options, openTransport, binaryType } = this.#owner
    this.token = token
    const request = { url: url.href, protocols, headers, maxPayload: options.maxPayload, binaryType }
    try {
      this.transport = openTransport(request, this)
      // Nothing would ever end the wait for it.
      if (!openTransport.seesTransport) this.connected()
    } catch (error) {
      // The platform refuses what we let pass: a page over https that dials ws:, a blocked port.
      this.#lose(failedDial('refused', { reason: error instanceof Error ? error.name : '' }))
    }
  }

  failed(error: unknown): void {
    this.#lose(lossOfError(error))
  }

  // What the transport tells.

  connected(): void {
    this.progress('transport')
  }

  opened(): void {
    if (this.ended) return
    this.#isOpen = true
    this.dialMs = this.#attempt?.tookMs() ?? 0
    this.#attempt?.settle('success')
    this.#attempt = undefined
    this.progress('opened')
    const { session } = this.#owner.options
    if (session) {
      this.#link = linkTo(this)
      session.opened(this.#link)
    } else this.ready()
  }

  received(data: string | ArrayBuffer | Blob): void {
    this.heard = true
    const { session, heartbeat } = this.#owner.options
    // What a session takes from a connection that was let go of would never come again.
    if (this.ended || this.#owner.state.name === 'closing' || (heartbeat !== false && heartbeat.isReply?.(data))) return
    if (session && this.#link) session.received(data, this.#link)
    else this.#owner.received(data, this)
  }

  alive(): void {
    this.heard = true
  }

  closed(code: number, reason: string, wasClean: boolean, details: Ended): void {
    if (!this.#isOpen)
      this.#lose(lossOfDial(details, code, reason, this.#owner.refusals, this.runtime), details.refusal)
    else this.#lose(lossOf(code, reason, wasClean, details))
  }

  // What a session does.

  send(frame: SocketData): void {
    if (!this.ended) this.transport?.send(frame)
  }

  ready(recovered = false): void {
    this.recovered = recovered
    this.progress('ready')
  }

  deliver(data: string | ArrayBuffer | Blob): void {
    this.#owner.received(data, this)
  }

  hint(hint: Hint, drain = false): void {
    this.#owner.feed({ type: 'hint', generation: this.generation, hint, drain })
  }

  room(): void {
    this.#owner.listener.flush()
  }

  fail(code: number, reason: string): void {
    this.transport?.close(code, reason)
    this.#lose(failedDial('drop', { code, reason }))
  }

  // Signs of life.

  ping(): boolean {
    const { session, heartbeat } = this.#owner.options
    const own = heartbeat ? heartbeat.message : undefined
    const message = session?.ping?.() ?? (typeof own === 'function' ? own() : own)
    if (message === undefined) this.transport?.ping?.()
    else this.send(message)
    return message !== undefined || this.transport?.ping !== undefined
  }

  /** Nobody waits for the close of a path that is gone: it would never come. */
  dead(cause: Cause = 'drop'): void {
    this.transport?.terminate()
    this.#lose(failedDial(cause))
  }

  /** Lets go at once, in the middle of whatever it was doing. */
  drop(cause: Cause): void {
    this.end(cause)
    this.transport?.terminate()
  }

  /** Does nothing any more, though its close handshake may go on. */
  end(cause: Cause, refusal?: Refusal): void {
    if (this.ended) return
    this.ended = true
    this.#attempt?.settle(verdictOf(cause), refusal)
    this.#attempt?.end()
    this.#attempt = undefined
    if (this.#link) this.#owner.options.session?.closed?.(this.#link)
  }

  #lose(loss: Loss, refusal?: Refusal): void {
    if (this.ended) return
    this.end(loss.cause, refusal)
    this.#owner.lost(this, loss)
  }
}
