import { Budget, type BudgetOptions } from '../core/budget.ts'
import type { BreakwaterError } from '../core/error.ts'
import type { Context, Layer } from '../core/layer.ts'
import type { Judge, Verdict } from '../core/outcome.ts'
import { QuantileSketch } from '../core/quantile.ts'
import type { Runtime } from '../core/runtime.ts'
import { RollingWindow } from '../core/window.ts'
import { type BreakerOptions, breaker, Circuit, type Phase } from '../layers/breaker/index.ts'
import { Limiter, type LimitOptions, limit } from '../layers/limit/index.ts'
import { Gate, type PushbackNeeds, type PushbackOptions, pushback } from '../layers/pushback.ts'

export interface UpstreamOptions {
  budget?: Partial<BudgetOptions> | undefined
  breaker?: Partial<BreakerOptions> | false | undefined
  pushback?: Partial<PushbackOptions> | false | undefined
  limit?: Partial<LimitOptions> | false | undefined
  /** The patience of one attempt, in ms: how long a probe may take, and what counts as slow, follow from it. */
  attemptMs: number
}

/** What is known of one upstream, as plain JSON. */
export interface UpstreamHealth {
  readonly circuit: Phase
  /** For how long the server's pushback keeps the gate shut, in ms; 0 is open. */
  readonly gate: { readonly shutForMs: number }
  /** `max` is `null` where there is no limit. */
  readonly limit: { readonly max: number | null; readonly inFlight: number }
  /** Calls that wait for a place. */
  readonly queue: number
  /** `null` where the budget is unlimited. */
  readonly budget: { readonly tokens: number | null }
  /** Latency of attempts that were answered, in ms; `null` before the first. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  /** Attempts for each call that made any, over the last minute; 1 is no retry at all. */
  readonly amplification: number
}

/** A breaker that nothing opens but a hand. */
const neverTrips: Partial<BreakerOptions> = { consecutive: Infinity, minCalls: Infinity }

/** Latency follows a changed server within this many answers. */
const latencyHalfLife = 1_000

const amplificationOverMs = 60_000
const firstAttempts = 0
const extraAttempts = 1

/**
 * Everything known about one authority, shared by all that talk to it. It composes the layers it owns; who stacks them
 * says how to judge an answer.
 */
export class Upstream {
  readonly authority: string
  readonly budget: Budget
  readonly circuit: Circuit
  readonly #gate: Gate | undefined
  readonly #limiter: Limiter | undefined
  readonly #latency = new QuantileSketch(latencyHalfLife)
  readonly #attempts: RollingWindow
  #inFlight = 0
  /** Calls under way, those that wait included. */
  calls = 0

  constructor(authority: string, options: UpstreamOptions, runtime: Runtime) {
    this.authority = authority
    this.budget = new Budget(options.budget)
    this.#attempts = new RollingWindow(runtime.clock, amplificationOverMs, 2)
    const halfOpenMs = Math.min(2 * options.attemptMs, Number.MAX_VALUE) || 1
    const trips = options.breaker === false ? neverTrips : { halfOpenMs, ...options.breaker }
    this.circuit = new Circuit(trips, runtime, authority, (phase) => this.#follow(phase))
    if (options.pushback !== false) this.#gate = new Gate(options.pushback, runtime, authority)
    if (options.limit !== false) {
      const check = () => this.circuit.check()
      this.#limiter = new Limiter(options.limit, runtime, { upstream: authority, check, patienceMs: options.attemptMs })
    }
  }

  /** In this order: a shut gate is waited for outside the queue, and the permit is taken behind it, so it is fresh. */
  layers<Req, Res>(judge: Judge<Req, Res>, read: PushbackNeeds<Req, Res>['read']): Layer<Req, Res>[] {
    return [
      ...(this.#gate ? [pushback<Req, Res>({}, { gate: this.#gate, read })] : []),
      ...(this.#limiter ? [limit<Req, Res>({}, { limiter: this.#limiter, judge })] : []),
      breaker<Req, Res>({}, { circuit: this.circuit, judge }),
    ]
  }

  /** Why a further attempt would be refused here. */
  refuse(context: Context): BreakwaterError | undefined {
    return this.#gate?.refuse(context.deadlineAt) ?? this.circuit.check()
  }

  attemptStarted(attempt: number): void {
    this.#inFlight++
    this.#attempts.add(attempt === 1 ? firstAttempts : extraAttempts)
  }

  attemptEnded(verdict: Verdict, durationMs: number): void {
    this.#inFlight--
    if (verdict === 'success') this.#latency.add(durationMs)
  }

  /** Whether forgetting it would lose nothing that matters. */
  get idle(): boolean {
    return this.calls === 0 && this.circuit.phase === 'closed' && !this.#gate?.shutForMs
  }

  health(): UpstreamHealth {
    const first = this.#attempts.total(firstAttempts)
    const { tokens } = this.budget
    return {
      circuit: this.circuit.phase,
      gate: { shutForMs: this.#gate?.shutForMs ?? 0 },
      limit: { max: finite(this.#limiter?.limit), inFlight: this.#inFlight },
      queue: this.#limiter?.queued ?? 0,
      budget: { tokens: finite(tokens) },
      p50Ms: this.#latency.quantile(0.5) ?? null,
      p95Ms: this.#latency.quantile(0.95) ?? null,
      amplification: first === 0 ? 1 : (first + this.#attempts.total(extraAttempts)) / first,
    }
  }

  #follow(phase: Phase): void {
    if (phase === 'closed') this.#limiter?.restart()
    else if (phase !== 'half-open') this.#limiter?.failAll(() => this.circuit.check())
  }
}

/** JSON has no Infinity. */
function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value
}
