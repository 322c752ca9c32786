import type { PolicyReport, Report } from '../report.ts'
import { inFull } from '../sentence.ts'
import { capacityOf, inPercent, inTime, inTimes, policiesOf } from './figures.ts'
import { wrapped } from './wrap.ts'

export interface PlotOptions {
  /** Characters in a line, at least 40. */
  readonly columns?: number
  /** Lines for the arrivals of each policy, at least 2. */
  readonly rows?: number
  /** Whether to colour it, with the codes that terminals know. */
  readonly color?: boolean
}

/** What all plots of one picture share. */
interface Frame {
  /** Characters in a line. */
  readonly columns: number
  /** Seconds on the time axis. */
  readonly seconds: number
  /** Seconds in a character, or characters for a second. */
  readonly each: number
  readonly stretch: number
  readonly rows: number
  readonly top: number
  readonly capacity: number | undefined
  readonly paint: (style: keyof typeof styles, text: string) => string
}

const eighths = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const styles = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const
const labelWidth = 11
/** For the percentage behind the strip of who has recovered, at least. */
const tailWidth = 7

/**
 * A report as a picture of characters, for a terminal: for each policy what came to the server, second by second, against
 * what it can take, and who had recovered. All have one scale. It ends at four times the capacity, so that a flood does not
 * flatten all else; what is beyond is an arrow, and the line above says how much it was.
 */
export function plot(report: Report, { columns = 80, rows = 8, color = false }: PlotOptions = {}): string {
  const policies = policiesOf(report)
  const longest = longestSeconds(report)
  const seconds = secondsShown(report)
  const room = Math.max(40, columns)
  const tails = policies.map((policy) => tailOf(policy, seconds).length)
  const width = room - labelWidth - 1 - Math.max(tailWidth, ...tails)
  const capacity = capacityOf(report)
  const most = Math.max(...policies.flatMap(({ curves }) => curves.arrivals.slice(0, seconds)), 1)
  const frame: Frame = {
    columns: room,
    seconds,
    each: Math.ceil(seconds / width),
    stretch: Math.max(1, Math.min(8, Math.floor(width / seconds))),
    rows: Math.max(2, Math.floor(rows)),
    top: niceTop(capacity === undefined ? most : Math.max(capacity, Math.min(most, 4 * capacity))),
    capacity,
    paint: (style, text) => (color ? `\u001b[${styles[style]}m${text}\u001b[0m` : text),
  }
  const cut = `The longest run goes on until ${inTime(longest * 1_000)}; after … stands the share at its end.`
  return [
    ...policies.flatMap((policy) => [
      ...title(policy, frame),
      ...bars(policy.curves.arrivals, frame),
      recovered(policy, frame),
    ]),
    timeAxis(frame),
    ...(longest > seconds ? wrapped(cut, room).map((line) => frame.paint('dim', line)) : []),
  ].join('\n')
}

/** How many seconds are drawn: a rival that never comes back would squeeze everybody else into a corner. */
export function secondsShown(report: Report): number {
  return Math.max(1, Math.min(longestSeconds(report), Math.max(60, 4 * secondsOf(report))))
}

/** How many there are. */
export function longestSeconds(report: Report): number {
  return Math.max(...policiesOf(report).map(secondsOf))
}

function secondsOf({ curves }: PolicyReport): number {
  return Math.max(curves.arrivals.length, curves.recovered.length)
}

function title(policy: PolicyReport, { columns, paint }: Frame): string[] {
  const { label, partial, peakPerSecond, peakOverCapacity, t99Ms } = policy
  const facts = [
    `busiest second ${inFull(peakPerSecond)}, ${inTimes(peakOverCapacity)} × capacity`,
    ...(t99Ms === null ? [] : [`99 % back after ${inTime(t99Ms)}`]),
    ...(partial ? ['ended early'] : []),
  ].join('; ')
  if (label.length + 2 + facts.length <= columns) return [`${paint('bold', label)}  ${paint('dim', facts)}`]
  return [
    ...wrapped(label, columns).map((line) => paint('bold', line)),
    ...wrapped(facts, columns - 2).map((line) => `  ${paint('dim', line)}`),
  ]
}

