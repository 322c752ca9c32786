import { callback, listOf, type Rules, statusList } from '../core/options.ts'
import { type RetryOptions, retryDefaults, retryRules } from '../layers/retry.ts'

/** What `shouldRetry` is asked about: an attempt that gave no success. */
export interface RetryQuestion {
  readonly method: string
  readonly url: string
  /** Which attempt this was, from 1. */
  readonly attempt: number
  readonly response?: Response
  readonly error?: unknown
}

export interface HttpRetryOptions extends RetryOptions {
  /**
   * Methods that may be sent again. POST and PATCH may as well, with an `Idempotency-Key` header or when the call says
   * `idempotent`.
   * @default ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'QUERY']
   */
  methods: readonly string[]
  /**
   * Answers that are worth another attempt.
   * @default [408, 425, 429, 500, 502, 503, 504]
   */
  statuses: readonly number[]
  /**
   * Decides instead of `methods` and `statuses`: asked after every attempt that gave an error or a status of 400 or
   * more; `undefined` leaves it to them. Attempts, budget and deadline hold all the same. If it throws, they decide.
   * @default undefined
   */
  shouldRetry: ((question: RetryQuestion) => boolean | undefined | Promise<boolean | undefined>) | undefined
}

export const httpRetryDefaults: Readonly<HttpRetryOptions> = {
  ...retryDefaults,
  methods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'QUERY'],
  statuses: [408, 425, 429, 500, 502, 503, 504],
  shouldRetry: undefined,
}

export const httpRetryRules: Rules<HttpRetryOptions> = {
  ...retryRules,
  methods: listOf('upper-case method names', (item) => typeof item === 'string' && /^[A-Z][A-Z0-9-]*$/.test(item)),
  statuses: statusList,
  shouldRetry: callback,
}
