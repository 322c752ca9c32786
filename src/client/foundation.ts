import type { RuntimeEvent } from '../core/runtime.ts'
import { type BreakwaterFetch, buildFetch } from '../http/fetch.ts'
import { InFlight } from '../http/in-flight.ts'
import { buildLentFetch } from '../http/lent-fetch.ts'
import { lend } from '../refresh/lending.ts'
import { HerdWatch } from '../telemetry/herd.ts'
import { Registry } from '../upstream/registry.ts'
import { createEmitter } from './emitter.ts'
import { type ClientOptions, clientOptions } from './options.ts'

/** What all ways to talk to a client's upstreams stand on. @throws OptionsError for an unknown option or a bad value */
export function layFoundation(given: ClientOptions) {
  const { options, runtime } = clientOptions(given)
  const on = createEmitter(runtime)
  if (options.onEvent) on('*', options.onEvent)
  const { attemptMs, budget, breaker, pushback, limit, hedge, throttle } = options
  const watch = (authority: string) => new HerdWatch(runtime, authority)
  const registry = new Registry({ attemptMs, budget, breaker, pushback, limit, hedge, throttle, watch }, runtime)
  const inFlight = new InFlight()
  const fetch = buildFetch(options, { registry, inFlight, runtime })
  const emit = (event: RuntimeEvent) => runtime.emit?.(event)
  // As long as there is anything of this client, be it one socket.
  const unlend =
    options.token && lend(options.token, { fetch: buildLentFetch(options, { registry, runtime }), emit }, registry)
  return { options, runtime, on, registry, inFlight, fetch, unlend }
}

/** A client's `fetch` alone, without its sockets and without ky. @throws OptionsError */
export function createFetch(options: ClientOptions = {}): BreakwaterFetch {
  return layFoundation(options).fetch
}
