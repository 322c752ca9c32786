import type { Runtime } from '../core/runtime.ts'
import type { ProtocolsSource, UrlProvider } from './address.ts'
import type { Loss } from './classify.ts'
import type { DialRoute } from './dial.ts'
import type { Input, State } from './machine/index.ts'
import type { Resolved } from './resolve-options.ts'
import type { BinaryType, OpenTransport, Refusals } from './transport.ts'

/** What a connection needs of the socket that it is made for. */
export interface ConnectionOwner<Connection> {
  readonly runtime: Runtime
  readonly state: State
  readonly options: Resolved
  readonly url: URL | UrlProvider
  readonly protocols: ProtocolsSource
  readonly binaryType: BinaryType
  readonly openTransport: OpenTransport
  readonly refusals: Refusals | undefined
  /** How its upstream is dialed, once it is known. */
  readonly route: DialRoute | undefined
  /** How this address is dialed; the socket's own from now on. */
  routeTo(url: URL): DialRoute
  feed(input: Input): void
  lost(connection: Connection, loss: Loss): void
  received(data: string | ArrayBuffer | Blob, connection: Connection): void
  readonly listener: { flush(): void }
}
