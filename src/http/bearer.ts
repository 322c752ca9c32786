import { isBreakwaterError } from '../core/error.ts'
import type { Context, Layer } from '../core/layer.ts'
import type { Token, TokenSource } from '../refresh/token.ts'
import { TokenError } from '../refresh/token-error.ts'
import { carrying } from './carried-token.ts'
import { type Exchange, headersOf } from './exchange.ts'
import { discard } from './transport.ts'

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
  return (next) => {
    if (source === undefined) return next
    return async (exchange, context) => {
      if (origin !== undefined && exchange.url.origin !== origin) return next(exchange, context)
      if (headersOf(exchange.input, exchange.init).has('authorization')) return next(exchange, context)
      const token = await tokenOf(source, exchange, context)
      const response = await next(exchange, carrying(context, token, false))
      if (response.status !== 401 || !isAboutToken(response.headers.get('www-authenticate'))) return response
      source.rejected(token)
      if (exchange.refusesRepeat || !(await exchange.body.replayable())) return response
      const another = await tokenOf(source, exchange, context).catch(() => token)
      if (another.accessToken === token.accessToken) {
        // What the server said is the best answer there is, but not for a caller who has left.
        context.signal.throwIfAborted()
        return response
      }
      discard(response)
      return next(exchange, carrying(context, another, true))
    }
  }
}

async function tokenOf(source: TokenSource, { upstream }: Exchange, { signal }: Context): Promise<Token> {
  try {
    return await source.get({ signal })
  } catch (cause) {
    // Else it would be taken for a failure of the server that was not even asked.
    if (signal.aborted || isBreakwaterError(cause)) throw cause
    throw new TokenError('failed', { cause, upstream: upstream.authority })
  }
}

/**
 * Whether another token could help. A server that wants another scheme, or says that it knows the token and it is not
 * enough (RFC 6750, 3.1), will not be asked again. Many send no challenge, and browsers hide it across origins.
 */
function isAboutToken(challenge: string | null): boolean {
  if (challenge === null || challenge === '') return true
  if (!/(?:^|[\s,])(?:bearer|dpop)(?:[\s,]|$)/i.test(challenge)) return false
  const [, error] = /(?:^|[\s,])error\s*=\s*"?([a-z_]+)/i.exec(challenge) ?? []
  return error === undefined || error === 'invalid_token'
}
