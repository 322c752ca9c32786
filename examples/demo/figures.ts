import type { Trace } from './run.ts'
import { capacityOf, type Scenario, wellAt } from './scenario.ts'

export interface Figures {
  readonly calls: number
  /** Requests that reached the server. */
  readonly attempts: number
  /** Attempts for each call. */
  readonly amplification: number
  /** Requests in the server's busiest second, over what it can serve in one. The second may start at any bucket. */
  readonly peakOverCapacity: number
  readonly succeeded: number
  /** Calls whose caller was told of the failure within 100 ms. */
  readonly failedFast: number
  /**
   * From the moment the server is well until 95 % of the calls offered succeed, in each second of the two that follow.
   * The time that is left where that does not come about within the run.
   */
  readonly recoveryMs: number
}

const peakOverMs = 1_000
const fastMs = 100

const goodShare = 0.95
const goodForMs = 2_000
const goodputOverMs = 1_000

export function figures(scenario: Scenario, { offered, settled, arrivals }: Omit<Trace, 'stalledMs'>): Figures {
  const attempts = sum(arrivals)
  return {
    calls: offered.length,
    attempts,
    amplification: round(attempts / offered.length),
    peakOverCapacity: round(peak(scenario, arrivals) / capacityOf(scenario.server)),
    succeeded: settled.filter(({ ok }) => ok).length,
    failedFast: settled.filter(({ ok, startMs, endMs }) => !ok && endMs - startMs < fastMs).length,
    recoveryMs: recovery(scenario, { offered, settled }) ?? timeLeft(scenario),
  }
}

/** What `recoveryMs` is where the fleet did not recover within the run. */
export function timeLeft({ runMs, server }: Scenario): number {
  return runMs - wellAt(server)
}

function peak({ server }: Scenario, arrivals: readonly number[]): number {
  const width = peakOverMs / server.bucketMs
  const starts = Math.max(1, arrivals.length - width + 1)
  return Math.max(...Array.from({ length: starts }, (_, start) => sum(arrivals.slice(start, start + width))))
}

function recovery(
  { runMs, server }: Scenario,
  { offered, settled }: Pick<Trace, 'offered' | 'settled'>,
): number | undefined {
  const stepMs = server.bucketMs
  const well = wellAt(server)
  const demand = counter(offered)
  const goodput = counter(settled.filter(({ ok }) => ok).map(({ endMs }) => endMs))
  const isGood = (fromMs: number) =>
    goodput(fromMs, fromMs + goodputOverMs) >= goodShare * demand(fromMs, fromMs + goodputOverMs)
  for (let fromMs = well; fromMs + goodForMs <= runMs; fromMs += stepMs) {
    let good = true
    for (let at = fromMs; good && at + goodputOverMs <= fromMs + goodForMs; at += stepMs) good = isGood(at)
    if (good) return fromMs - well
  }
  return undefined
}

/** How many of these moments lie in a span. */
function counter(moments: readonly number[]): (fromMs: number, toMs: number) => number {
  return (fromMs, toMs) => moments.filter((moment) => moment >= fromMs && moment < toMs).length
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function round(ratio: number): number {
  return Math.round(ratio * 1_000) / 1_000
}