/** The busiest second of each character. */
function bars(arrivals: readonly number[], frame: Frame): string[] {
  const { rows, top, capacity, paint } = frame
  const rates = cells(frame, arrivals, (held) => Math.max(...held))
  const perRow = top / rows
  const capacityRow = capacity === undefined ? -1 : Math.min(rows - 1, Math.ceil(capacity / perRow) - 1)
  return Array.from({ length: rows }, (_, index) => {
    const row = rows - 1 - index
    const gap = row === capacityRow ? '╌' : ' '
    const drawn = rates.map((rate) => cellOf(rate, row, perRow, row === rows - 1 && rate > top, gap)).join('')
    const painted = drawn
      .replace(/[^ ╌]+/g, (run) => paint(capacity !== undefined && row > capacityRow ? 'red' : 'green', run))
      .replace(/╌+/g, (run) => paint('yellow', run))
    const label = row === capacityRow ? capacity : row === rows - 1 ? top : undefined
    return `${lead(label === undefined ? '' : `${inFull(Math.round(label))}/s`)}${label === undefined ? '│' : '┤'}${painted}`.trimEnd()
  })
}

function cellOf(rate: number, row: number, perRow: number, beyond: boolean, gap: string): string {
  if (beyond) return '▲'
  const filled = Math.min(8, Math.max(0, Math.round((rate / perRow - row) * 8)))
  // What came at all is seen.
  if (filled === 0) return rate > 0 && row === 0 ? '▁' : gap
  return eighths[filled] ?? gap
}

function recovered(policy: PolicyReport, frame: Frame): string {
  const shares = cells(frame, policy.curves.recovered, (held) => held.at(-1) ?? 0)
  const strip = shares.map((share) => eighths[share > 0 ? Math.max(1, Math.floor(share * 8)) : 0]).join('')
  return `${lead('recovered')}└${frame.paint('green', strip)}${tailOf(policy, frame.seconds)}`
}

/** The share at the end of the run, whether or not it is drawn so far. */
function tailOf({ curves, tAllMs }: PolicyReport, seconds: number): string {
  // The last of them may be back between two seconds.
  const last = tAllMs !== null ? 1 : (curves.recovered.at(-1) ?? 0)
  return `${curves.recovered.length > seconds ? ' …' : ''} ${inPercent(last)}`
}

/** One value for each character up to the end of the curve. */
function cells({ seconds, each, stretch }: Frame, curve: readonly number[], of: (held: readonly number[]) => number) {
  const shown = curve.slice(0, seconds)
  return Array.from({ length: Math.ceil(shown.length / each) * stretch }, (_, column) => {
    const from = Math.floor(column / stretch) * each
    return of(shown.slice(from, from + each))
  })
}

function timeAxis({ seconds, each, stretch, paint }: Frame): string {
  const columns = Math.ceil(seconds / each) * stretch
  const labels = Math.max(1, Math.floor(columns / 12))
  const step = niceStep(seconds / labels)
  let line = ''
  for (let at = 0; at <= seconds; at += step) {
    const label = at === 0 ? '0' : inTime(at * 1_000)
    const column = Math.round((at / each) * stretch)
    if (column >= line.length && column + label.length <= columns + tailWidth) line = `${line.padEnd(column)}${label} `
  }
  return paint('dim', `${lead('')} ${line.trimEnd()}`)
}

function lead(text: string): string {
  return `${text.padStart(labelWidth - 1)} `
}

/** The next of 1, 1.5, 2, 3, 4, 5, 6, 8 and 10 times a power of ten. */
function niceTop(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most))
  return power * ([1, 1.5, 2, 3, 4, 5, 6, 8].find((step) => step * power >= most) ?? 10)
}

/** A step of time that people count in, in seconds. */
function niceStep(least: number): number {
  return [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600].find((step) => step >= least) ?? 7_200
}
