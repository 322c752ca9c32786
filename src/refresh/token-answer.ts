import type { FetchedToken, Token } from './token.ts'
import { TokenError } from './token-error.ts'

/** What is known of the moment at which a token was asked for, and of the provider's clock. */
export interface AskedAt {
  /** Epoch ms here, just before the request. */
  readonly wallAt: number
  /** How far the provider's clock is ahead of ours, in ms, where its `Date` header told. */
  readonly skewMs: number | undefined
}

/** No token lives longer, in ms: ten years. */
const longestMs = 10 * 365.25 * 86_400_000

/** What may stand in a header field as it is: no space, no control character, nothing beyond ASCII. */
const headerSafe = /^[\x21-\x7e]+$/
const authScheme = /^[\w!#$%&'*+.^`|~-]+$/

/** A token that was checked, and its times in ms from when it was asked for. */
export interface CheckedToken {
  readonly token: Token
  readonly lifetimeMs: number
  readonly refreshInMs: number | undefined
}

/**
 * Checks what a provider gave. Whatever it says of its content is taken only where it makes sense; a token that ends
 * before it begins is a failure and not a reason to ask again at once.
 *
 * @throws TokenError
 */
export function checkToken(fetched: FetchedToken, asked: AskedAt): CheckedToken {
  const { accessToken, tokenType = 'Bearer', refreshToken, refreshIn } = Object(fetched) as FetchedToken
  const sound =
    typeof accessToken === 'string' &&
    headerSafe.test(accessToken) &&
    typeof tokenType === 'string' &&
    authScheme.test(tokenType) &&
    (refreshToken === undefined || (typeof refreshToken === 'string' && refreshToken !== ''))
  if (!sound) throw new TokenError('invalid')
  const lifetimeMs = lifetimeOf(fetched, asked)
  if (!(lifetimeMs > 0) || (lifetimeMs > longestMs && lifetimeMs !== Infinity)) throw new TokenError('invalid')
  const token: Token = Object.freeze({
    accessToken,
    // Servers write it as they like; the scheme of RFC 6750 has one spelling that every server takes.
    tokenType: tokenType.toLowerCase() === 'bearer' ? 'Bearer' : tokenType,
    expiresAt: asked.wallAt + lifetimeMs,
    ...(refreshToken === undefined ? {} : { refreshToken }),
  })
  const told = typeof refreshIn === 'number' && refreshIn > 0 && refreshIn * 1_000 < lifetimeMs
  return { token, lifetimeMs, refreshInMs: told ? refreshIn * 1_000 : undefined }
}

/** Seconds from the request are the best there is: no two clocks have to agree. */
function lifetimeOf(fetched: FetchedToken, { wallAt, skewMs }: AskedAt): number {
  const { expiresIn, expiresAt } = fetched
  if (expiresIn !== undefined) return typeof expiresIn === 'number' ? expiresIn * 1_000 : Number.NaN
  const { exp, iat } = claimsOf(fetched.accessToken)
  const endsAt = expiresAt ?? exp
  if (endsAt === undefined) return Infinity
  if (typeof endsAt !== 'number') return Number.NaN
  if (endsAt === Infinity) return Infinity
  if (skewMs !== undefined) return endsAt - (wallAt + skewMs)
  // A clock here that is behind the moment of issue is wrong. One that is ahead of it may be right: the token may have
  // been made earlier and handed out again. Only where it leaves nothing at all it must be wrong as well.
  const here = endsAt - wallAt
  if (iat === undefined) return here
  return here > 0 ? Math.min(here, endsAt - iat) : endsAt - iat
}

/** `exp` and `iat` of a token that is a JWT (RFC 7519), in epoch ms; they are a hint, so nothing is verified. */
function claimsOf(accessToken: string): { exp?: number; iat?: number } {
  const [, payload, signature] = accessToken.split('.', 3)
  if (payload === undefined || signature === undefined || payload.length > 65_536) return {}
  try {
    const { exp, iat } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
    return { ...(isDate(exp) && { exp: exp * 1_000 }), ...(isDate(iat) && { iat: iat * 1_000 }) }
  } catch {
    return {}
  }
}

function isDate(claim: unknown): claim is number {
  return typeof claim === 'number' && claim > 0 && claim < 1e11
}
