import { authorityOf } from '../core/authority.ts'
import { stack } from '../core/layer.ts'
import type { Runtime } from '../core/runtime.ts'
import { type DialAttempt, type Dialed, type DialRoute, type DialUpstream, dialJudge, readDialed } from './dial.ts'
import { limitDials } from './dials.ts'
import type { Resolved } from './resolve-options.ts'
import type { Refusals } from './transport.ts'

/** What a route needs of the first socket that takes it. */
export interface Traveller {
  readonly runtime: Runtime
  readonly refusals: Refusals | undefined
  readonly options: Pick<Resolved, 'runtime' | 'upstreamOf' | 'maxPatienceMs'>
}

/** More upstreams than sockets of one process talk to; beyond it the oldest is forgotten, with nothing but its figures. */
const mostRoutes = 1_000

/** By the runtime that was given: each client of a simulated fleet is a process of its own; within it by authority. */
const shared = new WeakMap<object, Map<string, DialRoute>>()

/** Stands for the platform's own runtime. */
const platform = {}

/** Routes of upstreams that a client handed over. */
const owned = new WeakMap<DialUpstream, DialRoute>()

/**
 * The way to an upstream. That of a client goes through all that its HTTP calls know; sockets without a client share a
 * limit on dials, and a gate that a server's word shuts.
 */
export function routeOf(url: URL, by: Traveller): DialRoute {
  const { runtime, refusals, options } = by
  const { upstreamOf, maxPatienceMs } = options
  if (upstreamOf) {
    const upstream = upstreamOf(url)
    return made(owned, upstream, () => routeThrough(upstream, by, maxPatienceMs))
  }
  const authority = authorityOf(url)
  const routes = made(shared, options.runtime ?? refusals ?? platform, () => new Map<string, DialRoute>())
  return made(routes, authority, () => {
    if (routes.size >= mostRoutes) routes.delete(routes.keys().next().value ?? '')
    const dialLayers: DialUpstream['dialLayers'] = (needs) =>
      refusals?.layers(authority, runtime, needs) ?? [needs.limit]
    return routeThrough({ authority, dialLayers }, by, Infinity)
  })
}

/** What a map has for a key; made if it has none. */
function made<Key, Value>(
  map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key)
  if (known) return known
  const value = make()
  map.set(key, value)
  return value
}

function routeThrough(upstream: DialUpstream, { runtime, refusals }: Traveller, patienceMs: number): DialRoute {
  const limit = limitDials(runtime.clock).layer
  const layers = upstream.dialLayers({ judge: dialJudge, read: readDialed(runtime, refusals), limit, patienceMs })
  const call = stack<DialAttempt, Dialed>(layers as never, (attempt) => attempt.dial(), runtime)
  return { authority: upstream.authority, call }
}
