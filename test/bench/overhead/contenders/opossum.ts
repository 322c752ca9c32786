import CircuitBreaker from 'opossum'
import type { Call } from './index.ts'
import { nothing, stub, url } from './stub.ts'

export function noOp(timeout: number | false): Call {
  const breaker = new CircuitBreaker(nothing, { timeout })
  return () => breaker.fire()
}

export function stubbed(timeout: number | false): Call {
  const breaker = new CircuitBreaker(stub, { timeout })
  return () => breaker.fire(url)
}
