import { type Figures, timeLeft } from './figures.ts'
import { capacityOf, type Scenario } from './scenario.ts'

/** Both fleets side by side. The notes say what the words mean, because each of them can be measured in many ways. */
export function table(scenario: Scenario, titles: readonly string[], fleets: readonly Figures[]): string {
  const headroom = capacityOf(scenario.server) / scenario.callsPerSecond
  const row = (name: string, cell: (figures: Figures) => string) => [name, ...fleets.map(cell)]
  const cells = [
    ['', ...titles],
    row('calls', ({ calls }) => count(calls)),
    row('attempts', ({ attempts }) => count(attempts)),
    row('amplification (attempts / calls)', ({ amplification }) => ratio(amplification)),
    row('peak load / capacity', ({ peakOverCapacity }) => ratio(peakOverCapacity)),
    row('peak load / offered load', ({ peakOverCapacity }) => ratio(peakOverCapacity * headroom)),
    row('succeeded', ({ succeeded, calls }) => `${count(succeeded)} (${Math.round((100 * succeeded) / calls)} %)`),
    row('failed fast', ({ failedFast }) => count(failedFast)),
    row('time to recover', ({ recoveryMs }) =>
      recoveryMs >= timeLeft(scenario) ? 'not within the run' : seconds(recoveryMs),
    ),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)))
  const lines = cells.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('   '),
  )
  return [
    ...lines,
    '',
    'attempts: requests that reached the server. peak load: its busiest second.',
    'failed fast: told within 0.1 s. time to recover: from when the server is well to',
    `when 95 % of what is offered succeeds again, for 2 s; the run ends after ${seconds(timeLeft(scenario))}.`,
  ].join('\n')
}

function count(number: number): string {
  return number.toLocaleString('en')
}

function ratio(number: number): string {
  return number.toFixed(2)
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
