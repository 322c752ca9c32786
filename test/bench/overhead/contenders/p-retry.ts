import pRetry from 'p-retry'
import type { Call } from './index.ts'
import { nothing } from './stub.ts'

export function noOp(): Call {
  return () => pRetry(nothing)
}
