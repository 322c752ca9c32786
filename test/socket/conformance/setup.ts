import { ReliableSocket, type SocketOptions } from '../../../src/socket/index.ts'
import type { OpenTransport } from '../../../src/socket/transport.ts'

/** Where the behaviour is looked at: a platform, and a transport on it. */
export interface Setup {
  /** Of a real server, as in `server.ts`. */
  readonly origin: () => string
  /** The platform's own if absent. */
  readonly transport?: OpenTransport
  /** What the platform's own class does in another way than the standard: said here, and not looked at there. */
  readonly quirks?: readonly Quirk[]
  /** What of that ours cannot make up for. */
  readonly inherited?: readonly Quirk[]
  /** Runs something whose listeners throw, and gives what the platform reported of that. */
  reported(run: () => Promise<unknown>): Promise<unknown[]>
}

export type Quirk =
  /** A handler that is replaced goes behind all listeners. */
  | 'handler-order'
  /** `close` while it connects fires error and close before it returns. */
  | 'sync-abort'
  /** A binaryType that is none makes it `blob`. */
  | 'binary-type-reset'
  /** What is sent after `close` does not count as buffered. */
  | 'uncounted-after-close'
  /** Subprotocols that differ in case are not taken for the same. */
  | 'case-sensitive-protocols'
  /** `close(undefined, reason)` throws. */
  | 'reason-wants-code'
  /** The close frame overtakes a Blob that is being read, and all that waits behind it. */
  | 'close-overtakes-blobs'
  /** It waits for ever for a server that has closed and does not end TCP. */
  | 'waits-for-tcp'
  /** `currentTarget` is null for all listeners of an EventTarget but the first. */
  | 'current-target'

/** Whether a socket of this name does this in its own way. */
export function odd({ quirks, inherited }: Setup, name: string, quirk: Quirk): boolean {
  return (name === 'ours' ? inherited : quirks)?.includes(quirk) === true
}

/** The standard's socket, whoever made it. */
export type Make = (url: string | URL, protocols?: string | string[]) => WebSocket

/** Ours in the mode that is to be like the platform's. The return type is part of the test: it is a WebSocket. */
export function plainOf({ transport }: Setup): Make {
  return (url, protocols) => new ReliableSocket(url, protocols, { reconnect: false, transport, runtime: {} })
}

/** Ours, back within moments. Each has a process of its own, so that no other test shuts its gate. */
export function reconnectingOf({ transport }: Setup) {
  return (
    url: ConstructorParameters<typeof ReliableSocket>[0],
    protocols?: ConstructorParameters<typeof ReliableSocket>[1],
    options: Partial<SocketOptions> = {},
  ): ReliableSocket =>
    new ReliableSocket(url, protocols, { firstWindowMs: 10, maxWindowMs: 50, transport, runtime: {}, ...options })
}

interface Events {
  open: Event
  message: MessageEvent
  error: Event
  close: CloseEvent
  reconnecting: Event
}

/** The next event of its kind. */
export function next<Type extends keyof Events>(socket: EventTarget, type: Type): Promise<Events[Type]> {
  return new Promise((resolve) => {
    socket.addEventListener(type, (event) => resolve(event as Events[Type]), { once: true })
  })
}

/** The next messages, as many as that. */
export function messages(socket: EventTarget, count: number): Promise<unknown[]> {
  return new Promise((resolve) => {
    const found: unknown[] = []
    const listener = (event: Event) => {
      found.push((event as MessageEvent).data)
      if (found.length < count) return
      socket.removeEventListener('message', listener)
      resolve(found)
    }
    socket.addEventListener('message', listener)
  })
}

/** All that happens to a socket, with the state it was in, as text. */
export function logOf(socket: EventTarget & { readonly readyState: number }): string[] {
  const log: string[] = []
  const note = (type: string, text: (event: Event) => string) =>
    socket.addEventListener(type, (event) => log.push(`${type}${text(event)} in ${socket.readyState}`))
  note('open', () => '')
  note('message', (event) => ` ${(event as MessageEvent).data}`)
  note('error', () => '')
  note('close', (event) => {
    const { code, reason, wasClean, willReconnect } = event as CloseEvent & { willReconnect?: boolean }
    return ` ${code} '${reason}' ${wasClean ? 'clean' : 'unclean'}${willReconnect ? ', comes back' : ''}`
  })
  note('reconnecting', () => '')
  return log
}

/** Bytes of a message, whatever it came as. */
export async function bytes(data: unknown): Promise<number[]> {
  return [...new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : (data as ArrayBuffer))]
}
