import type { Layer } from '../core/layer.ts'
import type { Judge } from '../core/outcome.ts'
import { breaker, type Circuit } from '../layers/breaker/index.ts'
import { type Limiter, limit } from '../layers/limit/index.ts'
import { type Gate, heed, pushback, type ReadPushback } from '../layers/pushback/index.ts'

/** What a protocol tells an upstream's layers of its answers. */
export interface UpstreamNeeds<Req, Res> {
  judge: Judge<Req, Res>
  read: ReadPushback<Req, Res>
  /** Settles when a value has given up what it holds. */
  heldUntil?: (value: Res) => Promise<unknown> | undefined
}

/** The parts of one upstream that stand in a call's way. */
export interface UpstreamParts {
  readonly circuit: Circuit
  readonly gate: Gate | undefined
  readonly limiter: Limiter | undefined
}

/** Which of them there are; the circuit always is. */
export interface PartsInUse {
  readonly gate: boolean
  readonly limiter: boolean
}

/**
 * One authority's health, for requests to any of them: the same layers for all, so that a client has one stack however
 * many upstreams it knows. In this order: a shut gate is waited for outside the queue, and the permit is taken behind it,
 * so it is fresh.
 */
export function upstreamLayers<Req, Res>(
  partsOf: (request: Req) => UpstreamParts,
  inUse: PartsInUse,
  { judge, read, heldUntil }: UpstreamNeeds<Req, Res>,
): Layer<Req, Res>[] {
  const gateOf = (request: Req) => partsOf(request).gate as Gate
  const limiterOf = (request: Req) => partsOf(request).limiter as Limiter
  const held = heldUntil ? { heldUntil } : {}
  return [
    ...(inUse.gate ? [pushback<Req, Res>({}, { gateOf })] : []),
    ...(inUse.limiter ? [limit<Req, Res>({}, { limiterOf, judge, ...held })] : []),
    // Behind the queue, so that who queued when the gate shut goes back to it.
    ...(inUse.gate ? [heed<Req, Res>(gateOf, read)] : []),
    breaker<Req, Res>({}, { circuitOf: (request) => partsOf(request).circuit, judge }),
  ]
}
