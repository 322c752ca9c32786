import type { Report } from '../report.ts'
import { columnsOf, policiesOf } from './figures.ts'

/**
 * A report as Markdown, to be pasted where people discuss it: the sentence, a table of all policies, what was set. A time
 * that never came is `never`, and `not yet` in a run that was ended early.
 */
export function markdown(report: Report): string {
  const columns = columnsOf(report)
  const rows = [
    ['', ...columns.map(({ title }) => title)],
    ['---', ...columns.map(() => '---:')],
    ...policiesOf(report).map((policy) => [
      policy.partial ? `${policy.label} (ended early)` : policy.label,
      ...columns.map(({ cell }) => cell(policy)),
    ]),
  ]
  const set = Object.entries(report.parameters).map(([name, value]) => `\`${name}: ${value}\``)
  const parts = [
    `### ${escaped(report.title)}`,
    escaped(report.summary),
    rows.map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n'),
    `\`${report.scenario}\` with ${set.join(', ')}`,
  ]
  return `${parts.join('\n\n')}\n`
}

/** Text that is text in Markdown, and ends no cell. */
function escaped(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, '\\$&').replace(/\s+/g, ' ')
}
