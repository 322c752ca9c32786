import type { BudgetOptions } from '../core/budget.ts'
import type { BreakwaterError } from '../core/error.ts'
import type { Layer } from '../core/layer.ts'
import {
  callback,
  duration,
  headerList,
  listOf,
  number,
  numberOrInfinity,
  object,
  oneOf,
  type Rule,
  type Rules,
} from '../core/options.ts'
import type { BreakerOptions } from '../layers/breaker/index.ts'
import type { HedgeOptions } from '../layers/hedge/index.ts'
import type { LimitOptions } from '../layers/limit/index.ts'
import type { PushbackOptions } from '../layers/pushback/index.ts'
import type { ThrottleOptions } from '../layers/throttle/index.ts'
import type { TokenSource } from '../refresh/token.ts'
import type { SingleFlightOptions } from './request-key.ts'
import type { HttpRetryOptions } from './retry-options.ts'

export interface HttpOptions {
  /**
   * What relative URLs are resolved against, as the URL standard does. A string that leads to another origin is then
   * refused; a `URL` or a `Request` goes where it says.
   * @default undefined
   */
  baseUrl: string | URL | undefined
  /**
   * The patience of a caller, in ms, from the call to the response headers: attempts, waits and queues together.
   * `Infinity` waits for ever.
   * @default 30000
   */
  deadlineMs: number
  /**
   * The patience of one attempt, in ms, to the response headers. It does not run for a streamed body, nor for one above
   * 64 KiB: `fetch` does not tell when the upload ends. `Infinity`: only `deadlineMs` ends it.
   * @default 10000
   */
  attemptMs: number
  /**
   * Bodies up to this many bytes are kept, to be sent again; larger ones go out once. 0 keeps none.
   * @default 1048576
   */
  replayBytes: number
  /**
   * What the patience of one attempt covers: the wait for the headers, or the body as well, until it has been read.
   * @default 'headers'
   */
  attemptCovers: 'headers' | 'body'
  /**
   * Bytes of a response body beyond which it breaks off with a `BodyError`. `Infinity`: as many as come.
   * @default Infinity
   */
  maxResponseBytes: number
  /**
   * How long a reader waits for the next bytes of a body before it breaks off with a `BodyError`, in ms. `Infinity`: as
   * long as it takes.
   * @default Infinity
   */
  idleReadMs: number
  /**
   * Lower-case names of headers that hold a secret: no redirect to another origin carries them, and single-flight takes
   * them for the identity of the caller. Where a call has one, redirects are followed by us, or, in browsers, not at all.
   * @default []
   */
  secretHeaders: readonly string[]
  /**
   * The name of a header that tells the server which attempt this is, from 1. Absent: none is sent.
   * @default undefined
   */
  attemptHeader: string | undefined
  /** Retry, or `false`: one attempt. */
  retry: Partial<HttpRetryOptions> | false | undefined
  /** What pays for extra attempts. */
  budget: Partial<BudgetOptions> | undefined
  /** The circuit breaker; `false`: nothing opens it but `isolate`. */
  breaker: Partial<BreakerOptions> | false | undefined
  /** The shared Retry-After gate, or `false`. */
  pushback: Partial<PushbackOptions> | false | undefined
  /** The adaptive concurrency limit, or `false`. */
  limit: Partial<LimitOptions> | false | undefined
  /** A second copy of slow calls: `true`, or its options. Off if absent. */
  hedge: Partial<HedgeOptions> | boolean | undefined
  /** One call for all who ask for the same thing at the same time: `true`, or its options. Off if absent. */
  singleFlight: Partial<SingleFlightOptions> | boolean | undefined
  /** Refuses calls that the server would not serve anyway: `true`, or its options. Off if absent. */
  throttle: Partial<ThrottleOptions> | boolean | undefined
  /**
   * Gives each attempt its token: `createTokenSource(…)`. With a `baseUrl` only its origin gets the token, without one
   * every server that is called. A call with an `Authorization` of its own keeps that.
   */
  token: TokenSource | undefined
  /** Layers of your own, once around each call, the first one outermost. */
  layers: readonly Layer<Request, Response>[] | undefined
  /** Which upstream a URL belongs to, for gateways that host many services; `host:port` if absent. */
  upstreamOf: ((url: URL) => string) | undefined
  /**
   * Asked for an answer when we refuse (circuit, limit, pushback, throttle); `undefined` lets the error stand. If it
   * throws, the error stands too.
   */
  fallback: ((error: BreakwaterError, request: Request) => Response | Promise<Response> | undefined) | undefined
  /** Sends the requests. The platform's `fetch`, looked up at each call, if absent. */
  fetch: typeof fetch | undefined
}

export const httpDefaults: Readonly<HttpOptions> = {
  baseUrl: undefined,
  deadlineMs: 30_000,
  attemptMs: 10_000,
  replayBytes: 1_048_576,
  attemptCovers: 'headers',
  maxResponseBytes: Infinity,
  idleReadMs: Infinity,
  secretHeaders: [],
  attemptHeader: undefined,
  retry: undefined,
  budget: undefined,
  breaker: undefined,
  pushback: undefined,
  limit: undefined,
  hedge: undefined,
  singleFlight: undefined,
  throttle: undefined,
  token: undefined,
  layers: undefined,
  upstreamOf: undefined,
  fallback: undefined,
  fetch: undefined,
}

/** Members are checked by the part that they are for, which is built at the same time. */
export const group: Rule = {
  wants: 'an object of options, or false',
  holds: (value) => value === false || (object.holds(value) && !Array.isArray(value)),
}

const choice: Rule = {
  wants: 'true, false or an object of options',
  holds: (value) => value === true || group.holds(value),
}

const base: Rule = {
  wants: 'an absolute http or https URL',
  holds: (value) =>
    (typeof value === 'string' || value instanceof URL) &&
    URL.canParse(value) &&
    /^https?:$/.test(new URL(value).protocol),
}

export const httpRules: Rules<HttpOptions> = {
  baseUrl: base,
  deadlineMs: duration,
  attemptMs: duration,
  replayBytes: number(0, Number.MAX_SAFE_INTEGER),
  attemptCovers: oneOf('headers', 'body'),
  maxResponseBytes: numberOrInfinity(0),
  idleReadMs: duration,
  secretHeaders: headerList,
  attemptHeader: {
    wants: 'a header name',
    holds: (value) => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
  },
  retry: group,
  budget: { wants: 'an object of options', holds: (value) => value !== false && group.holds(value) },
  breaker: group,
  pushback: group,
  limit: group,
  hedge: choice,
  singleFlight: choice,
  throttle: choice,
  token: {
    wants: 'a token source (get, rejected)',
    holds: (value) =>
      object.holds(value) &&
      ['get', 'rejected'].every((name) => callback.holds((value as Record<string, unknown>)[name])),
  },
  layers: listOf('functions', callback.holds),
  upstreamOf: callback,
  fallback: callback,
  fetch: callback,
}
