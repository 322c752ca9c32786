import { onAbort } from '../core/abort.ts'
import { Link } from '../core/chain.ts'
import { type BreakwaterError, type ErrorCode, isBreakwaterError } from '../core/error.ts'
import type { Guard } from '../core/guard.ts'
import type { Context, Layer } from '../core/layer.ts'
import { pass } from '../core/pass.ts'
import { rememberAttempts } from './attempts.ts'
import type { Exchange } from './exchange.ts'
import type { InFlight } from './in-flight.ts'
import type { HttpOptions } from './options.ts'

/** Refusals that `fallback` may answer for. */
const refusals: ReadonlySet<ErrorCode> = new Set(['circuit-open', 'limit', 'pushback', 'throttled'])

/**
 * The beginning and the end of every call: its upstream counts it, and what its caller gets, answer or error, knows what
 * was tried.
 */
export function answering({ fallback }: Pick<HttpOptions, 'fallback'>, inFlight: InFlight): Layer<Exchange, Response> {
  return (next, runtime) => {
    const end = (exchange: Exchange) => {
      exchange.release()
      exchange.upstream.calls--
      inFlight.settled()
    }
    const guard: Guard<Exchange, Response> = {
      enter: (exchange, _context, now) => {
        const { upstream } = exchange
        exchange.startedAt = now
        upstream.calls++
        upstream.watch?.called(`${exchange.method} ${exchange.href}`, now)
      },
      value: (response, exchange) => {
        rememberAttempts(response, exchange.attempts)
        end(exchange)
      },
      error: (error, exchange, context) => {
        rememberAttempts(error, exchange.attempts)
        if (fallback === undefined || !isBreakwaterError(error) || !refusals.has(error.code)) {
          end(exchange)
          return undefined
        }
        return fallBack(error, exchange, fallback, context, inFlight).finally(() => end(exchange))
      },
    }
    return pass(guard, next, runtime)
  }
}

/** An answer of the user's own, or the error that stands. */
function fallBack(
  error: BreakwaterError,
  exchange: Exchange,
  fallback: NonNullable<HttpOptions['fallback']>,
  { signal }: Context,
  { calls }: InFlight,
): Promise<Response> {
  const ask = async () => fallback(error, exchange.request())
  return new Promise((resolve, reject) => {
    const seat = calls.add(new Link({ end: reject }))
    const leave = onAbort(signal, () => {
      seat.leave()
      reject(signal.reason)
    })
    const settle = (response?: Response) => {
      seat.leave()
      leave()
      if (response) resolve(response)
      else reject(error)
    }
    ask().then(settle, () => settle())
  })
}
