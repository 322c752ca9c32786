import type { Phase, ServerPlan } from '../server.ts'

/** One experiment, the same for both fleets. */
export interface Scenario {
  readonly clients: number
  readonly callsPerSecond: number
  /** The patience of one attempt. */
  readonly attemptMs: number
  readonly runMs: number
  /** How long calls that are open at the end may still take. */
  readonly graceMs: number
  readonly seed: number
  readonly server: ServerPlan
}

/** What starting, ending and the picture may take of the time on a busy machine. */
const overheadMs = 5_000

/** Spans of a run in ms, for one of this length; a longer or shorter one has them in proportion. */
const drawnForMs = 12_500
const refusingAtMs = 3_000
const frozenAtMs = 5_000
const wellAtMs = 6_500

/**
 * Twenty clients of five calls a second, on a server that could serve a fifth more. That is how busy servers are run,
 * and where a stall that is over stays: the work left behind needs what is spare, and retries take it. Calls that are
 * never retried are well again after 2.6 s here; with the fixed retry they still were not 33 s after the outage.
 *
 * @param seconds how long both runs together may take
 */
export function scenario(seconds: number): Scenario {
  const runMs = (seconds * 1_000 - overheadMs) / 2
  const at = (ms: number) => Math.round((ms * runMs) / drawnForMs)
  const phases: Phase[] = [
    { kind: 'refusing', fromMs: at(refusingAtMs), toMs: at(frozenAtMs) },
    { kind: 'frozen', fromMs: at(frozenAtMs), toMs: at(wellAtMs) },
  ]
  return {
    clients: 20,
    callsPerSecond: 100,
    attemptMs: 1_000,
    runMs,
    graceMs: 300,
    seed: 1,
    // The queue holds three seconds of work: more than a client's patience, as it is wherever nobody thought of it.
    server: { workers: 6, serviceMs: 50, queue: 400, retryAfterS: 1, phases, bucketMs: 100, lifeMs: runMs + 10_000 },
  }
}

/** Requests that the server can serve in a second. */
export function capacityOf({ workers, serviceMs }: ServerPlan): number {
  return (workers * 1_000) / serviceMs
}

/** When the server is well again; time to recover counts from there. */
export function wellAt({ phases }: ServerPlan): number {
  return Math.max(...phases.map(({ toMs }) => toMs))
}
