import { describe, it } from 'vitest'
import { type Layer, stack } from '../../src/core/layer.ts'
import { plainJudge } from '../../src/core/outcome.ts'
import { breaker } from '../../src/layers/breaker/index.ts'
import { deadline } from '../../src/layers/deadline/index.ts'
import { Hedger, hedge } from '../../src/layers/hedge/index.ts'
import { limit } from '../../src/layers/limit/index.ts'
import { observe } from '../../src/layers/observe.ts'
import { perKey } from '../../src/layers/per-key.ts'
import { pushback } from '../../src/layers/pushback/index.ts'
import { retry } from '../../src/layers/retry.ts'
import { singleFlight } from '../../src/layers/single-flight.ts'
import { Throttle, throttle } from '../../src/layers/throttle/index.ts'
import { chaos, layerContract } from '../../src/testing/index.ts'
import { Upstream } from '../../src/upstream/upstream.ts'

const wholeUpstream: Layer<object, object> = (next, runtime) => {
  const upstream = new Upstream('api.example:443', { attemptMs: 10_000 }, runtime)
  return stack(upstream.layers<object, object>({ judge: plainJudge, read: () => undefined }), next, runtime)
}

/** A hedge that knows its server, and may be sent after so many ms. */
function warmHedge(delayMs: number): Layer<object, object> {
  const hedger = new Hedger({ delayMs })
  for (let call = 0; call < hedger.options.minSamples; call++) hedger.observe(10)
  return hedge({}, { hedgerOf: () => hedger })
}

const throttled: Layer<object, object> = (next, runtime) => {
  const state = new Throttle({}, runtime)
  return throttle<object, object>({}, { throttleOf: () => state })(next, runtime)
}

let keys = 0

describe.each<[name: string, layer: () => Layer<object, object>]>([
  ['observe', () => observe({ events: 'call' })],
  ['deadline', () => deadline()],
  ['deadline of an attempt', () => deadline({ ms: 10_000 }, { scope: 'attempt' })],
  ['retry', () => retry()],
  ['breaker', () => breaker()],
  ['pushback', () => pushback({}, { read: () => 'served' })],
  ['limit', () => limit()],
  [
    'limit with a rate',
    () => limit({ ratePerSecond: 1_000, burst: 10, callsPerWindow: { calls: 10, windowMs: 1_000 } }),
  ],
  ['hedge, cold', () => hedge()],
  ['hedge, warm', () => warmHedge(50)],
  ['hedge, at once', () => warmHedge(0)],
  ['single-flight, without a key', () => singleFlight({ keyOf: () => undefined })],
  ['single-flight, each with a key of its own', () => singleFlight({ keyOf: () => String(keys++) })],
  ['throttle', () => throttled],
  ['chaos without faults', () => chaos([])],
  ['per-key, by object', () => perKey({ keyOf: (request) => request, layerOf: () => deadline() })],
  ['per-key, by name', () => perKey({ keyOf: () => 'all', layerOf: () => limit() })],
  ['the layers of an upstream', () => wholeUpstream],
])('%s', (_name, layer) => {
  for (const { name, run } of layerContract({ layer, request: () => ({}), value: () => ({}) })) it(name, run)
})
