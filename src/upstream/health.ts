import type { Verdict } from '../core/outcome.ts'
import type { Phase } from '../layers/breaker/index.ts'

/** What a herd looks like from one client. */
export type HerdSignature = 'amplification' | 'synchronised' | 'hot-key' | 'saturation'

/** A sign of a herd, with its likely cause and the option that contains it. */
export interface HerdSign {
  readonly signature: HerdSignature
  /** The figure that gave it away: a factor, or a share for a hot key. */
  readonly figure: number
  readonly cause: string
  readonly remedy: string
  /** Which key is hot, by a hash of it. */
  readonly keyHash?: string
}

/** Somebody above who is told what goes to an upstream, and whose findings belong to its health. */
export interface UpstreamWatch {
  called(key: string, now?: number): void
  attempted(isExtra: boolean, now?: number): void
  answered(verdict: Verdict, tookMs: number, now?: number): void
  readonly signs: readonly HerdSign[]
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
  /** Signs of a herd in the last ten seconds; see `herd.detected`. */
  readonly herd: readonly HerdSign[]
}
