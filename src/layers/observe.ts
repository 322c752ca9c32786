import type { Guard } from '../core/guard.ts'
import type { Context, Layer } from '../core/layer.ts'
import { type Judge, plainJudge, type Verdict } from '../core/outcome.ts'
import { pass } from '../core/pass.ts'

/** How one call or attempt ended. */
export interface Observation {
  readonly verdict: Verdict
  /** From its start to its end, in ms; an attempt's waits in queues are not part of it. */
  readonly durationMs: number
  /** When it started, on the clock's monotonic time. */
  readonly startedAt: number
}

export interface ObserveNeeds<Req, Res> {
  judge?: Judge<Req, Res>
  started?: (request: Req, context: Context, startedAt: number) => void
  ended?: (observation: Observation, request: Req, context: Context, ending: { value?: Res; error?: unknown }) => void
  /** What to emit, and what its events are called; nothing if absent. */
  events?: 'call' | 'attempt'
  /** What an event says of a request: names, never its content. */
  label?: (request: Req) => object
}

export type ObserveEvent =
  | { readonly type: 'call.settled'; readonly verdict: Verdict; readonly durationMs: number }
  | { readonly type: 'attempt.started'; readonly attempt: number }
  | { readonly type: 'attempt.succeeded'; readonly attempt: number; readonly durationMs: number }
  | {
      readonly type: 'attempt.failed'
      readonly attempt: number
      readonly verdict: Verdict
      readonly durationMs: number
    }

/**
 * Sees what passes and changes nothing. Outermost it sees calls, innermost it sees attempts; the figures and the events
 * of both come from here.
 */
export function observe<Req, Res>(needs: ObserveNeeds<Req, Res> = {}): Layer<Req, Res> {
  const { judge = plainJudge, started, ended, events, label } = needs
  return (next, runtime) => {
    const tell = (event: ObserveEvent, request: Req) => runtime.emit?.({ ...event, ...label?.(request) })
    /** Without anybody who wants to know, nothing is even judged. */
    const isWatched = () => ended !== undefined || (events !== undefined && runtime.emit !== undefined)
    const report = (
      observation: Observation,
      request: Req,
      context: Context,
      ending: { value?: Res; error?: unknown },
    ) => {
      ended?.(observation, request, context, ending)
      if (events === undefined || runtime.emit === undefined) return
      const { verdict, durationMs } = observation
      const { attempt } = context
      if (events === 'call') tell({ type: 'call.settled', verdict, durationMs }, request)
      else if (verdict === 'success') tell({ type: 'attempt.succeeded', attempt, durationMs }, request)
      else tell({ type: 'attempt.failed', attempt, verdict, durationMs }, request)
    }
    const guard: Guard<Req, Res, number> = {
      enter: (request, context, startedAt) => {
        started?.(request, context, startedAt)
        if (events === 'attempt' && runtime.emit) tell({ type: 'attempt.started', attempt: context.attempt }, request)
        return startedAt
      },
      value: (value, request, context, startedAt, now) => {
        if (!isWatched()) return
        const verdict = judge.value(value, request)
        report({ verdict, startedAt, durationMs: now - startedAt }, request, context, { value })
      },
      error: (error, request, context, startedAt, now) => {
        if (!isWatched()) return
        const verdict = judge.error(error, request, context)
        report({ verdict, startedAt, durationMs: now - startedAt }, request, context, { error })
      },
    }
    return pass(guard, next, runtime)
  }
}
