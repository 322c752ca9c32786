import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import WebSocket from 'ws'
import { platformMessage, SocketMessageEvent } from './events.ts'
import { copyOf } from './outbox.ts'
import { refusals } from './refusals.ts'
import type {
  BinaryType,
  DialRequest,
  OpenTransport,
  Refusal,
  SocketData,
  Transport,
  TransportListener,
} from './transport.ts'

/** How long the server may take to answer our close frame, in ms. */
const closing = { closeTimeout: 2_000 }

/** What `ws` found wrong with a frame, as the close code that says so; the rest is 1002. */
const faults: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_INVALID_UTF8: 1007,
}

/**
 * Where a `ws` keeps the transport that it belongs to. Listeners that all connections share find their way by it: those
 * of its own would take 420 bytes of each, a fifth of all that an idle socket costs.
 */
const owner = Symbol('owner')

type Owned = WebSocket & { [owner]: NodeTransport }

/**
 * Node, with `ws`: it can send headers and pings, tells why an upgrade was refused, and bounds the size of a message,
 * none of which Node's own WebSocket does.
 */
class NodeTransport implements Transport {
  readonly #socket: WebSocket
  readonly listener: TransportListener
  #refusal: Refusal | undefined
  #fault: number | undefined
  #error: Error | undefined
  #ended = false
  /** Blobs that are being read: what is sent meanwhile waits behind them. */
  #blobs = 0

  constructor(request: DialRequest, listener: TransportListener) {
    this.listener = listener
    const socket = new WebSocket(request.url, [...request.protocols], {
      headers: request.headers,
      maxPayload: request.maxPayload,
      perMessageDeflate: false,
      followRedirects: false,
      ...closing,
      finishRequest: (sent: ClientRequest) => {
        sent.once('socket', (wire) => this.#watch(wire))
        // Before `ws` hears it and gives the request up.
        sent.prependOnceListener('response', (answer) => this.#refused(answer))
        sent.end()
      },
    })
    this.#socket = socket
    socket.binaryType = request.binaryType as 'arraybuffer'
    const owned = Object.assign(socket, { [owner]: this })
    owned.on('open', opened)
    owned.on('message', received)
    owned.on('ping', alive)
    // Stays when all others leave: an error nobody listens for ends the process.
    owned.on('error', broke)
    owned.on('close', closed)
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  get extensions(): string {
    return this.#socket.extensions
  }

  get leaving(): boolean {
    return this.#socket.readyState > WebSocket.OPEN
  }

  get binaryType(): BinaryType {
    return this.#socket.binaryType as BinaryType
  }

  set binaryType(type: BinaryType) {
    this.#socket.binaryType = type as 'arraybuffer'
  }

  send(data: SocketData): void {
    if (typeof data !== 'string' && data instanceof Blob) {
      this.#blobs++
      this.#socket.send(data, () => this.#blobs--)
    } else this.#socket.send((this.#blobs > 0 ? copyOf(data) : data) as string)
  }

  ping(): void {
    const socket = this.#socket
    if (socket.readyState !== WebSocket.OPEN) return
    // The sixth kind of event would double the table that `ws` keeps its listeners in, so it comes when it is needed.
    if (socket.listenerCount('pong') === 0) socket.on('pong', alive)
    socket.ping()
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#ended = true
    this.#socket.terminate()
  }

  #watch(wire: Socket): void {
    if (!wire.connecting && !('encrypted' in wire)) this.listener.connected()
    else wire.once('encrypted' in wire ? 'secureConnect' : 'connect', () => this.listener.connected())
  }

  #refused({ headers, statusCode = 0 }: IncomingMessage): void {
    const header = (name: string) => {
      const value = headers[name]
      return Array.isArray(value) ? value[0] : value
    }
    this.#refusal = { status: statusCode, header }
  }

  broke(error: Error & { code?: string }): void {
    this.#error ??= error
    const { code = '' } = error
    if (code.startsWith('WS_ERR_')) this.#fault ??= faults[code] ?? 1002
  }

  end(code: number, reason: string): void {
    if (this.#ended) return
    this.#ended = true
    const details = {
      failed: this.#error !== undefined,
      refusal: this.#refusal,
      fault: this.#fault,
      error: this.#error,
    }
    this.listener.closed(code, reason, code !== 1006, details)
  }
}

function transportOf(socket: WebSocket): NodeTransport {
  return (socket as Owned)[owner]
}

function opened(this: WebSocket): void {
  this.off('open', opened)
  transportOf(this).listener.opened()
}

function received(this: WebSocket, data: WebSocket.RawData, isBinary: boolean): void {
  transportOf(this).listener.received(isBinary ? (data as ArrayBuffer) : data.toString())
}

function alive(this: WebSocket): void {
  transportOf(this).listener.alive()
}

function broke(this: WebSocket, error: Error & { code?: string }): void {
  transportOf(this).broke(error)
}

function closed(this: WebSocket, code: number, reason: Buffer): void {
  transportOf(this).end(code, reason.toString())
}

const open = (request: DialRequest, listener: TransportListener) => new NodeTransport(request, listener)

export const openTransport: OpenTransport = Object.assign(open, {
  seesTransport: true,
  platformEvents: false,
  refusals,
})

/** @param isPlain whether it should be the platform's own all the same */
export function messageEvent(data: string | ArrayBuffer | Blob, origin: string, isPlain: boolean): Event {
  return isPlain ? platformMessage(data, origin) : new SocketMessageEvent(data, origin)
}
