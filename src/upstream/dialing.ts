import type { Layer } from '../core/layer.ts'
import type { Judge } from '../core/outcome.ts'
import type { Runtime } from '../core/runtime.ts'
import { breaker, Circuit } from '../layers/breaker/index.ts'
import { type Gate, heed, pushback, type ReadPushback } from '../layers/pushback/index.ts'

/** What a socket tells an upstream of its dials. */
export interface DialNeeds<Req, Res> {
  judge: Judge<Req, Res>
  read: ReadPushback<Req, Res>
  /** The limit on dials, to be put where a place is taken. */
  limit: Layer<Req, Res>
  /** How long one dial may take at most, in ms: a probe that hangs for longer has failed. */
  patienceMs: number
}

/** What a dial shares with the requests to the same upstream. */
export interface DialParts {
  authority: string
  /** The circuit of the requests. */
  circuit: Circuit
  gate: Gate | undefined
  /** Whether dials have a circuit too. */
  trips: boolean
}

/**
 * The layers around a dial. It passes the gate of the requests and waits while their circuit is open, but has a circuit
 * of its own: a proxy that blocks WebSockets must not close the API. Only a refused upgrade that says overload is held
 * against both.
 */
export function dialLayers<Req, Res>(
  { authority, circuit, gate, trips }: DialParts,
  { judge, read, limit, patienceMs }: DialNeeds<Req, Res>,
  { clock, random }: Runtime,
): Layer<Req, Res>[] {
  // Nobody hears it: sockets tell what becomes of their dials, and two circuits of one name would tell nothing.
  const own = () => new Circuit({ halfOpenMs: Math.min(patienceMs, Number.MAX_VALUE) }, { clock, random }, authority)
  const shared: Layer<Req, Res> = (next) => async (request, context) => {
    const refusal = circuit.check()
    if (refusal) throw refusal
    const startedAt = clock.now()
    const value = await next(request, context)
    const verdict = judge.value(value, request)
    if (verdict === 'overload' && !circuit.check()) circuit.acquire().failure(verdict, clock.now() - startedAt)
    return value
  }
  return [
    ...(gate ? [pushback<Req, Res>({}, { gate })] : []),
    limit,
    ...(gate ? [heed<Req, Res>(gate, read)] : []),
    shared,
    ...(trips ? [breaker<Req, Res>({}, { circuit: own(), judge })] : []),
  ]
}
