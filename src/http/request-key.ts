import { callback, headerList, listOf, number, type Rules } from '../core/options.ts'
import { type Exchange, headersOf } from './exchange.ts'

export interface SingleFlightOptions {
  /**
   * Methods whose calls may be shared.
   * @default ['GET', 'HEAD']
   */
  methods: readonly string[]
  /**
   * Bodies up to this many bytes are read once and handed to all; the callers of a larger one make calls of their own. 0
   * shares only answers without a body.
   * @default 5242880
   */
  maxBytes: number
  /**
   * Names what a request asks for, in place of method, URL and headers; `undefined` does not share it.
   * @default undefined
   */
  key: ((request: Request) => string | undefined) | undefined
  /**
   * Names who asks, in place of the credentials in the headers; `undefined` does not share it.
   * @default undefined
   */
  identity: ((request: Request) => string | undefined) | undefined
  /**
   * Lower-case names of the headers that vary the answer. Absent: all of them do, but those of tracing.
   * @default undefined
   */
  vary: readonly string[] | undefined
}

export const singleFlightDefaults: Readonly<SingleFlightOptions> = {
  methods: ['GET', 'HEAD'],
  maxBytes: 5_242_880,
  key: undefined,
  identity: undefined,
  vary: undefined,
}

const safeMethods: readonly unknown[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']

export const singleFlightRules: Rules<SingleFlightOptions> = {
  methods: listOf(`safe methods (${safeMethods.join(', ')})`, (item) => safeMethods.includes(item)),
  maxBytes: number(0, Number.MAX_SAFE_INTEGER),
  key: callback,
  identity: callback,
  vary: headerList,
}

/** They differ from call to call and change no answer. */
const tracing =
  /^(?:traceparent|tracestate|baggage|b3|x-b3-(?:traceid|spanid|parentspanid|sampled)|x-cloud-trace-context|x-amzn-trace-id|x-(?:request|correlation)-id|sentry-trace)$/

/** Who asks. With `vary` given they still separate callers: an answer for one must never reach another. */
const credentials = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key']

/**
 * What makes two calls the same: method, URL without its fragment, the headers that vary the answer, and the credentials.
 * The key holds them as they are, so that no two callers can collide; it lives as long as the flight and is never told.
 */
export function requestKey(
  options: Readonly<SingleFlightOptions>,
  secretHeaders: readonly string[],
): (exchange: Exchange) => string | undefined {
  const { methods, key, identity, vary } = options
  const who = [...new Set([...credentials, ...secretHeaders])]
  return (exchange) => {
    const { method, url, input, init } = exchange
    // A body (QUERY) would have to be part of the key.
    if (!methods.includes(method) || exchange.hasBody) return undefined
    const headers = headersOf(input, init)
    const named = key ? key(exchange.request()) : `${method} ${url.origin}${url.pathname}${url.search}`
    const owner = identity ? identity(exchange.request()) : listed(headers, who)
    if (named === undefined || owner === undefined) return undefined
    // What the platform adds by itself, cookies above all, follows from these.
    const mode = `${init.credentials ?? ''} ${init.mode ?? ''} ${init.cache ?? ''} ${init.redirect ?? ''}`
    const varied = key ? '' : listed(headers, vary ?? varying(headers))
    return JSON.stringify([named, owner, mode, varied])
  }
}

function listed(headers: Headers, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => [name, headers.get(name)]))
}

function varying(headers: Headers): string[] {
  return [...headers.keys()].filter((name) => !tracing.test(name))
}
