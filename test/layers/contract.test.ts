import { describe, it } from 'vitest'
import { type Layer, stack } from '../../src/core/layer.ts'
import { plainJudge } from '../../src/core/outcome.ts'
import { breaker } from '../../src/layers/breaker/index.ts'
import { deadline } from '../../src/layers/deadline.ts'
import { limit } from '../../src/layers/limit/index.ts'
import { observe } from '../../src/layers/observe.ts'
import { perKey } from '../../src/layers/per-key.ts'
import { pushback } from '../../src/layers/pushback/index.ts'
import { retry } from '../../src/layers/retry.ts'
import { layerContract } from '../../src/testing/index.ts'
import { Upstream } from '../../src/upstream/upstream.ts'

const wholeUpstream: Layer<object, object> = (next, runtime) => {
  const upstream = new Upstream('api.example:443', { attemptMs: 10_000 }, runtime)
  return stack(upstream.layers<object, object>({ judge: plainJudge, read: () => undefined }), next, runtime)
}

describe.each<[name: string, layer: () => Layer<object, object>]>([
  ['observe', () => observe({ events: 'call' })],
  ['deadline', () => deadline()],
  ['deadline of an attempt', () => deadline({ ms: 10_000 }, { scope: 'attempt' })],
  ['retry', () => retry()],
  ['breaker', () => breaker()],
  ['pushback', () => pushback({}, { read: () => 'served' })],
  ['limit', () => limit()],
  ['per-key, by object', () => perKey({ keyOf: (request) => request, layerOf: () => deadline() })],
  ['per-key, by name', () => perKey({ keyOf: () => 'all', layerOf: () => limit() })],
  ['the layers of an upstream', () => wholeUpstream],
])('%s', (_name, layer) => {
  for (const { name, run } of layerContract({ layer, request: () => ({}), value: () => ({}) })) it(name, run)
})
