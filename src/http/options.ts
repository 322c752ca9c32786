import type { BudgetOptions } from '../core/budget.ts'
import type { BreakwaterError } from '../core/error.ts'
import type { Layer, Priority } from '../core/layer.ts'
import { callback, duration, listOf, number, oneOf, type Rule, type Rules } from '../core/options.ts'
import type { BreakerOptions } from '../layers/breaker/index.ts'
import type { LimitOptions } from '../layers/limit/index.ts'
import type { PushbackOptions } from '../layers/pushback.ts'
import type { HttpRetryOptions } from './retry-options.ts'

/** What one call may say for itself: `fetch(url, { breakwater: { … } })`, and the same key among ky's options. */
export interface CallOptions {
  /** As the client's `deadlineMs`. */
  deadlineMs?: number | undefined
  /** As the client's `attemptMs`. */
  attemptMs?: number | undefined
  /** Who goes first where there is not room for all. `'normal'` if absent. */
  priority?: Priority | undefined
  /** `true`: it may be repeated although its method says no. `false`: never, although its method says yes. */
  idempotent?: boolean | undefined
  /** Changes to the client's retry options, or `false` for a single attempt. */
  retry?: Partial<HttpRetryOptions> | false | undefined
}

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
  retry: undefined,
  budget: undefined,
  breaker: undefined,
  pushback: undefined,
  limit: undefined,
  layers: undefined,
  upstreamOf: undefined,
  fallback: undefined,
  fetch: undefined,
}

/** Members are checked by the part that they are for, which is built at the same time. */
const group: Rule = {
  wants: 'an object of options, or false',
  holds: (value) => value === false || (typeof value === 'object' && value !== null && !Array.isArray(value)),
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
  retry: group,
  budget: { wants: 'an object of options', holds: (value) => value !== false && group.holds(value) },
  breaker: group,
  pushback: group,
  limit: group,
  layers: listOf('functions', (item) => typeof item === 'function'),
  upstreamOf: callback,
  fallback: callback,
  fetch: callback,
}

export const callDefaults: CallOptions = {
  deadlineMs: undefined,
  attemptMs: undefined,
  priority: undefined,
  idempotent: undefined,
  retry: undefined,
}

export const callRules: Rules<CallOptions> = {
  deadlineMs: duration,
  attemptMs: duration,
  priority: oneOf('critical', 'high', 'normal', 'low', 'background'),
  idempotent: oneOf(true, false),
  retry: group,
}
