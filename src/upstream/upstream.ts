import { Budget, type BudgetOptions } from '../core/budget.ts'
import type { BreakwaterError } from '../core/error.ts'
import type { Context, Layer } from '../core/layer.ts'
import type { Verdict } from '../core/outcome.ts'
import { QuantileSketch } from '../core/quantile.ts'
import type { Runtime } from '../core/runtime.ts'
import { RollingWindow } from '../core/window.ts'
import { type BreakerOptions, Circuit, type Phase } from '../layers/breaker/index.ts'
import { type HedgeOptions, Hedger } from '../layers/hedge/index.ts'
import { type CallsPerWindow, Limiter, type LimitOptions } from '../layers/limit/index.ts'
import { Gate, type PushbackOptions } from '../layers/pushback/index.ts'
import { Throttle, type ThrottleOptions } from '../layers/throttle/index.ts'
import { type DialNeeds, dialLayers } from './dialing.ts'
import type { UpstreamHealth, UpstreamWatch } from './health.ts'
import { type UpstreamNeeds, type UpstreamParts, upstreamLayers } from './layers.ts'

export interface UpstreamOptions {
  budget?: Partial<BudgetOptions> | undefined
  breaker?: Partial<BreakerOptions> | false | undefined
  pushback?: Partial<PushbackOptions> | false | undefined
  limit?: Partial<LimitOptions> | false | undefined
  hedge?: Partial<HedgeOptions> | boolean | undefined
  throttle?: Partial<ThrottleOptions> | boolean | undefined
  /** Watches for the signs of a herd. */
  watch?: ((authority: string) => UpstreamWatch) | undefined
  /** The patience of one attempt, in ms: how long a probe may take, and what counts as slow, follow from it. */
  attemptMs: number
}

interface CompleteOptions {
  readonly budget: Readonly<BudgetOptions>
  readonly breaker: Readonly<BreakerOptions>
  readonly pushback: Readonly<PushbackOptions> | undefined
  readonly limit: Readonly<LimitOptions> | undefined
}

/** A breaker that nothing opens but a hand. */
const neverTrips: Partial<BreakerOptions> = { consecutive: Infinity, minCalls: Infinity }

/** The first tokens of a budget beside a throttle. */
const throttledInitial = 1

/** The same options are completed once, and shared by all upstreams of a client. */
const complete = new WeakMap<UpstreamOptions, CompleteOptions>()

/** A limit that is used beyond this share has no room for hedges. */
const hedgeBelow = 0.8

/** Latency follows a changed server within this many answers. */
const latencyHalfLife = 1_000

const amplificationOverMs = 60_000
const firstAttempts = 0
const extraAttempts = 1

/**
 * Everything known about one authority, shared by all that talk to it. It composes the layers it owns; who stacks them
 * says how to judge an answer.
 */
export class Upstream implements UpstreamParts {
  readonly authority: string
  readonly budget: Budget
  readonly circuit: Circuit
  readonly hedger: Hedger | undefined
  readonly throttle: Throttle | undefined
  readonly watch: UpstreamWatch | undefined
  readonly gate: Gate | undefined
  readonly limiter: Limiter | undefined
  readonly #latency = new QuantileSketch(latencyHalfLife)
  readonly #attempts: RollingWindow
  readonly #runtime: Runtime
  readonly #trips: boolean
  #inFlight = 0
  /** Calls under way, those that wait included. */
  calls = 0
  /** When it was last asked for, in the count of its registry. */
  usedAt = 0

