import { figures } from './figures.ts'
import { type Paint, plot } from './plot.ts'
import type { Trace } from './run.ts'
import { capacityOf, type Scenario } from './scenario.ts'
import { table } from './table.ts'

/** A fleet's run, under the name that people know the fleet by. */
export interface TitledTrace {
  readonly title: string
  readonly trace: Trace
}

const widest = 80
const narrowest = 40

/** From here on a stall shows in the peak: what waited for it goes out together. */
const longStallMs = 60

/** What is about to happen, for whoever sees it for the first time. */
export function story({ clients, callsPerSecond, attemptMs, runMs, server }: Scenario): string {
  const [refusing, frozen] = server.phases.map(({ fromMs, toMs }) => `${inSeconds(toMs - fromMs)} s`)
  return [
    `${clients} clients make ${callsPerSecond} calls a second for ${inSeconds(runMs)} s to a server that can serve ${capacityOf(server)}.`,
    `It refuses with 503 and Retry-After: ${server.retryAfterS} for ${refusing}, freezes for ${frozen}, then is well.`,
    `Each attempt may take ${inSeconds(attemptMs)} s. First plain fetch, which tries 3 times with 0.2 s`,
    'between, then Breakwater with the same calls. Red: more than can be served.',
  ].join('\n')
}

/** The plots above the table. */
export function picture(scenario: Scenario, runs: readonly TitledTrace[], columns: number, paint: Paint): string {
  const { bucketMs, phases } = scenario.server
  const frame = {
    bucketMs,
    runMs: scenario.runMs,
    capacity: capacityOf(scenario.server),
    spans: phases.map(({ kind, ...span }) => ({ ...span, label: kind === 'frozen' ? 'frozen' : '503' })),
    width: Math.min(widest, Math.max(narrowest, columns)),
  }
  const series = runs.map(({ title, trace }) => ({
    title: `${title}: requests per second at the server`,
    counts: trace.arrivals,
  }))
  const titles = runs.map(({ title }) => title)
  const columnsOfFigures = runs.map(({ trace }) => figures(scenario, trace))
  return [plot(series, frame, paint), table(scenario, titles, columnsOfFigures)].join('\n\n')
}

/** A word of caution, where the machine was too busy for the figures to be the fleets' alone. */
export function caution(
  runs: readonly { readonly trace: Pick<Trace, 'stalledMs'> }[],
  longMs = longStallMs,
): string | undefined {
  const stalledMs = Math.max(...runs.map(({ trace }) => trace.stalledMs))
  if (stalledMs < longMs) return undefined
  return `This machine was busy: all clients stood still for ${inSeconds(stalledMs)} s, which adds to the peak.`
}

function inSeconds(ms: number): string {
  return String(Math.round(ms / 100) / 10)
}
