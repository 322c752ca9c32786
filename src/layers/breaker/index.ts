import type { Guard } from '../../core/guard.ts'
import type { Layer } from '../../core/layer.ts'
import { resolve } from '../../core/options.ts'
import { type Judge, plainJudge, type Verdict } from '../../core/outcome.ts'
import { pass } from '../../core/pass.ts'
import { Circuit } from './circuit.ts'
import { type BreakerOptions, breakerDefaults, breakerRules } from './options.ts'
import type { Permit } from './permit.ts'

export { Circuit } from './circuit.ts'
export { CircuitOpenError } from './error.ts'
export type { CircuitEvent } from './events.ts'
export { type BreakerOptions, breakerDefaults } from './options.ts'
export type { Phase } from './states.ts'

export interface BreakerNeeds<Req, Res> {
  /** A circuit that others ask too; the layer makes its own if absent. */
  circuit?: Circuit
  /** The circuit of each request, where they differ. */
  circuitOf?: (request: Req) => Circuit
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
  const { judge = plainJudge, circuitOf } = needs
  const resolved = resolve('breaker', breakerDefaults, breakerRules, options)
  let shared = needs.circuit
  return (next, runtime) => {
    if (!circuitOf) shared ??= new Circuit(resolved, runtime)
    const own = shared as Circuit
    const of = circuitOf ?? (() => own)
    const guard: Guard<Req, Res, Permit> = {
      enter: (request, _context, now) => of(request).acquire(now),
      value: (value, request, _context, permit, now) => {
        const verdict = judge.value(value, request)
        const { isFailure } = permit.referee.options
        report(permit, isFailure ? overruled(verdict, isFailure, { value }) : verdict, now)
      },
      error: (error, request, context, permit, now) => {
        const verdict = judge.error(error, request, context)
        const { isFailure } = permit.referee.options
        report(permit, isFailure ? overruled(verdict, isFailure, { error }) : verdict, now)
      },
    }
    return pass(guard, next, runtime)
  }
}
function report(permit: Permit, verdict: Verdict, now: number): void {
  const durationMs = now - permit.startedAt
  if (verdict === 'success') permit.success(durationMs, now)
  else if (verdict === 'neutral' || verdict === 'throttled') permit.ignore()
  else permit.failure(verdict, durationMs, now)
}

type Rule = NonNullable<BreakerOptions['isFailure']>

function overruled(verdict: Verdict, isFailure: Rule, ending: { value?: unknown; error?: unknown }): Verdict {
  const said = verdict === 'neutral' ? undefined : ask(isFailure, ending)
  if (said === undefined) return verdict
  if (!said) return 'success'
  return verdict === 'timeout' ? 'timeout' : 'failure'
}

/** A rule of the caller's that breaks leaves the usual one: a fault in it must cost neither an answer nor a permit. */
function ask(isFailure: Rule, ending: { value?: unknown; error?: unknown }): boolean | undefined {
  try {
    return isFailure(ending)
  } catch {
    return undefined
  }
}
