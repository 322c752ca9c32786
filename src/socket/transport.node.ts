import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import WebSocket from 'ws'
import type { DialRequest, OpenTransport, Refusal, SocketData, Transport, TransportListener } from './transport.ts'

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
 * Node, with `ws`: it can send headers and pings, tells why an upgrade was refused, and bounds the size of a message,
 * none of which Node's own WebSocket does.
 */
class NodeTransport implements Transport {
  readonly #socket: WebSocket
  readonly #listener: TransportListener
  #refusal: Refusal | undefined
  #fault: number | undefined
  #failed = false
  #ended = false

  constructor(request: DialRequest, listener: TransportListener) {
    this.#listener = listener
    const socket = new WebSocket(request.url, [...request.protocols], {
      headers: request.headers,
      maxPayload: request.maxPayload,
      perMessageDeflate: false,
      followRedirects: false,
      ...closing,
      finishRequest: (sent: ClientRequest) => {
        sent.once('socket', (wire) => this.#watch(wire))
        sent.end()
      },
    })
    this.#socket = socket
    socket.binaryType = request.binaryType as 'arraybuffer'
    socket.on('open', () => listener.opened())
    socket.on('message', (data, isBinary) => listener.received(isBinary ? (data as ArrayBuffer) : data.toString()))
    socket.on('ping', () => listener.alive())
    socket.on('pong', () => listener.alive())
    socket.on('unexpected-response', (sent: ClientRequest, answer: IncomingMessage) => this.#refused(sent, answer))
    // Stays when all others leave: an error nobody listens for ends the process.
    socket.on('error', (error) => this.#broke(error))
    socket.on('close', (code, reason) => this.#end(code, reason.toString()))
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

  get binaryType(): BinaryType {
    return this.#socket.binaryType as BinaryType
  }

  set binaryType(type: BinaryType) {
    this.#socket.binaryType = type as 'arraybuffer'
  }

  send(data: SocketData): void {
    this.#socket.send(data as string)
  }

  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping()
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#ended = true
    this.#socket.terminate()
  }

  #watch(wire: Socket): void {
    if (!wire.connecting && !('encrypted' in wire)) this.#listener.connected()
    else wire.once('encrypted' in wire ? 'secureConnect' : 'connect', () => this.#listener.connected())
  }

  /** Whoever listens for a refusal has to end the request too; `ws` leaves it open for ever. */
  #refused(sent: ClientRequest, answer: IncomingMessage): void {
    const { headers } = answer
    const header = (name: string) => {
      const value = headers[name]
      return Array.isArray(value) ? value[0] : value
    }
    this.#refusal = { status: answer.statusCode ?? 0, header }
    answer.destroy()
    sent.destroy()
    this.#socket.terminate()
  }

  #broke(error: Error & { code?: string }): void {
    this.#failed = true
    const { code = '' } = error
    if (code.startsWith('WS_ERR_')) this.#fault ??= faults[code] ?? 1002
  }

  #end(code: number, reason: string): void {
    if (this.#ended) return
    this.#ended = true
    const details = { failed: this.#failed, refusal: this.#refusal, fault: this.#fault }
    this.#listener.closed(code, reason, code !== 1006, details)
  }
}

const open = (request: DialRequest, listener: TransportListener) => new NodeTransport(request, listener)

export const openTransport: OpenTransport = Object.assign(open, { seesTransport: true, platformEvents: false })
