import type { Clock } from '../core/clock.ts'
import { isBreakwaterError } from '../core/error.ts'
import type { Context, Layer } from '../core/layer.ts'
import type { Token, TokenSource } from '../refresh/token.ts'
import { retold, TokenError } from '../refresh/token-error.ts'
import { carrying } from './carried-token.ts'
import { type Exchange, headersOf } from './exchange.ts'
import { setAside } from './set-aside.ts'

/** A body that has not come in so long after the answer to it is not waited for, in ms. */
const stragglerMs = 1_000

export interface BearerNeeds {
  readonly source: TokenSource | undefined
  /** The only origin that gets the token; every one if absent. */
  readonly origin: string | undefined
}

/**
 * Gives each attempt the current token. After a 401 that is about the token it waits for another one and sends the
 * request once more, if its body can be had again; that costs no budget, and a second 401 goes to the caller. A thousand
 * of them at once wait for one renewal.
 *
 * A call that brings an `Authorization` of its own, or goes to another origin, is none of its business.
 *
 * @throws TokenError where there is no token
 */
export function bearer({ source, origin }: BearerNeeds): Layer<Exchange, Response> {
  return (next, { clock }) => {
    if (source === undefined) return next
    return async (exchange, context) => {
      if (origin !== undefined && exchange.url.origin !== origin) return next(exchange, context)
      if (headersOf(exchange.input, exchange.init).has('authorization')) return next(exchange, context)
      const token = await tokenOf(source, exchange, context)
      const response = await next(exchange, carrying(context, token, false))
      if (response.status !== 401 || isFromElsewhere(response, exchange.url) || !isAboutToken(response)) return response
      source.rejected(token)
      if (exchange.refusesRepeat) return response
      // The renewal may need the very place, or the connection, that an answer holds until it is read.
      const refusal = setAside(response)
      if (!(await isKept(exchange, clock))) return refusal.restore()
      const another = await tokenOf(source, exchange, context).catch(() => token)
      if (another.accessToken === token.accessToken) {
        // What the server said is the best answer there is, but not for a caller who has left.
        context.signal.throwIfAborted()
        return refusal.restore()
      }
      refusal.drop()
      return next(exchange, carrying(context, another, true))
    }
  }
}

async function tokenOf(source: TokenSource, { upstream }: Exchange, { signal }: Context): Promise<Token> {
  try {
    return await source.get({ signal })
  } catch (cause) {
    if (signal.aborted) throw cause
    // Many callers share it, and each finds its own attempts by its error.
    if (cause instanceof TokenError) throw retold(cause, upstream.authority)
    if (isBreakwaterError(cause) && cause.code !== 'deadline') throw cause
    // Else it would be taken for a failure or a timeout of the server that was not even asked.
    throw new TokenError('failed', { cause, upstream: upstream.authority })
  }
}

/** Whether it can be sent again. Who still writes its body, though the answer is here, may do so for ever. */
function isKept({ body }: Exchange, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(stragglerMs, () => resolve(false), true)
    body.replayable().then((can) => {
      cancel()
      resolve(can)
    })
  })
}

/**
 * Whether another token could help. A server that wants another scheme, or says that it knows the token and it is not
 * enough (RFC 6750, 3.1), will not be asked again. Many send no challenge, and browsers hide it across origins.
 */
function isAboutToken({ headers }: Response): boolean {
  const challenge = headers.get('www-authenticate')
  if (challenge === null || challenge === '') return true
  if (!/(?:^|[\s,])(?:bearer|dpop)(?:[\s,]|$)/i.test(challenge)) return false
  const [, error] = /(?:^|[\s,])error\s*=\s*"?([a-z_]+)/i.exec(challenge) ?? []
  return error === undefined || error === 'invalid_token'
}

/** Whether a redirect led to another origin, which the token is never sent to. */
function isFromElsewhere({ redirected, url }: Response, asked: URL): boolean {
  return redirected && URL.canParse(url) && new URL(url).origin !== asked.origin
}
