import {
  bulkhead,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import type { Call } from './index.ts'
import { nothing, stub, url } from './stub.ts'

export function fourPolicies() {
  return wrap(
    retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, {
      halfOpenAfter: 10_000,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 30_000 }),
    }),
    // Aggressive: it ends a call that never looks at its signal, as the others here do.
    timeout(10_000, TimeoutStrategy.Aggressive),
    bulkhead(1_000, 10_000),
  )
}

export function noOp(): Call {
  const policy = fourPolicies()
  return () => policy.execute(nothing)
}

export function noOpWithSignal(): Call {
  const policy = fourPolicies()
  const { signal } = new AbortController()
  return () => policy.execute(nothing, signal)
}

export function stubbed(): Call {
  const policy = fourPolicies()
  return () => policy.execute(({ signal }) => stub(url, { signal }))
}
