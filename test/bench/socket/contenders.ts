import PartySocket from 'partysocket/ws'
import reconnectingWebSocket from 'reconnecting-websocket'
import WebSocket from 'ws'
import { ReliableSocket } from '../../../src/socket/index.ts'

/** As much of a socket as is measured. */
export interface Measured {
  readonly readyState: number
  send(data: string): void
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void
}

/** Without compression, which ours leaves off: it would be negotiated with nobody here, but costs each socket memory. */
class Plain extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols, { perMessageDeflate: false })
  }
}

// Its types say that the class is the member `default`; what Node gives is the class.
const ReconnectingWebSocket = reconnectingWebSocket as unknown as new (
  url: string,
  protocols: string[],
  options: object,
) => Measured

/** Everybody over the same `ws`. */
export const contenders: Readonly<Record<string, (url: string) => Measured>> = {
  ws: (url) => new Plain(url) as Measured,
  ReliableSocket: (url) => new ReliableSocket(url) as Measured,
  'ReliableSocket, reconnect: false': (url) => new ReliableSocket(url, [], { reconnect: false }) as Measured,
  'reconnecting-websocket': (url) => new ReconnectingWebSocket(url, [], { WebSocket: Plain }),
  partysocket: (url) => new PartySocket(url, [], { WebSocket: Plain }) as Measured,
}

/** Resolves when it is open. */
export function opened(socket: Measured): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.OPEN) resolve()
    else socket.addEventListener('open', () => resolve())
  })
}

/** Makes a socket, and returns the `ws` under it as well. */
export async function openOver(name: string, url: string): Promise<{ socket: Measured; wire: WebSocket }> {
  const { prototype } = WebSocket
  const { emit } = prototype
  let wire: WebSocket | undefined
  // Every one of them lets its `ws` tell it that it is open.
  prototype.emit = function (this: WebSocket, ...event: unknown[]) {
    wire = this
    return Reflect.apply(emit, this, event)
  }
  const socket = contenders[name]!(url)
  await opened(socket)
  Reflect.deleteProperty(prototype, 'emit')
  return { socket, wire: wire! }
}
