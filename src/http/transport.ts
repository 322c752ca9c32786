import type { Call, Context } from '../core/layer.ts'
import type { Runtime } from '../core/runtime.ts'
import { type BodyRules, guardBody } from './body.ts'
import { authorizationOf, isResent } from './carried-token.ts'
import { type Exchange, headersOf } from './exchange.ts'
import type { HttpOptions } from './options.ts'
import { followRedirects } from './redirect.ts'
import type { Sendable } from './replay.ts'

export type TransportOptions = Pick<
  HttpOptions,
  'fetch' | 'secretHeaders' | 'attemptHeader' | 'maxResponseBytes' | 'idleReadMs'
>

/**
 * One attempt on the wire. The platform's `fetch` is looked up at each one, so that a mock or an instrumentation that is
 * installed later is used.
 *
 * @param guards whether somebody wants to know when a body has been read
 */
export function fetchTransport(
  options: Readonly<TransportOptions>,
  guards: boolean,
  { clock }: Runtime,
): Call<Exchange, Response> {
  const { secretHeaders, attemptHeader, maxResponseBytes: maxBytes, idleReadMs: idleMs } = options
  const guarded = guards || maxBytes !== Infinity || idleMs !== Infinity

  const send = (exchange: Exchange, context: Context): Promise<Response> => {
    const fetch = options.fetch ?? globalThis.fetch
    const given = isFirst(context) ? exchange.body.first : exchange.body.again()
    const sendable = dressed(given, authorizationOf(context), exchange.idempotencyKey, attemptHeader, context.attempt)
    const { input, init } = sendable
    const { signal } = context
    if (secretHeaders.length === 0 || !carriesSecret(exchange, secretHeaders)) return fetch(input, { ...init, signal })
    const hop = (to: RequestInfo | URL, how: RequestInit) => fetch(to, { ...how, signal })
    return followRedirects(exchange, sendable, hop, secretHeaders)
  }
  if (!guarded) return send
  return async (exchange, context) => {
    const response = await send(exchange, context)
    const rules: BodyRules = { maxBytes, idleMs, clock, upstream: exchange.upstream.authority }
    return guardBody(response, rules)
  }
}

/** Whether nothing of its body has gone out yet. */
function isFirst(context: Context): boolean {
  return context.attempt === 1 && !isResent(context)
}

/** Frees the connection of a response that nobody will read. */
export function discard(response: Response): void {
  const { body } = response
  // A body that is locked or broken has nothing left to free, and that of another `fetch` may be no stream as we know it.
  if (body && !body.locked && 'cancel' in body) body.cancel().catch(() => {})
}

/** Adds headers of ours; without any, what is sent is what the caller gave. */
function dressed(
  given: Sendable,
  authorization: string | undefined,
  idempotencyKey: string | undefined,
  attemptHeader: string | undefined,
  attempt: number,
): Sendable {
  if (authorization === undefined && idempotencyKey === undefined && attemptHeader === undefined) return given
  const { input, init } = given
  const headers = new Headers(headersOf(input, init))
  if (authorization !== undefined) headers.set('authorization', authorization)
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey)
  if (attemptHeader !== undefined) headers.set(attemptHeader, String(attempt))
  return { input, init: { ...init, headers } }
}

/** A caller that follows no redirect, or wants to see them, is left alone. */
function carriesSecret({ input, init }: Exchange, secretHeaders: readonly string[]): boolean {
  const redirect = init.redirect ?? (typeof input === 'object' && 'redirect' in input ? input.redirect : 'follow')
  if (redirect !== 'follow') return false
  const headers = headersOf(input, init)
  return secretHeaders.some((name) => headers.has(name))
}
