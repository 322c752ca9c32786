import type { Layer } from '../../core/layer.ts'
import { resolve } from '../../core/options.ts'
import { type Judge, plainJudge, type Verdict } from '../../core/outcome.ts'
import { Circuit } from './circuit.ts'
import { type BreakerOptions, breakerDefaults, breakerRules } from './options.ts'

export { Circuit } from './circuit.ts'
export { CircuitOpenError } from './error.ts'
export type { CircuitEvent } from './events.ts'
export { type BreakerOptions, breakerDefaults } from './options.ts'
export type { Phase } from './states.ts'

export interface BreakerNeeds<Req, Res> {
  /** A circuit that others ask too; the layer makes its own if absent. */
  circuit?: Circuit
  judge?: Judge<Req, Res>
}

/**
 * Fails at once while the circuit is open, and tells the circuit how each attempt ended.
 *
 * A 429 and our own refusals move nothing; neither does an attempt whose caller left.
 *
 * @throws CircuitOpenError
 */
export function breaker<Req, Res>(
  options: Partial<BreakerOptions> = {},
  needs: BreakerNeeds<Req, Res> = {},
): Layer<Req, Res> {
  const resolved = needs.circuit?.options ?? resolve('breaker', breakerDefaults, breakerRules, options)
  const { judge = plainJudge } = needs
  const { isFailure } = resolved
  let shared = needs.circuit
  const asFailure = (verdict: Verdict, ending: { value?: unknown; error?: unknown }): Verdict => {
    const said = verdict === 'neutral' ? undefined : ask(isFailure, ending)
    if (said === undefined) return verdict
    if (!said) return 'success'
    return verdict === 'timeout' ? 'timeout' : 'failure'
  }
  return (next, runtime) => {
    shared ??= new Circuit(resolved, runtime)
    const circuit = shared
    const { clock } = runtime
    return async (request, context) => {
      const permit = circuit.acquire()
      const startedAt = clock.now()
      const report = (verdict: Verdict) => {
        const durationMs = clock.now() - startedAt
        if (verdict === 'success') permit.success(durationMs)
        else if (verdict === 'neutral' || verdict === 'throttled') permit.ignore()
        else permit.failure(verdict, durationMs)
      }
      try {
        const value = await next(request, context)
        report(asFailure(judge.value(value, request), { value }))
        return value
      } catch (error) {
        report(asFailure(judge.error(error, request, context), { error }))
        throw error
      }
    }
  }
}

/** A rule of the caller's that breaks leaves the usual one: a fault in it must cost neither an answer nor a permit. */
function ask(isFailure: BreakerOptions['isFailure'], ending: { value?: unknown; error?: unknown }) {
  try {
    return isFailure?.(ending)
  } catch {
    return undefined
  }
}
