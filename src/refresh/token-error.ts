import { BreakwaterError } from '../core/error.ts'

/**
 * Why there is no token.
 *
 * - `refused`: the provider said no; `error` is its word for it, if that is one of RFC 6749.
 * - `invalid`: it answered with something that is no usable token.
 * - `failed`: it could not be asked; `cause` says why.
 * - `unknown-outcome`: a refresh token was presented and nobody knows what became of it; it is never presented again.
 * - `coordination`: what must be done by one alone could not be agreed on with the others.
 * - `replaced`: another session has taken the place of this one in what they share.
 */
export type TokenFailure = 'refused' | 'invalid' | 'failed' | 'unknown-outcome' | 'coordination' | 'replaced'

/** After these the same request gets the same answer, however often it is sent. */
const finalErrors: readonly unknown[] = [
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'access_denied',
]

/** The other errors of RFC 6749, 5.2 and 4.1.2.1; anything else that a server says is not repeated. */
const otherErrors: readonly unknown[] = ['invalid_request', 'server_error', 'temporarily_unavailable']

const explanations: Readonly<Record<TokenFailure, string>> = {
  refused: 'the provider gave no token',
  invalid: 'the provider answered with what is no usable token',
  failed: 'no token could be had',
  'unknown-outcome': 'nobody knows what became of a refresh token that was presented, and it is not presented again',
  coordination: 'the renewal could not be agreed on with the others, and must not be made alone',
  replaced: 'another session has taken the place of this one',
}

/** There is no token. */
export class TokenError extends BreakwaterError {
  static readonly code = 'token'
  override readonly name = 'TokenError'
  readonly reason: TokenFailure
  /** The provider's word: `invalid_grant`. */
  declare readonly error?: string
  /** The status of its answer. */
  declare readonly status?: number
  /** Nothing will help: no renewal is tried any more. A person has to sign in, or to correct a setting. */
  readonly final: boolean

  constructor(
    reason: TokenFailure,
    about: {
      error?: string | undefined
      status?: number | undefined
      retryAfterMs?: number | undefined
      upstream?: string
      cause?: unknown
    } = {},
  ) {
    const { error, status, ...details } = about
    const isFinal = finalErrors.includes(error)
    const known = isFinal || otherErrors.includes(error) ? error : undefined
    const facts = [known, status].filter((fact) => fact !== undefined).join(', ')
    super('token', `${explanations[reason]}${facts && ` (${facts})`}`, details)
    this.reason = reason
    if (known !== undefined) this.error = known
    if (status !== undefined) this.status = status
    this.final = reason === 'replaced' || isFinal
  }
}

/** The same failure, told to one of the callers who share it. */
export function retold(failure: TokenError, upstream: string): TokenError {
  const { reason, error, status, retryAfterMs } = failure
  return new TokenError(reason, { error, status, retryAfterMs, upstream, cause: failure })
}

/**
 * Whether the provider, or something before it, said of a request that nothing was done: what was presented with it was
 * not used up. A network error, a timeout, a 5xx or an answer that cannot be read say nothing.
 */
export function wasNotUsed(error: unknown): boolean {
  if (error instanceof TokenError) {
    const { reason, status = 0 } = error
    if (reason === 'failed') return true
    return reason === 'refused' && (status === 429 || (error.error !== undefined && status >= 400 && status < 500))
  }
  // These are thrown before anything is sent, and the request is sent once.
  return error instanceof BreakwaterError && notSent.includes(error.code)
}

const notSent: readonly string[] = ['circuit-open', 'pushback', 'limit', 'throttled', 'options']
