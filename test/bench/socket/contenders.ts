import WebSocket from 'ws'

/** As much of a socket as is measured. */
export interface Measured {
  readonly readyState: number
  send(data: string): void
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void
}

export type Make = (url: string) => Measured

/** Without compression, which ours leaves off: it would be negotiated with nobody here, but costs each socket memory. */
class Plain extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols, { perMessageDeflate: false })
  }
}

/** Loads one of ours, with these options. */
async function reliable(options: { readonly reconnect?: false }): Promise<Make> {
  const { ReliableSocket } = await import('../../../src/socket/index.ts')
  return (url) => new ReliableSocket(url, [], options) as Measured
}

/** Loads one, and nothing of the others. All but the native one are over the same `ws`. */
export const contenders: Readonly<Record<string, () => Promise<Make>>> = {
  ws: async () => (url) => new Plain(url) as Measured,
  'native WebSocket': async () => (url) => new globalThis.WebSocket(url) as Measured,
  ReliableSocket: () => reliable({}),
  'ReliableSocket, reconnect: false': () => reliable({ reconnect: false }),
  'reconnecting-websocket': async () => {
    const { default: given } = await import('reconnecting-websocket')
    // Its types say that the class is the member `default`; what Node gives is the class.
    const Reconnecting = given as unknown as new (url: string, protocols: string[], options: object) => Measured
    return (url) => new Reconnecting(url, [], { WebSocket: Plain })
  },
  partysocket: async () => {
    const { default: PartySocket } = await import('partysocket/ws')
    return (url) => new PartySocket(url, [], { WebSocket: Plain }) as Measured
  },
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
  const make = await contenders[name]!()
  const { prototype } = WebSocket
  const { emit } = prototype
  let wire: WebSocket | undefined
  // Every one of them lets its `ws` tell it that it is open.
  prototype.emit = function (this: WebSocket, ...event: unknown[]) {
    wire = this
    return Reflect.apply(emit, this, event)
  }
  const socket = make(url)
  await opened(socket)
  Reflect.deleteProperty(prototype, 'emit')
  return { socket, wire: wire! }
}
