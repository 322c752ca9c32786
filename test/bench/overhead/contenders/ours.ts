import { Budget } from '../../../../src/core/budget.ts'
import { createClient, createFetch } from '../../../../src/index.ts'
import {
  breaker,
  createContext,
  deadline,
  type Layer,
  limit,
  observe,
  pushback,
  retry,
  stack,
} from '../../../../src/layers/index.ts'
import type { Call } from './index.ts'
import { nothing, stub, url } from './stub.ts'

const budget = new Budget()

/** The default stack in the order of src/http/stack.ts, with what that gives its layers for a call of any kind. */
const layers = {
  observeCall: observe({ events: 'call' }),
  deadlineCall: deadline({}, { scope: 'call' }),
  retry: retry({}, { budgetOf: () => budget }),
  pushback: pushback({}, { read: () => 'served' }),
  limit: limit(),
  breaker: breaker(),
  observeAttempt: observe({ events: 'attempt' }),
  deadlineAttempt: deadline({ ms: 10_000 }, { scope: 'attempt' }),
} satisfies Record<string, Layer<string, string>>

function through(some: readonly Layer<string, string>[]): Call {
  const call = stack(some, nothing)
  return () => call('request', createContext())
}

/** A caller's signal that lives as long as the program. */
export function noOpWithSignal(): Call {
  const { signal } = new AbortController()
  const call = stack(Object.values(layers), nothing)
  return () => call('request', createContext({ signal }))
}

export function noOp(): Call {
  return through(Object.values(layers))
}

export function layerAlone(name: keyof typeof layers): Call {
  return through([layers[name]])
}

export function stubbed(): Call {
  const fetch = createFetch({ fetch: stub })
  return () => fetch(url)
}

export function kyStubbed(): Call {
  const { http } = createClient({ fetch: stub })
  return () => http.get(url)
}
