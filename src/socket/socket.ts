import { type ProtocolsSource, readClose, readProtocols, readUrl, type UrlSource } from './address.ts'
import { Engine } from './engine.ts'
import { SocketError } from './error.ts'
import { defineHandlers, SocketTarget } from './handlers.ts'
import { healthOf, type SocketHealth } from './health.ts'
import type { StateName } from './machine/index.ts'
import { type MessagesOptions, messagesOf } from './messages.ts'
import type { SocketOptions } from './options.ts'
import { bytesOf } from './outbox.ts'
import { resolveSocket } from './resolve-options.ts'
import { type DeliverOptions, Sending } from './sending.ts'
import { Teller } from './teller.ts'
import type { BinaryType, SocketData } from './transport.ts'

const numbers = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const

/**
 * A `WebSocket` that comes back, and never together with all others: after a loss it waits for a moment drawn from a
 * window that the cause and the server decide, is patient with a server that is busy, and counts a connection as a
 * success only after it has lived for a while. With `{ reconnect: false }` it is the platform's WebSocket.
 *
 * `url` and `protocols` may be functions; they are asked before every dial. `close` fires for every loss, with
 * `willReconnect`. While there is no connection, what is sent waits, bounded.
 *
 * @throws DOMException SyntaxError for a URL or a subprotocol that is none, as the standard's constructor
 * @throws OptionsError for an unknown option or a bad value
 */
export class ReliableSocket extends SocketTarget {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3
  readonly #engine: Engine
  readonly #sending: Sending
  readonly #teller: Teller
  readonly #plain: boolean
  /** Bytes that were sent after the end: they count as buffered for ever, as the standard has it. */
  #lostBytes = 0

  constructor(url: UrlSource, protocols: ProtocolsSource = [], given: Partial<SocketOptions> = {}) {
    super()
    if (url === undefined) throw new TypeError('a socket wants a URL')
    const asked = typeof url === 'function' ? url : readUrl(url)
    const offered = typeof protocols === 'function' ? protocols : readProtocols(protocols)
    const options = resolveSocket(given)
    this.#plain = !options.reconnect
    this.#teller = new Teller(this)
    this.#engine = new Engine(asked, offered, options, this.#teller)
    this.#sending = new Sending(this.#engine, this.#teller)
    this.#teller.subject = this.#engine
    this.#teller.sending = this.#sending
  }

  get url(): string {
    return this.#engine.address?.href ?? ''
  }

  /** 0 connecting, waiting for the next dial included; 1 open; 2 closing; 3 closed for good. */
  get readyState(): 0 | 1 | 2 | 3 {
    const { live, state } = this.#engine
    if (this.#plain && live?.leaving) return numbers.CLOSING
    return readyStates[state.name] ?? numbers.CONNECTING
  }

  /** How far it is, in more words than `readyState` has. */
  get state(): StateName {
    return this.#engine.state.name
  }

  /** Bytes that were sent and are not on the wire yet, those that wait for a connection included. */
  get bufferedAmount(): number {
    return this.#lostBytes + this.#sending.queued.bytes + (this.#engine.live?.transport?.bufferedAmount ?? 0)
  }

  get protocol(): string {
    return this.#teller.protocol
  }

  get extensions(): string {
    return this.#teller.extensions
  }

  get binaryType(): BinaryType {
    return this.#engine.binaryType
  }

  /** Kept over all connections. Anything that is no binary type changes nothing. */
  set binaryType(type: BinaryType) {
    if (type !== 'blob' && type !== 'arraybuffer') return
    this.#engine.binaryType = type
    if (this.#engine.live?.transport) this.#engine.live.transport.binaryType = type
  }

  /**
   * Sends, or queues while there is no connection. What the queue has no room for is told by an `overflow` event;
   * `deliver` gives a receipt.
   *
   * @throws DOMException InvalidStateError with `{ reconnect: false }` before the socket is open
   */
  send(data: SocketData): void {
    const message = typeof data === 'string' ? data : sendable(data)
    const { readyState } = this
    const { opening } = this.#teller
    if (readyState >= numbers.CLOSING) this.#lostBytes += bytesOf(message)
    else if (this.#plain && readyState === numbers.CONNECTING && !opening) {
      throw new DOMException('the socket is still connecting', 'InvalidStateError')
    } else this.#sending.send(message, opening)
  }

  /**
   * Sends with a receipt: resolves when the message has been handed over to the connection, or, with a session that
   * acknowledges, when the server has it.
   *
   * @throws SocketError `overflow`, `expired` or `closed`, where it has not been
   */
  deliver(data: SocketData, options?: DeliverOptions): Promise<void> {
    if (this.readyState >= numbers.CLOSING) return Promise.reject(new SocketError('closed', 'the socket is closed'))
    return this.#sending.deliver(sendable(data), options, this.#teller.opening)
  }

  /**
   * Closes for good, after what was sent.
   *
   * @throws DOMException InvalidAccessError for a code that is neither 1000 nor from 3000 to 4999; SyntaxError for a
   * reason of more than 123 bytes
   */
  close(code: number | undefined = undefined, reason = ''): void {
    this.#engine.feed({ type: 'close', loss: { cause: 'local', wasClean: true, ...readClose(code, reason) } })
  }

  /** Dials anew within a second, whatever it waits for now; also after it was closed. */
  reconnect(): void {
    this.#engine.reconnect()
  }

  /** Moves to a new connection while the old one serves on. Resolves with whether that came about. */
  rotate(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#engine.feed({ type: 'rotate' })
      if (this.state === 'rotating') this.#teller.awaitRotation(resolve)
      else resolve(false)
    })
  }

  /** The messages of all its connections, to be read in a loop that ends when the socket is closed for good. */
  messages(options?: Partial<MessagesOptions>): AsyncIterableIterator<string | ArrayBuffer | Blob> {
    return messagesOf(this, options, (data) => this.#teller.overflowed(1, bytesOf(data)))
  }

  health(): SocketHealth {
    return healthOf(this.#engine, this.#sending.queued)
  }

  /** Closes, and resolves when it is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    while (this.readyState !== numbers.CLOSED) {
      await new Promise((resolve) => this.addEventListener('close', resolve, { once: true }))
    }
  }

  get [Symbol.toStringTag](): string {
    return 'WebSocket'
  }
}

const readyStates: Partial<Record<StateName, 1 | 2 | 3>> = { open: 1, rotating: 1, closing: 2, closed: 3 }

/** As the standard converts: what is no data is text, and a symbol is no text. */
function sendable(data: SocketData): SocketData {
  return ArrayBuffer.isView(data) || data instanceof ArrayBuffer || data instanceof Blob ? data : `${data}`
}

for (const [name, value] of Object.entries(numbers)) {
  const constant = { value, enumerable: true }
  Object.defineProperty(ReliableSocket, name, constant)
  Object.defineProperty(ReliableSocket.prototype, name, constant)
}
const members = ['url', 'readyState', 'bufferedAmount', 'protocol', 'extensions', 'binaryType', 'send', 'close']
for (const name of members) Object.defineProperty(ReliableSocket.prototype, name, { enumerable: true })
defineHandlers(ReliableSocket.prototype, ['open', 'message', 'error', 'close', 'reconnecting', 'suspended', 'overflow'])
