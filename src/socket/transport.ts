import type { Layer } from '../core/layer.ts'
import type { Hint } from '../core/retry-after.ts'
import type { Runtime } from '../core/runtime.ts'
import type { ReadPushback } from '../layers/pushback/index.ts'

/** What binary messages come as. Not the DOM's own type: a service in Node has none. */
export type BinaryType = 'blob' | 'arraybuffer'

/** What `send` takes. */
export type SocketData = string | ArrayBufferLike | Blob | ArrayBufferView

/** One connection to be made. */
export interface DialRequest {
  readonly url: string
  readonly protocols: readonly string[]
  /** Only where the platform can send them: Node. */
  readonly headers: Readonly<Record<string, string>>
  /** The largest message that is taken, in bytes. */
  readonly maxPayload: number
  readonly binaryType: BinaryType
}

/** An answer to the upgrade that was none. Browsers hide it. */
export interface Refusal {
  readonly status: number
  header(name: string): string | undefined
}

/** What a transport tells. After `closed` it tells nothing more. */
export interface TransportListener {
  /** TCP and TLS stand. A transport that cannot know never says so, and has `seesTransport` false. */
  connected(): void
  opened(): void
  received(data: string | ArrayBuffer | Blob): void
  /** A ping or a pong came: somebody is there. */
  alive(): void
  closed(code: number, reason: string, wasClean: boolean, details: Ended): void
}

/** More of an end than a close event holds. */
export interface Ended {
  readonly failed: boolean
  readonly refusal?: Refusal | undefined
  /** What the server did wrong, as a close code: a frame that is none (1002), a message that is too large (1009). */
  readonly fault?: number | undefined
  /** What the platform gives for a reason; browsers give none. */
  readonly error?: unknown
}

/** One connection, from the dial to its end. */
export interface Transport {
  readonly bufferedAmount: number
  readonly protocol: string
  readonly extensions: string
  /** Whether the other side has begun to close it: until `closed` comes, whatever is sent is lost. */
  readonly leaving?: boolean
  binaryType: BinaryType
  send(data: SocketData): void
  /** Sends a protocol ping; absent where the platform has none. */
  readonly ping?: (() => void) | undefined
  /** Begins the close handshake. */
  close(code?: number, reason?: string): void
  /** Lets go of the connection without a word. It tells nothing any more. */
  terminate(): void
}

/** Dials. Never throws for what the other side does. */
export interface OpenTransport {
  (request: DialRequest, listener: TransportListener): Transport
  /** Whether it can tell a host that is away from a server that is busy. */
  readonly seesTransport: boolean
  /** Whether messages should be the platform's own `MessageEvent`, which costs Node ten times an `Event`. */
  readonly platformEvents: boolean
  /** Reads answers to refused upgrades; as on this platform if absent, and a browser's knows of none. */
  readonly refusals?: Refusals
}

/** What can be made of an answer that refuses an upgrade. */
export interface Refusals {
  /** When the server wants us back. */
  read(refusal: Refusal, wallNow: number): Hint | undefined
  /** The layers around all dials to one place, which hold them back for as long as it wants. */
  layers<Req, Res>(
    authority: string,
    runtime: Runtime,
    needs: { readonly read: ReadPushback<Req, Res>; readonly limit: Layer<Req, Res> },
  ): Layer<Req, Res>[]
}
