import type { PolicyReport, Report } from 'breakwater/simulate'
import { element } from './element.ts'
import { nameInWords } from './lab-scenario.ts'
import { inFull, writeDuration } from './quantity.ts'

interface Row {
  readonly label: string
  readonly cell: (report: PolicyReport) => string
  /** Whether it says anything of a run; it is left out where it says nothing of any. */
  readonly tells: (report: PolicyReport) => boolean
}

const always = () => true
/** Where nothing goes down, nothing recovers. */
const recovers = ({ t50Ms, tAllMs, boundMs }: PolicyReport) => (tAllMs ?? t50Ms ?? boundMs) !== null
const isBound = ({ boundMs }: PolicyReport) => boundMs !== null
/** Where each client wants one thing, attempts per client say it already. */
const hasWork = ({ attemptsPerClient, amplification }: PolicyReport) => attemptsPerClient !== amplification

const rows: readonly Row[] = [
  { label: 'Half recovered after', cell: ({ t50Ms }) => time(t50Ms), tells: recovers },
  { label: '99 % recovered after', cell: ({ t99Ms }) => time(t99Ms), tells: recovers },
  { label: 'All recovered after', cell: ({ tAllMs }) => time(tAllMs), tells: recovers },
  { label: 'Soonest possible', cell: ({ boundMs }) => time(boundMs), tells: isBound },
  { label: 'Busiest second', cell: ({ peakPerSecond }) => inFull(peakPerSecond), tells: always },
  { label: 'Of what the server can do', cell: ({ peakOverCapacity }) => `${short(peakOverCapacity)} ×`, tells: always },
  { label: 'Attempts per client', cell: ({ attemptsPerClient }) => short(attemptsPerClient), tells: always },
  { label: 'Attempts per piece of work', cell: ({ amplification }) => short(amplification), tells: hasWork },
  { label: 'Work for who had left', cell: ({ wasted }) => inFull(wasted), tells: always },
  { label: 'Lost', cell: ({ goodputLost }) => `${short(goodputLost * 100)} %`, tells: always },
  { label: 'Longest wait', cell: ({ worstWaitMs }) => time(worstWaitMs), tells: always },
]

/** Every figure of a report, a column for each that was in it. */
export function figuresOf(report: Report): HTMLTableElement {
  const all: readonly PolicyReport[] = [report, ...report.compared]
  const shown = [...rows, ...Object.keys(report.details).map(detailRow)].filter(({ tells }) => all.some(tells))
  const heads = all.map(({ label }) => element('th', { scope: 'col' }, label))
  const line = ({ label, cell }: Row) => {
    const cells = all.map((whose) => element('td', {}, cell(whose)))
    return element('tr', {}, element('th', { scope: 'row' }, label), ...cells)
  }
  return element(
    'table',
    {},
    element('caption', {}, 'All figures'),
    element('thead', {}, element('tr', {}, element('td'), ...heads)),
    element('tbody', {}, ...shown.map(line)),
  )
}

/** A figure that only its scenario has. */
function detailRow(name: string): Row {
  const isTime = /Ms(?![a-z])/.test(name)
  return {
    label: nameInWords(name),
    cell({ details }) {
      const value = details[name] ?? null
      return value === null ? '–' : isTime ? time(value) : short(value)
    },
    tells: ({ details }) => (details[name] ?? null) !== null,
  }
}

/** No more of it than anybody compares. */
function time(ms: number | null): string {
  if (ms === null) return 'never'
  const unitMs = ms < 10 ? 0.01 : ms < 1_000 ? 1 : ms < 120_000 ? 10 : 1_000
  return writeDuration(Number((Math.round(ms / unitMs) * unitMs).toFixed(2)))
}

/** Two digits behind the point are enough to compare. */
function short(value: number): string {
  return inFull(Number(value.toFixed(2)))
}
