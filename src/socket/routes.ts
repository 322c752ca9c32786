import { stack } from '../core/layer.ts'
import type { Runtime } from '../core/runtime.ts'
import { Gate, heed, pushback } from '../layers/pushback/index.ts'
import { type DialAttempt, type Dialed, type DialRoute, type DialUpstream, dialJudge, readDialed } from './dial.ts'
import { Dials } from './dials.ts'

/** More upstreams than sockets of one process talk to; beyond it the oldest is forgotten, with nothing but its figures. */
const mostRoutes = 1_000

/** By the runtime that was given: each client of a simulated fleet is a process of its own; within it by authority. */
const shared = new WeakMap<object, Map<string, DialRoute>>()

/** Stands for the platform's own runtime. */
const platform = {}

/** Routes of upstreams that a client handed over. */
const owned = new WeakMap<DialUpstream, DialRoute>()

/** The way to an upstream of a client: through all that its HTTP calls know, and the one limit on its dials. */
export function routeOf(upstream: DialUpstream, runtime: Runtime, patienceMs: number): DialRoute {
  let route = owned.get(upstream)
  if (route === undefined) {
    route = routeThrough(upstream, runtime, patienceMs)
    owned.set(upstream, route)
  }
  return route
}

/** The way that sockets without a client share: a gate that a server's word shuts, and a limit on dials. */
export function sharedRoute(authority: string, runtime: Runtime, given: object = platform): DialRoute {
  let routes = shared.get(given)
  if (routes === undefined) {
    routes = new Map()
    shared.set(given, routes)
  }
  let route = routes.get(authority)
  if (route === undefined) {
    const gate = new Gate(undefined, runtime, authority)
    const dialLayers: DialUpstream['dialLayers'] = ({ read, limit }) => [
      pushback({}, { gate }),
      limit,
      heed(gate, read),
    ]
    route = routeThrough({ authority, dialLayers }, runtime, Infinity)
    if (routes.size >= mostRoutes) routes.delete(routes.keys().next().value ?? '')
    routes.set(authority, route)
  }
  return route
}

function routeThrough(upstream: DialUpstream, runtime: Runtime, patienceMs: number): DialRoute {
  const dials = new Dials(runtime.clock)
  const layers = upstream.dialLayers({ judge: dialJudge, read: readDialed(runtime), limit: dials.layer, patienceMs })
  const call = stack<DialAttempt, Dialed>(layers as never, (attempt, context) => attempt.dial(context), runtime)
  return { authority: upstream.authority, call }
}
