import { wrapped } from '../simulate/forms/wrap.ts'
import { type Flag, type FlagTable, flagName, wantsOf } from './arguments.ts'
import { writeDuration } from './quantity.ts'

/** The lines of `--help` for a command's flags: how each is written, what it is, and what holds without it. */
export function flagLines(table: FlagTable, columns: number): string {
  const rows = Object.entries(table).map(([name, it]) => [`--${flagName(name)}${sample(it)}`, explained(it)] as const)
  const width = Math.max(...rows.map(([flag]) => flag.length))
  return rows.map(([flag, text]) => hang(`  ${flag.padEnd(width)}  `, text, columns)).join('\n')
}

/** Lines of at most so many characters, broken between words; those after the first stand under the text. */
export function hang(lead: string, text: string, columns: number): string {
  const room = Math.max(30, Math.min(100, columns) - lead.length)
  return wrapped(text, room)
    .map((line, index) => (index === 0 ? lead : ' '.repeat(lead.length)) + line)
    .join('\n')
}

function sample(it: Flag): string {
  if (it.kind === 'flag') return ''
  if (it.kind === 'choice') return ' WORD'
  if (it.kind === 'text') return ` ${it.as}`
  if (it.kind === 'list') return ' A,B'
  return it.kind === 'duration' ? ' TIME' : ' N'
}

function explained(it: Flag): string {
  const details = [limits(it), standard(it)].filter((part) => part !== '')
  return details.length === 0 ? it.what : `${it.what} (${details.join('; ')})`
}

function limits(it: Flag): string {
  if (it.kind === 'choice') return it.choices.join(', ')
  if (it.kind === 'list') return it.choices.length === 0 ? 'there is none' : `all, or of ${it.choices.join(', ')}`
  if (it.kind === 'flag' || it.kind === 'text') return ''
  if (it.kind === 'duration') return `${writeDuration(it.least)} to ${writeDuration(it.most)}`
  return wantsOf(it).replace(/^a (whole )?number (of )?(from )?/, '')
}

function standard(it: Flag): string {
  if (it.kind === 'text' || it.kind === 'list' || it.kind === 'flag' || it.default === undefined) return ''
  if (typeof it.default === 'string') return `default ${it.default}`
  return `default ${it.kind === 'duration' ? writeDuration(it.default) : it.default.toLocaleString('en')}`
}
