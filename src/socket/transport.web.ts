import { bytesOf } from './outbox.ts'
import type { DialRequest, OpenTransport, Transport, TransportListener } from './transport.ts'

/** Too large a message, as a close code. */
const tooLarge = 1009

/**
 * The platform's own WebSocket, looked up at each dial so that a mock which comes later is used. It tells nothing of a
 * refused upgrade, cannot ping, and has taken a message in before anybody can say that it is too large. It is its own
 * transport: what it lacks for one is added to it.
 */
function open(request: DialRequest, listener: TransportListener): Transport {
  const socket = new WebSocket(request.url, [...request.protocols])
  let failed = false
  let ended = false
  // Nothing drops a connection at once here: it is closed, and nobody waits for that.
  const terminate = () => {
    ended = true
    socket.close()
  }
  socket.binaryType = request.binaryType
  socket.onopen = () => {
    if (!ended) listener.opened()
  }
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer | Blob>) => {
    if (ended) return
    // At least: a text can be up to three times as long in bytes.
    const size = typeof data === 'string' ? data.length : bytesOf(data)
    if (size <= request.maxPayload) {
      listener.received(data)
      return
    }
    terminate()
    listener.closed(1006, '', false, { failed: true, fault: tooLarge })
  }
  socket.onerror = () => {
    failed = true
  }
  socket.onclose = ({ code, reason, wasClean }) => {
    if (ended) return
    ended = true
    listener.closed(code, reason, wasClean, { failed })
  }
  return Object.defineProperties(socket as unknown as Transport, {
    leaving: { get: () => socket.readyState > WebSocket.OPEN },
    terminate: { value: terminate },
  })
}

export const openTransport: OpenTransport = Object.assign(open, { seesTransport: false, platformEvents: true })

/** The platform's own, whatever is asked for: it is not dear here. */
export function messageEvent(data: string | ArrayBuffer | Blob, origin: string, _isPlain: boolean): Event {
  return new MessageEvent('message', { data, origin })
}
