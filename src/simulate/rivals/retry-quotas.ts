/** What pays for the retries of one client. */
export interface RetryQuota {
  /** An attempt failed. */
  failed(): void
  /** What a retry after this ending costs, taken; `undefined` where it cannot be paid. */
  spend(status: number): number | undefined
  /** A call succeeded, and this was the cost of its last retry; `undefined` if it had none. */
  succeeded(lastCost: number | undefined): void
}

const awsTokens = 500

/**
 * The AWS SDKs' standard mode as of 2026 (`StandardRetryStrategy`): 500 tokens, 14 for a retry and 5 for one after
 * throttling; a success gives one back, and a retry that succeeds what the last one cost.
 */
export function awsQuota(): RetryQuota {
  let tokens = awsTokens
  return {
    failed() {},
    spend(status) {
      const cost = status === 429 ? 5 : 14
      if (tokens < cost) return undefined
      tokens -= cost
      return cost
    },
    succeeded(lastCost = 1) {
      tokens = Math.min(awsTokens, tokens + lastCost)
    },
  }
}

const grpcTokens = 10

/** gRPC's `retryThrottling` (gRFC A6): a failure costs a token, a success gives a tenth, and half of them must be left. */
export function grpcThrottle(): RetryQuota {
  let tokens = grpcTokens
  return {
    failed() {
      tokens = Math.max(0, tokens - 1)
    },
    spend: () => (tokens > grpcTokens / 2 ? 0 : undefined),
    succeeded() {
      tokens = Math.min(grpcTokens, tokens + 0.1)
    },
  }
}
