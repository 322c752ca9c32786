import type { Runtime } from '../core/runtime.ts'
import type { Hint } from './hint.ts'
import { deadlineOf, type State, type StateName } from './machine/index.ts'

/** What a socket knows of itself, as plain JSON. */
export interface SocketHealth {
  readonly state: StateName
  /** `host:port`; null before a provider was asked for the first time. */
  readonly upstream: string | null
  /** Losses in a row, up to proven uptime. */
  readonly failures: number
  /** How long until the next dial, in ms; null if none is due. */
  readonly dueInMs: number | null
  readonly windowMs: number
  readonly patienceMs: number
  /** How long the connection has been in use, in ms; null without one. */
  readonly openForMs: number | null
  readonly queued: { readonly count: number; readonly bytes: number }
  /** What the server said for the day it crashes. */
  readonly hint: Hint | null
}

/** What is looked at. */
export interface HealthSubject {
  readonly state: State
  readonly route: { readonly authority: string } | undefined
  readonly runtime: Runtime
}

export function healthOf({ state, route, runtime }: HealthSubject, queued: SocketHealth['queued']): SocketHealth {
  const now = runtime.clock.now()
  const { failures, windowMs, patienceMs, hint } = state.memory
  const dueAt = state.name === 'waiting' ? deadlineOf(state) : Infinity
  return {
    state: state.name,
    upstream: route?.authority ?? null,
    failures,
    dueInMs: dueAt === Infinity ? null : Math.max(0, dueAt - now),
    windowMs,
    // JSON has no Infinity.
    patienceMs: Math.min(patienceMs, Number.MAX_SAFE_INTEGER),
    openForMs: state.live ? now - state.live.readyAt : null,
    queued,
    hint: hint ?? null,
  }
}
