import { onAbort } from '../core/abort.ts'
import { type BreakwaterError, type ErrorCode, isBreakwaterError } from '../core/error.ts'
import { OptionsError, resolve } from '../core/options.ts'
import type { Runtime } from '../core/runtime.ts'
import { authorityOf } from '../upstream/authority.ts'
import type { Registry } from '../upstream/registry.ts'
import { type AttemptRecord, rememberAttempts } from './attempts.ts'
import { type CallSettings, Exchange } from './exchange.ts'
import type { InFlight } from './in-flight.ts'
import { type CallOptions, callDefaults, callRules, type HttpOptions } from './options.ts'
import { ownLayer } from './own-layer.ts'
import { pushbackReader } from './pushback-hint.ts'
import { type HttpRetryOptions, httpRetryDefaults, httpRetryRules } from './retry-options.ts'
import { httpStack } from './stack.ts'

/** `fetch` of the WHATWG standard, with every behaviour of the client around it. */
export type BreakwaterFetch = (
  input: RequestInfo | URL,
  init?: RequestInit & { breakwater?: CallOptions },
) => Promise<Response>

/** Refusals that `fallback` may answer for. */
const refusals: ReadonlySet<ErrorCode> = new Set(['circuit-open', 'limit', 'pushback', 'throttled'])

/** Builds the client's `fetch`: turns what the caller gave into an exchange, and runs it through the layers. */
export function buildFetch(
  options: Readonly<HttpOptions>,
  { registry, inFlight, runtime }: { registry: Registry; inFlight: InFlight; runtime: Runtime },
): BreakwaterFetch {
  const upstreamOf = options.upstreamOf ?? authorityOf
  const retryOptions = resolveRetry(httpRetryDefaults, options.retry)
  const locate = (request: Request) => {
    const url = new URL(request.url)
    return { url, upstream: registry.get(upstreamOf(url)) }
  }
  const run = httpStack(
    {
      own: (options.layers ?? []).map((layer) => ownLayer(layer, locate)),
      read: pushbackReader(options.pushback || {}, runtime),
      fetch: options.fetch,
    },
    runtime,
  )

  const settingsOf = (given: CallOptions | undefined): CallSettings => {
    const { deadlineMs, attemptMs, replayBytes } = options
    if (given === undefined) {
      const call = { deadlineMs, attemptMs, replayBytes, retry: retryOptions }
      return { ...call, priority: 'normal', idempotent: undefined }
    }
    const call = resolve('breakwater', callDefaults, callRules, given)
    return {
      deadlineMs: call.deadlineMs ?? deadlineMs,
      attemptMs: call.attemptMs ?? attemptMs,
      priority: call.priority ?? 'normal',
      idempotent: call.idempotent,
      retry: call.retry === undefined ? retryOptions : resolveRetry(retryOptions, call.retry),
      replayBytes,
    }
  }

  const send = async (input: RequestInfo | URL, given: RequestInit & { breakwater?: CallOptions }) => {
    const { breakwater, signal, ...init } = given
    const settings = settingsOf(breakwater)
    const url = urlOf(input, options.baseUrl)
    // Not ours (data:, blob:) or not a URL: the platform answers, or says in its own words what is wrong.
    if (url === undefined)
      return (options.fetch ?? globalThis.fetch)(input, signal === undefined ? init : { ...init, signal })

    const callers = signal === undefined ? signalOf(input) : signal
    if (callers?.aborted) throw callers.reason
    const controller = new AbortController()
    const leave = inFlight.enter(controller)
    const unlink = callers ? onAbort(callers, () => controller.abort(callers.reason)) : undefined
    const resolved = options.baseUrl !== undefined && !isRequest(input) ? url : input
    const upstream = registry.get(upstreamOf(url))
    const attempts: AttemptRecord[] = []
    let exchange: Exchange | undefined
    upstream.calls++
    try {
      exchange = new Exchange({ input: resolved, init, url, upstream }, settings, runtime.clock, attempts)
      const context = { signal: controller.signal, attempt: 1, deadlineAt: Infinity, priority: settings.priority }
      const response = await run(exchange, context)
      rememberAttempts(response, attempts)
      if (unlink) whenRead(response, unlink)
      return response
    } catch (error) {
      unlink?.()
      rememberAttempts(error, attempts)
      const instead = exchange && (await fallBack(error, exchange, options))
      if (instead) return instead
      throw error
    } finally {
      upstream.calls--
      leave()
    }
  }
  return (input, init = {}) => send(input, init)
}

async function fallBack(
  error: unknown,
  exchange: Exchange,
  { fallback }: Readonly<HttpOptions>,
): Promise<Response | undefined> {
  if (fallback === undefined || !isBreakwaterError(error) || !refusals.has(error.code)) return undefined
  try {
    return await fallback(error as BreakwaterError, exchange.request())
  } catch {
    return undefined
  }
}

function resolveRetry(defaults: Readonly<HttpRetryOptions>, given: HttpOptions['retry']): Readonly<HttpRetryOptions> {
  return resolve('retry', defaults, httpRetryRules, given === false ? { attempts: 1 } : given)
}

/** The URL that a call goes to; undefined when that is none of http or https. */
function urlOf(input: RequestInfo | URL, base: string | URL | undefined): URL | undefined {
  const text = isRequest(input) ? input.url : String(input)
  const against = base ?? (globalThis as { location?: { href: string } }).location?.href
  const url = URL.canParse(text, against) ? new URL(text, against) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  // A path from outside ("//evil.example/x") must not carry the client's credentials elsewhere.
  if (base !== undefined && typeof input === 'string' && url.origin !== new URL(base).origin) {
    throw new OptionsError(
      'baseUrl',
      `a string leads away from baseUrl (to ${url.origin}); pass a URL object to mean that`,
    )
  }
  return url
}

function isRequest(input: RequestInfo | URL): input is Request {
  return typeof input === 'object' && 'clone' in input
}

function signalOf(input: RequestInfo | URL): AbortSignal | undefined {
  return isRequest(input) ? input.signal : undefined
}

let unread: FinalizationRegistry<() => void> | undefined

/**
 * The caller's abort must reach a body while it is read, and nothing tells when that is over. So the link to the caller's
 * signal goes when the stream is collected; until then it is one entry in a set, and harmless.
 */
function whenRead(response: Response, unlink: () => void): void {
  if (response.body === null) {
    unlink()
    return
  }
  if (typeof FinalizationRegistry === 'undefined') return
  unread ??= new FinalizationRegistry((release) => release())
  unread.register(response.body, unlink)
}
