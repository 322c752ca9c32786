import type { Call } from '../core/layer.ts'
import type { Exchange } from './exchange.ts'

/**
 * One attempt on the wire. The platform's `fetch` is looked up at each one, so that a mock or an instrumentation that is
 * installed later is used.
 */
export function fetchTransport(given: typeof fetch | undefined): Call<Exchange, Response> {
  return (exchange, context) => {
    const { input, init } = context.attempt === 1 ? exchange.body.first : exchange.body.again()
    const send = given ?? globalThis.fetch
    try {
      return send(input, { ...init, signal: context.signal })
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** Frees the connection of a response that nobody will read. */
export function discard(response: Response): void {
  // A body that is locked or broken has nothing left to free.
  if (response.body && !response.body.locked) response.body.cancel().catch(() => {})
}
