import type { Figures, PolicyReport, Report } from '../report.ts'
import { inFull, inSeconds } from '../sentence.ts'
import { detailOf } from './details.ts'

/** One figure of every policy: a column of the tables. */
export interface FigureColumn {
  readonly title: string
  /** What it means, for who wonders. */
  readonly what: string
  cell(policy: PolicyReport): string
}

/** Everybody in a report, ours first. */
export function policiesOf(report: Report): readonly PolicyReport[] {
  return [report, ...report.compared]
}

/** What the server takes per second, if it can be told from the figures. */
export function capacityOf(report: Report): number | undefined {
  const known = policiesOf(report).find(({ peakOverCapacity }) => peakOverCapacity > 0)
  return known && known.peakPerSecond / known.peakOverCapacity
}

/** The columns that say something in this report: a figure that nobody has is left out. */
export function columnsOf(report: Report): readonly FigureColumn[] {
  const policies = policiesOf(report)
  const recovers = policies.some(({ t50Ms, boundMs }) => t50Ms !== null || boundMs !== null)
  const details = [...new Set(policies.flatMap((policy) => Object.keys(policy.details)))]
  return [
    ...(recovers ? times : []),
    ...others.filter(({ has }) => policies.some(has)),
    ...details.map((name) => ({
      title: titleOf(name),
      what: detailOf(name).what,
      cell: (policy: PolicyReport) => detailCell(name, policy.details[name]),
    })),
  ]
}

/** What those columns mean that a person may take for something else, in a line or two. */
export function legend(): string {
  const explained = others.filter(({ title }) => ['amplification', 'wasted', 'lost'].includes(title))
  return `${explained.map(({ title, what }) => `${title}: ${what}`).join('; ')}.`
}

/** `1.23 s`, `40 ms`. */
export function inTime(ms: number): string {
  return ms > 0 && ms < 1_000 ? `${inFull(ms)} ms` : inSeconds(ms)
}

/** `33 %`, `99.9 %`; what is not all is never rounded to all, and what is something never to nothing. */
export function inPercent(share: number): string {
  const percent = 100 * share
  const rounded = Math.round(percent * 10) / 10
  if (rounded === 100 && percent < 100) return '> 99.9 %'
  return rounded === 0 && percent > 0 ? '< 0.1 %' : `${rounded} %`
}

/** `10.5`, `0.057`: how many times the capacity; what is something is never rounded to nothing. */
export function inTimes(multiple: number): string {
  if (multiple >= 1 || multiple <= 0) return inFull(multiple)
  return multiple < 0.01 ? '< 0.01' : `${Number(multiple.toPrecision(2))}`
}

const times = [
  time('50 % back', 'from the beginning of the trouble until half had recovered', 't50Ms'),
  time('99 % back', 'from the beginning of the trouble until 99 of 100 had recovered', 't99Ms'),
  time('all back', 'from the beginning of the trouble until all had recovered', 'tAllMs'),
]

const others: readonly (FigureColumn & { has(policy: PolicyReport): boolean })[] = [
  {
    title: 'soonest',
    what: 'no policy could have brought all back sooner',
    has: ({ boundMs }) => boundMs !== null,
    cell: ({ boundMs }) => (boundMs === null ? '–' : inTime(boundMs)),
  },
  plain('peak/s', 'arrivals at the server in the busiest second', 'peakPerSecond'),
  plain('× capacity', 'the same as a multiple of what the server can do', 'peakOverCapacity', inTimes),
  plain('attempts', 'arrivals per client since the trouble began', 'attemptsPerClient'),
  plain('amplification', 'attempts per piece of work that somebody wanted', 'amplification'),
  plain('wasted', 'pieces of work that the server did for clients that had left', 'wasted'),
  {
    title: 'lost',
    what: 'share of the wanted work that failed for good, or was not done in time',
    has: () => true,
    cell: ({ goodputLost }) => inPercent(goodputLost),
  },
  {
    title: 'worst wait',
    what: 'the longest that anybody waited',
    has: ({ worstWaitMs }) => worstWaitMs !== null,
    cell: ({ worstWaitMs }) => (worstWaitMs === null ? '–' : inTime(worstWaitMs)),
  },
]

function time(title: string, what: string, name: 't50Ms' | 't99Ms' | 'tAllMs'): FigureColumn {
  const cell = (policy: PolicyReport) => {
    const ms = policy[name]
    if (ms !== null) return inTime(ms)
    return policy.partial ? 'not yet' : 'never'
  }
  return { title, what, cell }
}

type Plain = { [Name in keyof Figures]: Figures[Name] extends number ? Name : never }[keyof Figures]

function plain(title: string, what: string, name: Plain, shown = inFull) {
  return { title, what, has: () => true, cell: (policy: PolicyReport) => shown(policy[name]) }
}

/** `gaveUp` as `gave up`, `p99Ms` as `p99`, `p99MsAt60` as `p99 at 60`. */
export function titleOf(name: string): string {
  return name
    .replace(/(Ms|Share)(?=[A-Z]|$)/, '')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/(?<=[a-z]{2})(?=\d)/g, ' ')
}

function detailCell(name: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  const { as } = detailOf(name)
  if (as === 'yes or no') return value === 0 ? 'no' : 'yes'
  if (as === 'share' || /Share(?=[A-Z]|$)/.test(name)) return inPercent(value)
  if (/OverCapacity$/.test(name)) return inTimes(value)
  return /Ms(?=[A-Z]|$)/.test(name) ? inTime(value) : inFull(value)
}