  constructor(authority: string, options: UpstreamOptions, runtime: Runtime) {
    this.authority = authority
    this.#runtime = runtime
    this.#trips = options.breaker !== false
    const known = complete.get(options)
    // With the throttle on, nearly empty: a fleet of slow clients has as many first tokens as calls in a stall.
    const budget = options.throttle ? { initial: throttledInitial, ...options.budget } : options.budget
    this.budget = new Budget(known?.budget ?? budget)
    this.hedger = options.hedge ? new Hedger(given(options.hedge)) : undefined
    this.throttle = options.throttle ? new Throttle(given(options.throttle), runtime, authority) : undefined
    this.watch = options.watch?.(authority)
    this.#attempts = new RollingWindow(runtime.clock, amplificationOverMs, 2)
    const halfOpenMs = Math.min(2 * options.attemptMs, Number.MAX_VALUE) || 1
    const trips = options.breaker === false ? neverTrips : { halfOpenMs, ...options.breaker }
    this.circuit = new Circuit(known?.breaker ?? trips, runtime, authority, (phase) => this.#follow(phase))
    if (options.pushback !== false) this.gate = new Gate(known?.pushback ?? options.pushback, runtime, authority)
    if (options.limit !== false) {
      const check = () => this.circuit.check()
      const needs = { upstream: authority, check, patienceMs: options.attemptMs }
      this.limiter = new Limiter(known?.limit ?? options.limit, runtime, needs)
    }
    if (known) return
    const [breaker, pushback, limit] = [this.circuit.options, this.gate?.options, this.limiter?.options]
    complete.set(options, { budget: this.budget.options, breaker, pushback, limit })
  }

  /** The layers around a call to this upstream alone. */
  layers<Req, Res>(needs: UpstreamNeeds<Req, Res>): Layer<Req, Res>[] {
    return upstreamLayers(() => this, { gate: this.gate !== undefined, limiter: this.limiter !== undefined }, needs)
  }

  /** The layers around the dial of a socket. */
  dialLayers<Req, Res>(needs: DialNeeds<Req, Res>): Layer<Req, Res>[] {
    const { authority, circuit } = this
    return dialLayers({ authority, circuit, gate: this.gate, trips: this.#trips }, needs, this.#runtime)
  }

  /** Why a further attempt would be refused here. */
  refuse(context: Context): BreakwaterError | undefined {
    return this.gate?.refuse(context.deadlineAt) ?? this.circuit.check()
  }

  /** Why the upstream must not get a hedge on top of what it has. */
  refuseHedge(): 'circuit' | 'gate' | 'limit' | 'retry-budget' | undefined {
    if (this.circuit.phase !== 'closed') return 'circuit'
    if (this.gate && this.gate.shutForMs > 0) return 'gate'
    if (this.limiter?.usedBeyond(hedgeBelow)) return 'limit'
    return this.budget.tokens < this.budget.cost(false) ? 'retry-budget' : undefined
  }

  /** Whether the server's `RateLimit-Policy` is to be followed. */
  get learnsQuota(): boolean {
    return this.limiter?.options.callsPerWindow === 'learned'
  }

  /** The server announced a quota. */
  learnQuota(quota: CallsPerWindow): void {
    this.limiter?.learnQuota(quota)
  }

  /** Sends away everybody who waits for a place. */
  refuseWaiting(reason: () => unknown): void {
    this.limiter?.failAll(reason)
  }

  attemptStarted(isExtra: boolean, now?: number): void {
    this.#inFlight++
    this.#attempts.add(isExtra ? extraAttempts : firstAttempts, 1, now)
    this.watch?.attempted(isExtra, now)
  }

  attemptEnded(verdict: Verdict, durationMs: number, now?: number): void {
    this.#inFlight--
    if (verdict === 'success') this.#latency.add(durationMs)
    this.throttle?.learn(verdict)
    this.watch?.answered(verdict, durationMs, now)
  }

  /**
   * Whether forgetting it would lose nothing that matters. A circuit that waits for a probe which nobody sends is among
   * that: else whoever meets many dead servers keeps them all for ever.
   */
  get idle(): boolean {
    const { phase } = this.circuit
    return this.calls === 0 && (phase === 'closed' || phase === 'half-open') && !this.gate?.shutForMs
  }

  health(): UpstreamHealth {
    const first = this.#attempts.total(firstAttempts)
    const { tokens } = this.budget
    return {
      circuit: this.circuit.phase,
      gate: { shutForMs: this.gate?.shutForMs ?? 0 },
      limit: { max: finite(this.limiter?.limit), inFlight: this.#inFlight },
      queue: this.limiter?.queued ?? 0,
      budget: { tokens: finite(tokens) },
      p50Ms: this.#latency.quantile(0.5) ?? null,
      p95Ms: this.#latency.quantile(0.95) ?? null,
      herd: this.watch?.signs ?? [],
      amplification: first === 0 ? 1 : (first + this.#attempts.total(extraAttempts)) / first,
    }
  }

  #follow(phase: Phase): void {
    if (phase === 'closed') this.limiter?.restart()
    else if (phase !== 'half-open') this.limiter?.failAll(() => this.circuit.check())
  }
}

/** `true` is a part with its defaults. */
function given<Options>(options: Options | true): Options | undefined {
  return options === true ? undefined : options
}

/** JSON has no Infinity. */
function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value
}
