import type { KyInstance } from 'ky'
import { authorityOf } from './core/authority.ts'
import type { Clock } from './core/clock.ts'
import { callback, duration, OptionsError, type Rule, type Rules, resolve } from './core/options.ts'
import { reportFailure } from './core/report.ts'
import { createRuntime, type Runtime, type RuntimeEvent } from './core/runtime.ts'
import type { BreakwaterEvent } from './events.ts'
import { socketUrl } from './http/base-url.ts'
import { type BreakwaterFetch, buildFetch } from './http/fetch.ts'
import { InFlight } from './http/in-flight.ts'
import { createKy, type KyOptions } from './http/ky.ts'
import { buildLentFetch } from './http/lent-fetch.ts'
import { type HttpOptions, httpDefaults, httpRules } from './http/options.ts'
import { lend } from './refresh/lending.ts'
import type { TokenSource } from './refresh/token.ts'
import type { ProtocolsSource, UrlSource } from './socket/address.ts'
import { type ClientSocketOptions, ClientSockets } from './socket/client-sockets.ts'
import type { Environment } from './socket/environment.ts'
import type { SocketHealth } from './socket/health.ts'
import type { ReliableSocket } from './socket/socket.ts'
import type { SocketToken } from './socket/token.ts'
import { HerdWatch } from './telemetry/herd.ts'
import { authorityNamed } from './upstream/authority-named.ts'
import type { UpstreamHealth } from './upstream/health.ts'
import { Registry } from './upstream/registry.ts'

/** How a client behaves. Every member may be left out; section "Defaults" of the README has the values. */
export interface ClientOptions extends Partial<HttpOptions> {
  /** Options for the `http` that is ky; its retry and timeouts are ours. */
  ky?: KyOptions | undefined
  /** Time, chance and an ear other than the platform's: for tests and simulations. */
  runtime?: Partial<Runtime> | undefined
  /** Whether there is a network and somebody who looks, for the client's sockets; the page's own if absent. */
  environment?: Environment | undefined
  /** Hears every event; the same as `on('*', listener)`. */
  onEvent?: ((event: BreakwaterEvent) => void) | undefined
}

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
  on<Type extends BreakwaterEvent['type'] | '*'>(
    type: Type,
    listener: (event: Type extends '*' ? BreakwaterEvent : Extract<BreakwaterEvent, { type: Type }>) => void,
  ): () => void
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

type OwnOptions = Pick<ClientOptions, 'ky' | 'runtime' | 'environment' | 'onEvent'>

const object: Rule = { wants: 'an object', holds: (value) => typeof value === 'object' && value !== null }

const clientDefaults: HttpOptions & Required<OwnOptions> = {
  ...httpDefaults,
  ky: undefined,
  runtime: undefined,
  environment: undefined,
  onEvent: undefined,
}

const rules: Rules<HttpOptions & Required<OwnOptions>> = {
  ...httpRules,
  ky: object,
  runtime: object,
  environment: object,
  onEvent: callback,
}

const runtimeDefaults: Runtime = createRuntime()

const clockMembers = ['now', 'wallNow', 'sleep', 'setTimer'] as const

const runtimeRules: Rules<Runtime> = {
  clock: {
    wants: `a clock (${clockMembers.join(', ')})`,
    holds: (value) => object.holds(value) && clockMembers.every((name) => typeof (value as Clock)[name] === 'function'),
  },
  random: callback,
  emit: callback,
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
  const options = resolve('options', clientDefaults, rules, given)
  const runtime = createRuntime(resolve('runtime', runtimeDefaults, runtimeRules, options.runtime))
  const on = createEmitter(runtime)
  if (options.onEvent) on('*', options.onEvent)
  const { attemptMs, budget, breaker, pushback, limit, hedge, throttle, upstreamOf } = options
  const watch = (authority: string) => new HerdWatch(runtime, authority)
  const registry = new Registry({ attemptMs, budget, breaker, pushback, limit, hedge, throttle, watch }, runtime)
  const inFlight = new InFlight()
  const fetch = buildFetch(options, { registry, inFlight, runtime })
  const base = options.baseUrl === undefined ? undefined : new URL(options.baseUrl)
  const keyOf = upstreamOf ?? authorityOf
  const sockets = new ClientSockets({
    runtime,
    environment: options.environment,
    token: options.token && tokenFor(options.token, base?.origin),
    upstreamOf: (url) => registry.get(keyOf(url)),
    urlOf: (url) => socketUrl(url, base),
  })
  const emit = (event: RuntimeEvent) => runtime.emit?.(event)
  // As long as there is anything of this client, be it one socket.
  const unlend =
    options.token && lend(options.token, { fetch: buildLentFetch(options, { registry, runtime }), emit }, registry)
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

/** A client's `fetch` alone. @throws OptionsError */
export function createFetch(options: ClientOptions = {}): BreakwaterFetch {
  return createClient(options).fetch
}

/** Gives the runtime an ear only as long as somebody listens: without one no layer builds an event. */
function createEmitter(runtime: Runtime): Client['on'] {
  const listeners = new Map<(event: BreakwaterEvent) => void, string>()
  const emit = (event: RuntimeEvent) => {
    for (const [listener, type] of [...listeners]) {
      // One that was taken back by another, while this event was told, is not told any more.
      if ((type !== '*' && type !== event.type) || !listeners.has(listener)) continue
      try {
        listener(event as BreakwaterEvent)
      } catch (error) {
        reportFailure(error)
      }
    }
  }
  const on: Client['on'] = (type, listener) => {
    if (typeof listener !== 'function')
      throw new OptionsError('on', `on wants a function to tell, got ${typeof listener}`)
    // Wrapped, so that one function can listen twice and leave once.
    const entry = (event: BreakwaterEvent) => listener(event as never)
    listeners.set(entry, type)
    runtime.emit = emit
    return () => {
      listeners.delete(entry)
      if (listeners.size === 0) runtime.emit = undefined
    }
  }
  const given = runtime.emit
  if (given) on('*', given)
  return on
}
