import { TokenError } from './token-error.ts'

/** What Node was doing when no connection had come to be. */
const before: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo'])

/**
 * Throws a `TokenError` that says so where a request was certainly not sent, and else the error as it is: a refresh token
 * that never left is still good. Node tells; browsers throw the same for everything, and there nobody knows.
 */
export function asUnsent(error: unknown): never {
  throw error instanceof TypeError && wasBefore(error.cause) ? new TokenError('failed', { cause: error }) : error
}

function wasBefore(cause: unknown): boolean {
  // Several addresses were tried.
  if (cause instanceof AggregateError) return cause.errors.length > 0 && cause.errors.every(wasBefore)
  const { syscall, code } = Object(cause) as { syscall?: unknown; code?: unknown }
  return before.has(syscall) || code === 'UND_ERR_CONNECT_TIMEOUT'
}
