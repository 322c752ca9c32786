import { onAbort } from '../core/abort.ts'
import { authorityOf } from '../core/authority.ts'
import { type BreakwaterError, type ErrorCode, isBreakwaterError } from '../core/error.ts'
import { resolve } from '../core/options.ts'
import type { Runtime } from '../core/runtime.ts'
import type { Registry } from '../upstream/registry.ts'
import { rememberAttempts } from './attempts.ts'
import { isRequest, urlOf } from './base-url.ts'
import { type CallOptions, callDefaults, callRules } from './call-options.ts'
import { linger, link } from './caller-signal.ts'
import { type CallSettings, Exchange } from './exchange.ts'
import type { InFlight } from './in-flight.ts'
import type { HttpOptions } from './options.ts'
import { ownLayer } from './own-layer.ts'
import { pushbackReader } from './pushback-hint.ts'
import { type HttpRetryOptions, httpRetryDefaults, httpRetryRules } from './retry-options.ts'
import { httpStack } from './stack.ts'

type Init = RequestInit & { breakwater?: CallOptions }

/** `fetch` of the WHATWG standard, with every behaviour of the client around it. */
export type BreakwaterFetch = (input: Parameters<typeof globalThis.fetch>[0], init?: Init) => Promise<Response>

/** Refusals that `fallback` may answer for. */
const refusals: ReadonlySet<ErrorCode> = new Set(['circuit-open', 'limit', 'pushback', 'throttled'])

/** Builds the client's `fetch`: turns what the caller gave into an exchange, and runs it through the layers. */
export function buildFetch(
  options: Readonly<HttpOptions>,
  { registry, inFlight, runtime }: { registry: Registry; inFlight: InFlight; runtime: Runtime },
): BreakwaterFetch {
  const upstreamOf = options.upstreamOf ?? authorityOf
  // Copied: its owner may change it later.
  const base = options.baseUrl === undefined ? undefined : new URL(options.baseUrl)
  const retryOptions = resolveRetry(httpRetryDefaults, options.retry)
  const locate = (request: Request) => {
    const url = new URL(request.url)
    return { url, upstream: registry.get(upstreamOf(url)) }
  }
  const ownLayers = (options.layers ?? []).map((layer) => ownLayer(layer, locate))
  const layers = httpStack(
    {
      options,
      own: ownLayers,
      read: pushbackReader(options.pushback || {}, runtime),
    },
    runtime,
  )

  const settingsOf = (given: CallOptions | undefined): CallSettings => {
    const { deadlineMs, attemptMs, replayBytes } = options
    const resends = options.token !== undefined
    if (given === undefined) {
      const call = { deadlineMs, attemptMs, replayBytes, resends, retry: retryOptions }
      return { ...call, priority: 'normal', idempotent: undefined, hedge: undefined, singleFlight: undefined }
    }
    const call = resolve('breakwater', callDefaults, callRules, given)
    return {
      deadlineMs: call.deadlineMs ?? deadlineMs,
      attemptMs: call.attemptMs ?? attemptMs,
      priority: call.priority ?? 'normal',
      idempotent: call.idempotent,
      hedge: call.hedge,
      singleFlight: call.singleFlight,
      retry: call.retry === undefined ? retryOptions : resolveRetry(retryOptions, call.retry),
      replayBytes,
      resends,
    }
  }

  /** Runs a call through the layers. `controller` ends it, and with it the body of its response. */
  const run = async (
    sent: { input: RequestInfo | URL; init: RequestInit; url: URL },
    settings: CallSettings,
    controller: AbortController,
  ): Promise<Response> => {
    const upstream = registry.get(upstreamOf(sent.url))
    const exchange = new Exchange({ ...sent, upstream }, settings, runtime.clock)
    const { attempts } = exchange
    upstream.calls++
    upstream.watch?.called(`${exchange.method} ${exchange.url.href}`)
    try {
      const context = { signal: controller.signal, attempt: 1, deadlineAt: Infinity, priority: settings.priority }
      // Own layers are given a request, which nobody else can change, and until then the body must not be touched.
      const body = ownLayers.length === 0 ? exchange.body : undefined
      const answer = layers(exchange, context)
      body?.freeze()
      const response = await answer
      rememberAttempts(response, attempts)
      return response
    } catch (error) {
      rememberAttempts(error, attempts)
      const instead = await fallBack(error, exchange, options.fallback, controller.signal)
      if (instead) return instead
      throw error
    } finally {
      exchange.release()
      upstream.calls--
    }
  }

  const send = async (input: RequestInfo | URL, given: Init) => {
    const { signal, ...init } = membersOf(given)
    const settings = settingsOf(Object.hasOwn(given, 'breakwater') ? given.breakwater : undefined)
    const url = urlOf(input, base)
    const callers = signal === undefined ? signalOf(input) : signal
    // Not ours (data:, blob:), or not a URL or a signal: the platform answers, or says in its own words what is wrong.
    if (url === undefined || (callers && !('addEventListener' in callers))) {
      return (options.fetch ?? globalThis.fetch)(input, signal === undefined ? init : { ...init, signal })
    }
    if (callers?.aborted) throw callers.reason
    const controller = new AbortController()
    const leave = inFlight.enter(controller)
    const unlink = callers ? link(callers, controller) : undefined
    // A string or a Request goes out as it came. A URL is copied, because its owner may turn it into the next page's.
    const kept = isRequest(input) || (typeof input === 'string' && base === undefined)
    try {
      const response = await run({ input: kept ? input : url, init, url }, settings, controller)
      if (unlink) linger(response, controller, unlink)
      return response
    } catch (error) {
      unlink?.()
      throw error
    } finally {
      leave()
    }
  }
  return (input, init) => send(input, init ?? {})
}

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

async function fallBack(
  error: unknown,
  exchange: Exchange,
  fallback: HttpOptions['fallback'],
  signal: AbortSignal,
): Promise<Response | undefined> {
  if (fallback === undefined || !isBreakwaterError(error) || !refusals.has(error.code)) return undefined
  const ask = async () => fallback(error as BreakwaterError, exchange.request())
  return new Promise((resolve, reject) => {
    const leave = onAbort(signal, () => reject(signal.reason))
    const settle = (response?: Response) => {
      leave()
      resolve(response)
    }
    ask().then(settle, () => settle())
  })
}

function resolveRetry(defaults: Readonly<HttpRetryOptions>, given: HttpOptions['retry']): Readonly<HttpRetryOptions> {
  return resolve('retry', defaults, httpRetryRules, given === false ? { attempts: 1 } : given)
}

function signalOf(input: RequestInfo | URL): AbortSignal | undefined {
  return isRequest(input) ? input.signal : undefined
}
