import { styleText } from 'node:util'
import { inTime } from '../../simulate/forms/figures.ts'
import type { Terminal } from '../terminal.ts'
import { hang } from '../usage.ts'

/** `problem`: a fleet suffers from it. `advice`: something better could be done, or could not be seen. */
export type Level = 'ok' | 'advice' | 'problem'

/** What was found in one respect. */
export interface Finding {
  /** The respect: `retry-after`, `date`, … */
  readonly check: string
  readonly level: Level
  /** What it means for a fleet, and what to change. */
  readonly says: string
}

/** All that was found. */
export interface Diagnosis {
  /** Without credentials, and without the values of a query. */
  readonly target: string
  /** Requests and dials that were made of the target. */
  readonly requests: number
  readonly tookMs: number
  /** Whether it was ended before all had been looked at. */
  readonly partial: boolean
  readonly findings: readonly Finding[]
}

export const ok = (check: string, says: string): Finding => ({ check, level: 'ok', says })
export const advice = (check: string, says: string): Finding => ({ check, level: 'advice', says })
export const problem = (check: string, says: string): Finding => ({ check, level: 'problem', says })

/** How long something took, to the millisecond. */
export function took(ms: number): string {
  return inTime(Math.max(1, Math.round(ms)))
}

/** The verb that goes with a number. */
export function was(count: number): 'was' | 'were' {
  return count === 1 ? 'was' : 'were'
}

const order: readonly Level[] = ['problem', 'advice', 'ok']

/** A diagnosis for a person: what is wrong first. */
export function diagnosisText(diagnosis: Diagnosis, { columns, color }: Terminal): string {
  const { target, requests, tookMs, partial, findings } = diagnosis
  const width = Math.max(0, ...findings.map(({ check }) => check.length))
  const sorted = order.flatMap((level) => findings.filter((finding) => finding.level === level))
  const lines = sorted.map(({ check, level, says }) => {
    const lead = `${level.padEnd('problem'.length)}  ${check.padEnd(width)}  `
    const text = hang(lead, says, columns)
    return color ? text.replace(level, styleText(colorOf(level), level, { validateStream: false })) : text
  })
  const asked = `${counted(requests, 'request')} in ${(tookMs / 1_000).toFixed(1)} s`
  const early = partial ? ['It was ended before all had been looked at.'] : []
  const sum = partial && findings.length === 0 ? [] : [`${summary(findings)}.`]
  const parts = [`${target}, ${asked}`, lines.join('\n'), [...sum, ...early].join(' ')]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function summary(findings: readonly Finding[]): string {
  const of = (level: Level) => findings.filter((finding) => finding.level === level).length
  const problems = of('problem') === 0 ? 'No problem' : counted(of('problem'), 'problem')
  return `${problems}, ${of('advice')} to consider, ${of('ok')} in order`
}

/** A number and its word: `1 request`, `2 requests`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function colorOf(level: Level): 'green' | 'yellow' | 'red' {
  return level === 'ok' ? 'green' : level === 'advice' ? 'yellow' : 'red'
}
