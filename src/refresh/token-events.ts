import type { TokenFailure } from './token-error.ts'

/** Why something failed, in words that hold no secret: names and codes. */
export interface FailureWords {
  /** The class of the error. */
  readonly error: string
  /** Of a `TokenError`: what it is about, and the provider's word for it. */
  readonly why?: TokenFailure
  readonly word?: string
}

export type TokenEvent =
  | {
      /** There is a new token, from the provider or from those who share it. */
      readonly type: 'token.refreshed'
      readonly reason: 'first' | 'renewal' | 'rejected'
      readonly tookMs: number
      readonly lifetimeMs: number
    }
  | ({
      /** There is none yet; the next try comes by itself, or with the next who asks. */
      readonly type: 'token.failed'
      readonly reason: 'first' | 'renewal' | 'rejected'
      readonly retryInMs: number
    } & FailureWords)
  /** There will be none any more. */
  | ({ readonly type: 'token.ended' } & FailureWords)
  /** A server refused the token; `renews` is false where it was refused too often right after its issue. */
  | { readonly type: 'token.rejected'; readonly ageMs: number; readonly renews: boolean }
