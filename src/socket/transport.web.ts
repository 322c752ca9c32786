import type { BinaryType, DialRequest, OpenTransport, SocketData, Transport, TransportListener } from './transport.ts'

/** Too large a message, as a close code. */
const tooLarge = 1009

/**
 * The platform's own WebSocket, looked up at each dial so that a mock which comes later is used. It tells nothing of a
 * refused upgrade, cannot ping, and has taken a message in before anybody can say that it is too large.
 */
class WebTransport implements Transport {
  readonly #socket: WebSocket
  readonly #listener: TransportListener
  #failed = false
  #ended = false

  constructor(request: DialRequest, listener: TransportListener) {
    this.#listener = listener
    const socket = new WebSocket(request.url, [...request.protocols])
    this.#socket = socket
    socket.binaryType = request.binaryType
    socket.onopen = () => {
      if (!this.#ended) listener.opened()
    }
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer | Blob>) => {
      if (this.#ended) return
      if (sizeOf(data) <= request.maxPayload) listener.received(data)
      else this.#refuse()
    }
    socket.onerror = () => {
      this.#failed = true
    }
    socket.onclose = ({ code, reason, wasClean }) => this.#end(code, reason, wasClean)
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
    return this.#socket.binaryType
  }

  set binaryType(type: BinaryType) {
    this.#socket.binaryType = type
  }

  send(data: SocketData): void {
    this.#socket.send(data as string)
  }

  close(code?: number, reason?: string): void {
    // Chromium takes an `undefined` that is not the last argument for 0.
    if (code === undefined) this.#socket.close()
    else this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#ended = true
    // Nothing drops a connection at once here: it is closed, and nobody waits for that.
    this.#socket.close()
  }

  #refuse(): void {
    this.#ended = true
    this.#socket.close()
    this.#listener.closed(1006, '', false, { failed: true, fault: tooLarge })
  }

  #end(code: number, reason: string, wasClean: boolean, fault?: number): void {
    if (this.#ended) return
    this.#ended = true
    this.#listener.closed(code, reason, wasClean, { failed: this.#failed, fault })
  }
}

/** At least; a text can be up to three times as long in bytes. */
function sizeOf(data: string | ArrayBuffer | Blob): number {
  if (typeof data === 'string') return data.length
  return data instanceof Blob ? data.size : data.byteLength
}

const open = (request: DialRequest, listener: TransportListener) => new WebTransport(request, listener)

export const openTransport: OpenTransport = Object.assign(open, { seesTransport: false, platformEvents: true })
