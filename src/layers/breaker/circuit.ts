import { resolve } from '../../core/options.ts'
import type { Verdict } from '../../core/outcome.ts'
import type { Runtime } from '../../core/runtime.ts'
import { CircuitOpenError } from './error.ts'
import { eventOf, type Opening, type OpenReason } from './events.ts'
import { type BreakerOptions, breakerDefaults, breakerRules } from './options.ts'
import { Permit, type Referee } from './permit.ts'
import { type Phase, States } from './states.ts'
import { Tally } from './tally.ts'

/**
 * The open time grows up to a tenth of the outage so far, and to 2 s in a young one. It is what callers lose after the
 * server is back, so it must stay small against what they lost before: 50 clients at 10 calls/s come back 2 s after an
 * outage of 10 s, 3 s after one of 40 s (a quarter and 5 s: 4 s and 8 s; test/worlds).
 */
const outageShare = 1 / 10
const youngOpenMs = 2_000

/**
 * Stops sending to a server that fails, and finds out with one request at a time when it is well again.
 *
 * Each permit carries the generation in which it was given. Every change of phase begins a new one, so a result that
 * comes late, or that nobody waits for any more, never moves a phase it does not belong to.
 */
export class Circuit implements Referee {
  readonly options: Readonly<BreakerOptions>
  readonly #runtime: Runtime
  readonly #upstream: string | undefined
  readonly #tally: Tally
  #machine: States<Opening> | undefined
  #phase: Phase = 'closed'
  #generation = 0
  #holds = 0
  #outageAt = 0
  #openMs = 0
  #phaseEndsAt = 0
  #probing = false
  #probesPassed = 0

  readonly #onChange: ((phase: Phase) => void) | undefined

  /** @param onChange hears each new phase at once, before anything else can happen */
  constructor(
    options: Partial<BreakerOptions> | undefined,
    runtime: Runtime,
    upstream?: string,
    onChange?: (phase: Phase) => void,
  ) {
    this.#onChange = onChange
    this.options = resolve('breaker', breakerDefaults, breakerRules, options)
    this.#runtime = runtime
    this.#upstream = upstream
    this.#tally = new Tally(this.options, runtime.clock)
  }

  /** As it stands at this moment; an open time that has run out reads as half-open. */
  get phase(): Phase {
    this.#advance()
    if (this.#phase === 'open' && this.#runtime.clock.now() >= this.#phaseEndsAt) return 'half-open'
    return this.#phase
  }

  /** Most circuits never open, and need nobody who keeps their states. */
  get #states(): States<Opening> {
    this.#machine ??= new States(this.options.probes, (phase, about) => this.#tell(phase, about))
    return this.#machine
  }

  /** cockatiel's phase, once it has heard everything: always the same as ours. */
  settled(): Promise<Phase> {
    return this.#states.settled()
  }

  /** Why an attempt would be refused now, without taking a permit. */
  check(): CircuitOpenError | undefined {
    if (this.#phase === 'closed') return undefined
    this.#advance()
    const phase = this.#phase as Exclude<Phase, 'closed'>
    const left = this.#phaseEndsAt - this.#runtime.clock.now()
    if (phase === 'open' ? left <= 0 : phase === 'half-open' && !this.#probing) return undefined
    const waitMs = phase === 'half-open' ? Math.min(left, this.options.openMs) : left
    return new CircuitOpenError(phase, phase === 'isolated' ? undefined : waitMs, this.#upstream)
  }

  /** @throws CircuitOpenError */
  acquire(now?: number): Permit {
    if (this.#phase === 'closed') return new Permit(this, this.#generation, false, now ?? this.#runtime.clock.now())
    const refusal = this.check()
    if (refusal) throw refusal
    if (this.#phase === 'open') {
      this.#enter('half-open', Infinity)
      this.#probesPassed = 0
    }
    this.#probing = true
    // Counted for each probe: a client that calls once a second needs longer than one limit for three of them.
    const startedAt = this.#runtime.clock.now()
    this.#phaseEndsAt = startedAt + this.options.halfOpenMs
    this.#states.probing()
    return new Permit(this, this.#generation, true, startedAt)
  }

  /** Holds the circuit open until disposed of, however often it is asked for. */
  isolate(): Disposable {
    let held = true
    if (this.#holds++ === 0) {
      this.#enter('isolated', Infinity)
      this.#states.isolate()
    }
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        if (--this.#holds === 0) {
          this.#states.release()
          this.#close()
        }
      },
    }
  }

  /** For the permits. */
  used(permit: Permit, verdict: Verdict | undefined, durationMs: number, now?: number): void {
    if (verdict === 'success') this.#advance()
    const counts = permit.spend() && permit.generation === this.#generation
    if (!counts) return
    if (permit.isProbe) this.#probing = false
    if (verdict === undefined) return
    if (!permit.isProbe) this.#judge(verdict, durationMs, now)
    else if (verdict === 'success') this.#probePassed()
    else this.#open('probe')
  }

  #judge(verdict: Verdict, durationMs: number, now?: number): void {
    const reason = this.#tally.add(verdict, durationMs, now)
    if (reason) this.#open(reason)
  }

  #probePassed(): void {
    this.#states.tell('success')
    if (++this.#probesPassed >= this.options.probes) this.#close()
  }

  #open(reason: OpenReason): void {
    const { openMs, maxOpenMs } = this.options
    const now = this.#runtime.clock.now()
    if (this.#phase === 'closed') {
      this.#outageAt = now
      this.#openMs = Math.min(openMs, maxOpenMs)
    } else {
      const longest = Math.min(maxOpenMs, Math.max(youngOpenMs, (now - this.#outageAt) * outageShare))
      this.#openMs = Math.max(Math.min(this.#openMs * 2, longest), Math.min(openMs, maxOpenMs))
    }
    const drawn = this.#openMs / 2 + (this.#runtime.random() * this.#openMs) / 2
    this.#states.tell('failure', { reason, openMs: drawn })
    this.#enter('open', drawn)
  }

  #close(): void {
    this.#tally.clear()
    this.#enter('closed', Infinity)
  }

  #enter(phase: Phase, forMs: number): void {
    this.#phase = phase
    this.#generation++
    this.#probing = false
    this.#phaseEndsAt = this.#runtime.clock.now() + forMs
    this.#onChange?.(phase)
  }

  /** What time alone has changed: a half-open circuit whose probes hang opens again. */
  #advance(): void {
    if (this.#phase !== 'half-open' || !this.#probing) return
    if (this.#runtime.clock.now() >= this.#phaseEndsAt) this.#open('half-open-limit')
  }

  #tell(phase: Phase, opening: Opening | undefined): void {
    this.#runtime.emit?.(eventOf(phase, this.#upstream, opening))
  }
}
