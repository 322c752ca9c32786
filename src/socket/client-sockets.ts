import { OptionsError } from '../core/options.ts'
import type { Runtime } from '../core/runtime.ts'
import type { ProtocolsSource, UrlSource } from './address.ts'
import type { DialUpstream } from './dial.ts'
import type { Environment } from './environment.ts'
import type { SocketHealth } from './health.ts'
import type { SocketOptions } from './options.ts'
import { ReliableSocket } from './socket.ts'
import type { SocketToken } from './token.ts'

/** Options of a client's socket: time, chance, an ear and what is known of the server come from the client. */
export type ClientSocketOptions = Omit<SocketOptions, 'runtime' | 'upstreamOf'>

/** What a client gives to its sockets. */
export interface ClientSocketNeeds {
  readonly runtime: Runtime
  readonly environment: Environment | undefined
  readonly token: SocketToken | undefined
  readonly upstreamOf: (url: URL) => DialUpstream
  /** Reads a URL as the client's requests do: relative to its base. */
  readonly urlOf: (url: string | URL) => string | URL
}

/** The sockets of one client, which end with it. */
export class ClientSockets {
  readonly #needs: ClientSocketNeeds
  readonly #open = new Set<ReliableSocket>()
  #closed = false

  constructor(needs: ClientSocketNeeds) {
    this.#needs = needs
  }

  open(
    url: UrlSource,
    protocols: ProtocolsSource | undefined,
    options: Partial<ClientSocketOptions> = {},
  ): ReliableSocket {
    for (const name of ['runtime', 'upstreamOf']) {
      if (!Object.hasOwn(options, name)) continue
      throw new OptionsError(`options.${name}`, `options.${name} is the client's to give, not its sockets' own`)
    }
    const { runtime, environment, token, upstreamOf, urlOf } = this.#needs
    const asked: UrlSource = typeof url === 'function' ? async (dial) => urlOf(await url(dial)) : urlOf(url)
    const socket = new ReliableSocket(asked, protocols, {
      ...options,
      environment: options.environment ?? environment,
      token: options.token ?? token,
      runtime,
      upstreamOf,
    })
    this.#open.add(socket)
    socket.addEventListener('close', ({ willReconnect }) => {
      if (!willReconnect) this.#open.delete(socket)
    })
    // A socket of a closed client ends as its requests do, but as a socket: with an event.
    if (this.#closed) socket.close(1000)
    return socket
  }

  health(): SocketHealth[] {
    return [...this.#open].map((socket) => socket.health())
  }

  /** Closes them all; resolves when they are closed. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#open].map((socket) => socket[Symbol.asyncDispose]()))
  }
}
