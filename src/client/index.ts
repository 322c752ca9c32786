import type { KyInstance } from 'ky'
import { authorityOf } from '../core/authority.ts'
import { duration, resolve } from '../core/options.ts'
import { socketUrl } from '../http/base-url.ts'
import type { BreakwaterFetch } from '../http/fetch.ts'
import { createKy } from '../http/ky.ts'
import type { TokenSource } from '../refresh/token.ts'
import type { ProtocolsSource, UrlSource } from '../socket/address.ts'
import { type ClientSocketOptions, ClientSockets } from '../socket/client-sockets.ts'
import type { SocketHealth } from '../socket/health.ts'
import type { ReliableSocket } from '../socket/socket.ts'
import type { SocketToken } from '../socket/token.ts'
import { authorityNamed } from '../upstream/authority-named.ts'
import type { UpstreamHealth } from '../upstream/health.ts'
import type { Hear } from './emitter.ts'
import { layFoundation } from './foundation.ts'
import type { ClientOptions } from './options.ts'

export { createFetch } from './foundation.ts'
export type { ClientOptions } from './options.ts'

/** What a client knows, as plain JSON. */
export interface ClientHealth {
  readonly upstreams: Record<string, UpstreamHealth>
  readonly sockets: readonly SocketHealth[]
}

export interface Client {
  /** The platform's `fetch` with every behaviour around it. */
  readonly fetch: BreakwaterFetch
  /** ky over that `fetch`. */
  readonly http: KyInstance
  /** A `WebSocket` that comes back, and shares what this client knows of its server; without a URL's scheme and host the base URL's count. */
  socket(url: UrlSource, protocols?: ProtocolsSource, options?: Partial<ClientSocketOptions>): ReliableSocket
  /** Hears one type of event, or all of them with `'*'`. The function returned stops it. A listener that throws is reported and changes nothing. */
  on: Hear
  health(): ClientHealth
  /** Holds the circuit of one upstream (`host:port` or a URL) open, or of all of them, until disposed of. */
  isolate(authority?: string): Disposable
  /**
   * Refuses later calls with a `ClosedError`, and gives those under way `drainMs` (5 s; 0 is none) before they end with
   * one too. Resolves when all have settled.
   */
  close(options?: { drainMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Time that `close` gives to calls under way, in ms. */
const closeDefaults: { drainMs: number } = { drainMs: 5_000 }

/**
 * One set of upstreams, and the ways to talk to them. Make one per process (or per tab) and share it: what one call
 * learns of a server, all of them know.
 *
 * @throws OptionsError for an unknown option or a bad value
 * @example
 * const client = createClient({ baseUrl: 'https://api.example' })
 * const orders = await client.http.get('orders').json()
 */
export function createClient(given: ClientOptions = {}): Client {
  const { options, runtime, on, registry, inFlight, fetch, unlend } = layFoundation(given)
  const { upstreamOf } = options
  const base = options.baseUrl === undefined ? undefined : new URL(options.baseUrl)
  const keyOf = upstreamOf ?? authorityOf
  const sockets = new ClientSockets({
    runtime,
    environment: options.environment,
    token: options.token && tokenFor(options.token, base?.origin),
    upstreamOf: (url) => registry.get(keyOf(url)),
    urlOf: (url) => socketUrl(url, base),
  })
  const close = async (given?: { drainMs?: number }) => {
    const { drainMs } = resolve('close', closeDefaults, { drainMs: duration }, given)
    // It may be somebody else's as well, and goes on without us.
    unlend?.()
    await Promise.all([sockets.close(), inFlight.close(drainMs, runtime.clock)])
  }
  return {
    fetch,
    http: createKy(fetch, options.ky, options.baseUrl),
    socket: (url, protocols, socketOptions) => sockets.open(url, protocols, socketOptions),
    on,
    health: () => ({ upstreams: registry.health(), sockets: sockets.health() }),
    isolate: (authority) =>
      registry.isolate(authority === undefined ? undefined : authorityNamed(authority, upstreamOf)),
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

/** As with requests, a base URL keeps the token at home. */
function tokenFor(source: TokenSource, origin: string | undefined): SocketToken {
  return { get: (asked) => source.get(asked), rejected: (token) => source.rejected(token), origin }
}
