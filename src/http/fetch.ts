import { never } from '../core/abort.ts'
import { authorityOf } from '../core/authority.ts'
import type { Runtime } from '../core/runtime.ts'
import type { Registry } from '../upstream/registry.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { isRequest, urlOf } from './base-url.ts'
import type { CallOptions } from './call-options.ts'
import { callSettings } from './call-settings.ts'
import { CallerSignal } from './caller-signal.ts'
import { type CallSettings, Exchange } from './exchange.ts'
import type { InFlight } from './in-flight.ts'
import { KnownOrigins } from './known-origins.ts'
import type { HttpOptions } from './options.ts'
import { ownLayer } from './own-layer.ts'
import { pushbackReader } from './pushback-hint.ts'
import { httpStack } from './stack.ts'

type Init = RequestInit & { breakwater?: CallOptions }

/** `fetch` of the WHATWG standard, with every behaviour of the client around it. */
export type BreakwaterFetch = (input: Parameters<typeof globalThis.fetch>[0], init?: Init) => Promise<Response>

/** Builds the client's `fetch`: turns what the caller gave into an exchange, and runs it through the layers. */
export function buildFetch(
  options: Readonly<HttpOptions>,
  { registry, inFlight, runtime }: { registry: Registry; inFlight: InFlight; runtime: Runtime },
): BreakwaterFetch {
  const upstreamOf = options.upstreamOf ?? authorityOf
  // Copied: its owner may change it later.
  const base = options.baseUrl === undefined ? undefined : new URL(options.baseUrl)
  const settingsOf = callSettings(options)
  const upstreamAt = (url: URL) => registry.get(upstreamOf(url))
  const locate = (request: Request) => {
    const url = new URL(request.url)
    return { url, upstream: upstreamAt(url) }
  }
  const ownLayers = (options.layers ?? []).map((layer) => ownLayer(layer, locate))
  const read = pushbackReader(options.pushback || {}, runtime)
  const layers = httpStack({ options, own: ownLayers, read, inFlight }, runtime)
  // A page's own address is the base of its texts, and an upstream that somebody else names is named by a whole URL.
  const known = base === undefined && options.upstreamOf === undefined ? new KnownOrigins(registry) : undefined

  const run = (
    input: RequestInfo | URL,
    init: RequestInit,
    settings: CallSettings,
    callers: AbortSignal | undefined | null,
    url: URL | string,
    upstream: Upstream,
  ): Promise<Response> => {
    inFlight.check()
    // A string or a Request goes out as it came. A URL is copied, because its owner may turn it into the next page's.
    const kept = isRequest(input) || (typeof input === 'string' && base === undefined)
    const exchange = new Exchange({ input: kept ? input : url, init, url, upstream }, settings, runtime.clock)
    const caller = callers ? new CallerSignal(callers, input) : undefined
    const context = { signal: caller?.signal ?? never(), attempt: 1, deadlineAt: Infinity, priority: settings.priority }
    // Own layers are given a request, which nobody else can change, and until then the body must not be touched.
    const body = ownLayers.length === 0 ? exchange.body : undefined
    const answer = layers(exchange, context)
    body?.freeze()
    return caller === undefined ? answer : caller.lead(answer)
  }

  const send = (input: RequestInfo | URL, given: Init | undefined): Promise<Response> => {
    const text = isRequest(input) ? input.url : typeof input === 'string' ? input : undefined
    const found = text === undefined ? undefined : known?.find(text)
    if (given === undefined && found !== undefined && text === input) {
      return run(input, noInit, settingsOf(undefined), undefined, text, found)
    }
    const { signal, ...init } = membersOf(given ?? noInit)
    const settings = settingsOf(given && Object.hasOwn(given, 'breakwater') ? given.breakwater : undefined)
    const callers = signal === undefined ? signalOf(input) : signal
    const url = found === undefined ? urlOf(input, base) : (text as string)
    // Not ours (data:, blob:), or not a URL or a signal: the platform answers, or says in its own words what is wrong.
    if (url === undefined || (callers && !('addEventListener' in callers))) {
      return (options.fetch ?? globalThis.fetch)(input, signal === undefined ? init : { ...init, signal })
    }
    if (callers?.aborted) throw callers.reason
    const upstream = typeof url === 'string' ? (found as Upstream) : upstreamAt(url)
    if (text !== undefined && typeof url === 'object') known?.learn(text, url, upstream)
    return run(input, init, settings, callers, url, upstream)
  }
  return (input, init) => {
    try {
      return send(input, init ?? undefined)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

const noInit: RequestInit = {}

/** A `Request` can be the init of another one, and its members are none of its own that a spread would see. */
function membersOf(given: Init): RequestInit {
  if (!isRequest(given as RequestInfo)) {
    const { breakwater: _, ...members } = given
    return members
  }
  const members: Record<string, unknown> = {}
  for (const name in given) members[name] = given[name as keyof Init]
  return members
}

function signalOf(input: RequestInfo | URL): AbortSignal | undefined {
  return isRequest(input) ? input.signal : undefined
}
