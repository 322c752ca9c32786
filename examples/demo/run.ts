import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Calls, type SettledCall } from './calls.ts'
import type { Fleet } from './fleets.ts'
import type { Scenario } from './scenario.ts'
import { ServerProcess } from './server-process.ts'
import { traffic } from './traffic.ts'

/** All that one run left behind; figures and plot come from it. */
export interface Trace {
  /** When calls were made, settled or not, in ms from the start. */
  readonly offered: readonly number[]
  readonly settled: readonly SettledCall[]
  /** Requests that reached the server, per bucket of the server's plan. */
  readonly arrivals: readonly number[]
  /** The longest that this process was kept from running, in ms: then all clients stood still, and caught up, at once. */
  readonly stalledMs: number
}

/** What is known while a run is under way. */
export interface Progress {
  readonly elapsedMs: number
  readonly arrivals: readonly number[]
  readonly succeeded: number
}

/**
 * Sends the scenario's traffic through one fleet to a fresh server.
 *
 * @param stop ends it before its time: it throws, and the server is gone by then
 */
export async function run(
  scenario: Scenario,
  build: (scenario: Scenario) => Fleet,
  stop: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Trace> {
  const due = traffic(scenario)
  const fleet = build(scenario)
  const server = await ServerProcess.spawn()
  const over = new AbortController()
  try {
    const arrivals: number[] = []
    const calls = new Calls(fleet, server.url, over.signal)
    await server.start(scenario.server, (more) => {
      arrivals.push(...more)
      onProgress({ elapsedMs: calls.now, arrivals, succeeded: calls.settled.filter(({ ok }) => ok).length })
    })
    const delay = monitorEventLoopDelay()
    delay.enable()
    await calls.make(due, scenario.runMs, stop)
    await calls.drain(scenario.graceMs)
    delay.disable()
    const settled = [...calls.settled]
    arrivals.push(...(await server.report()))
    return { offered: due.map(({ atMs }) => atMs), settled, arrivals, stalledMs: delay.max / 1e6 }
  } finally {
    over.abort()
    await Promise.all([fleet.close(), server.end()])
  }
}
