import { type Paint, plot } from '../plot.ts'
import { type StormFigures, stormFigures } from './figures.ts'
import type { StormTrace } from './run.ts'
import { queueMs, type Storm } from './scenario.ts'

export interface TitledStorm {
  readonly title: string
  readonly trace: StormTrace
}

const widest = 80
const narrowest = 40

/** What is about to happen, for whoever sees it for the first time. */
export function stormStory(storm: Storm): string {
  const { sockets, handshakesPerSecond, downMs, saidDownMs, firstWaitMs, connectMs } = storm
  return [
    `${sockets} WebSockets are open when their server is killed. It is back in ${inSeconds(downMs)},`,
    `cold: it makes ${handshakesPerSecond} handshakes a second, also those of clients who have left.`,
    'Two fleets at a time, each with a server of its own. naive: waits',
    `${inSeconds(firstWaitMs)}, 2 s, 4 s …, no jitter, and ${inSeconds(connectMs)} to connect. ReliableSocket: as it comes;`,
    'when its server welcomes it, that says how many it serves, how many handshakes',
    `it can make, and that a restart takes ${inSeconds(saidDownMs)}.`,
  ].join('\n')
}

/** What reached the servers, how many were back, and the figures. */
export function stormPicture(storm: Storm, runs: readonly TitledStorm[], columns: number, paint: Paint): string {
  const { bucketMs, runMs, sockets, handshakesPerSecond, downMs } = storm
  const width = Math.min(widest, Math.max(narrowest, columns))
  const spans = [{ label: 'gone', fromMs: 0, toMs: downMs }]
  const frame = { bucketMs, runMs, spans, width }
  const arrivals = runs.map(({ title, trace }) => ({
    title: `${title}: handshakes per second asked of the server`,
    counts: trace.arrivals,
  }))
  const back = runs.map(({ title, trace }) => ({
    title: `${title}: sockets that are back`,
    counts: backOver(storm, trace),
  }))
  return [
    plot(arrivals, { ...frame, capacity: handshakesPerSecond }, paint),
    plot(back, { ...frame, capacity: sockets }, paint),
    table(storm, runs),
  ].join('\n\n')
}

/** How many were back in each bucket, in the unit that a plot draws: so many in a second. */
function backOver({ bucketMs, runMs }: Storm, { backAt }: StormTrace): number[] {
  return Array.from({ length: Math.ceil(runMs / bucketMs) }, (_, bucket) => {
    const until = (bucket + 1) * bucketMs
    return (backAt.filter((at) => at < until).length * bucketMs) / 1_000
  })
}

function table(storm: Storm, runs: readonly TitledStorm[]): string {
  const fleets = runs.map(({ trace }) => stormFigures(storm, trace))
  const row = (name: string, cell: (figures: StormFigures) => string) => [name, ...fleets.map(cell)]
  const cells = [
    ['', ...runs.map(({ title }) => title)],
    row('all back after', ({ allBackMs, back }) =>
      allBackMs === null ? `only ${back} back` : `${(allBackMs / 1_000).toFixed(1)} s`,
    ),
    row('  over the soonest possible', ({ allBackMs, lowerBoundMs }) =>
      allBackMs === null ? '' : (allBackMs / lowerBoundMs).toFixed(2),
    ),
    row('busiest second / capacity', ({ busiestOverCapacity }) => busiestOverCapacity.toFixed(2)),
    row('dials per client', ({ attemptsPerClient }) => attemptsPerClient.toFixed(2)),
    row('handshakes wasted', ({ wasted }) => String(wasted)),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)))
  const lines = cells.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('   '),
  )
  return [
    ...lines.map((line) => line.trimEnd()),
    '',
    `Counted from the kill. The soonest possible: ${inSeconds(queueMs(storm))} of handshakes without a`,
    'pause, from when the server can be reached again. wasted: for clients that left.',
  ].join('\n')
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`
}
