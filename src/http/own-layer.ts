import type { Context, Layer } from '../core/layer.ts'
import { Exchange } from './exchange.ts'

/** Finds where a request goes. */
export type Locate = (request: Request) => Pick<Exchange, 'url' | 'upstream'>

/** Travels in the context, so that a request which a layer made is still known as the same call. */
const origin = Symbol('breakwater.exchange')

type Tagged = Context & { readonly [origin]?: Exchange }

/**
 * Makes a user's layer, which speaks the platform's `Request` and `Response`, a layer of ours. It may hand on the request
 * that it got or another one, with the context that it got or one derived from it by spreading.
 */
export function ownLayer(layer: Layer<Request, Response>, locate: Locate): Layer<Exchange, Response> {
  return (next, runtime) => {
    const inner = layer((request: Request, context: Tagged) => {
      const call = context[origin]
      if (call === undefined) return Promise.reject(new TypeError('a layer must pass on the context it was given'))
      // Always the request that was passed on: the one before it may have been read.
      const sent = { input: request, init: beyondRequest(call.init), ...locate(request) }
      const exchange = new Exchange(sent, call.settings, runtime.clock, call)
      return next(exchange, context).finally(() => exchange.release())
    }, runtime)
    return async (exchange, context) => inner(exchange.request(), { ...context, [origin]: exchange } as Tagged)
  }
}

/** What a platform's `fetch` understands and a `Request` cannot carry: `dispatcher`, `next`, `cf`. */
function beyondRequest(init: RequestInit): RequestInit {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(init)) if (!(name in Request.prototype)) kept[name] = value
  return kept
}
