import { parseArgs } from 'node:util'
import { OptionsError } from '../core/options.ts'
import { type ChoiceParameter, type Parameter, ruleOf } from '../simulate/parameter.ts'
import { didYouMean } from './nearest.ts'
import { isPlain, readDuration, readNumber, readShare, writeDuration } from './quantity.ts'

/** What a flag of a command takes: what a parameter of a scenario does, a text, or names with commas between. */
export type Flag = Parameter | TextFlag | ListFlag

interface TextFlag {
  readonly kind: 'text'
  readonly what: string
  /** What stands for it in the help: `FILE`. */
  readonly as: string
}

interface ListFlag {
  readonly kind: 'list'
  readonly what: string
  /** Names that it may hold, besides `all`, which is all of them. */
  readonly choices: readonly string[]
}

/** The flags of a command by name: `outageMs` is given as `--outage 30s`, `hint` as `--hint` or `--no-hint`. */
export type FlagTable = Readonly<Record<string, Flag>>

/** The type that a flag's value has. */
type ValueOf<It extends Flag> =
  It extends ChoiceParameter<infer Word>
    ? Word
    : It extends { readonly kind: 'flag' }
      ? boolean
      : It extends TextFlag
        ? string
        : It extends ListFlag
          ? readonly string[]
          : number

export interface Arguments<Table extends FlagTable> {
  /** What was given, by the names of the table; defaults are not filled in. */
  readonly values: { readonly [Name in keyof Table]?: ValueOf<Table[Name]> }
  /** What is no flag, in order. */
  readonly positionals: readonly string[]
}

/** How a flag is written: `outageMs` as `outage`. */
export function flagName(name: string): string {
  return name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/**
 * Reads the arguments of a command. A flag that is given twice counts as it was given last; of a list both count.
 *
 * @throws OptionsError that names the flag, what it got and what it wants
 */
export function readArguments<const Table extends FlagTable>(args: readonly string[], table: Table): Arguments<Table> {
  const names = new Map(Object.keys(table).map((name) => [flagName(name), name]))
  const options = Object.fromEntries(
    [...names].map(([flag, name]) => {
      const type = table[name]?.kind === 'flag' ? ('boolean' as const) : ('string' as const)
      return [flag, { type, ...(flag === 'help' && { short: 'h' }) }]
    }),
  )
  // Not strict: what is wrong is told in our own words.
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    allowNegative: true,
    tokens: true,
  })
  const values: Record<string, unknown> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const negative = token.rawName.startsWith('--no-') && !names.has(token.rawName.slice(2))
    const flag = negative ? token.rawName.slice(5) : token.name
    const name = names.get(flag)
    const known = name === undefined ? undefined : table[name]
    if (name === undefined || known === undefined || (negative && known.kind !== 'flag')) {
      const meant = didYouMean(flag, names.keys(), '--') || ' --help lists them.'
      throw new OptionsError(token.rawName, `there is no flag ${printable(token.rawName)}.${meant}`)
    }
    const value = given(`--${flag}`, known, token.value, token.inlineValue === true, !negative)
    const before = values[name]
    values[name] = Array.isArray(before) ? [...new Set([...before, ...(value as readonly string[])])] : value
  }
  return { values: values as Arguments<Table>['values'], positionals }
}

function given(flag: string, it: Flag, text: string | undefined, inline: boolean, yes: boolean): unknown {
  const refuse = (got: string): never => {
    throw new OptionsError(flag, `${flag} wants ${wantsOf(it)}; ${got}`)
  }
  if (it.kind === 'flag') return text === undefined ? yes : refuse(`it was given ${shown(text)}`)
  // `--seed -1` is a value out of bounds, `--seed --json` one that was forgotten.
  if (text === undefined || text === '' || (!inline && /^-(?!\.?\d)./.test(text))) return refuse('it was given none')
  if (it.kind === 'text') return text
  if (it.kind === 'list') return listOf(flag, it, text)
  const value = it.kind === 'choice' ? text : read(it, text)
  if (ruleOf(it).holds(value)) return value
  if (it.kind === 'duration' && isPlain(text)) {
    throw new OptionsError(
      flag,
      `${flag} wants a duration with its unit, such as 30s or 500ms; it was given ${shown(text)}`,
    )
  }
  const meant = it.kind === 'choice' ? didYouMean(text, it.choices) : ''
  return refuse(`it was given ${shown(text)}.${meant}`.replace(/\.$/, ''))
}

function read(it: Exclude<Parameter, { kind: 'flag' | 'choice' }>, text: string): number {
  if (it.kind === 'duration') return readDuration(text)
  return it.kind === 'number' && it.most <= 1 ? readShare(text) : readNumber(text)
}

function listOf(flag: string, { choices }: ListFlag, text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  const given = [...new Set(names.flatMap((name) => (name === 'all' ? choices : name === '' ? [] : [name])))]
  const unknown = given.find((name) => !choices.includes(name))
  if (unknown === undefined) return given
  const meant = didYouMean(unknown, choices)
  const wants = choices.length === 0 ? 'nobody: there is no rival' : `all, or of ${choices.join(', ')}`
  throw new OptionsError(flag, `${flag} wants ${wants}; it was given ${shown(unknown)}${meant && `.${meant}`}`)
}

/** What a flag takes, in words. */
export function wantsOf(it: Flag): string {
  if (it.kind === 'flag') return 'no value'
  if (it.kind === 'text') return `a ${it.as.toLowerCase()}`
  if (it.kind === 'list') return 'names with commas between'
  if (it.kind !== 'duration')
    return ruleOf(it).wants.replace(/\d{4,}/g, (digits) => Number(digits).toLocaleString('en'))
  return `a duration from ${writeDuration(it.least)} to ${writeDuration(it.most)}, as in 500ms, 30s, 2m or 1h`
}

/** As it was typed, short, and without what would move the cursor. */
function shown(text: string): string {
  return `'${printable(text)}'`
}

function printable(text: string): string {
  const safe = text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?')
  return safe.length > 40 ? `${safe.slice(0, 40)}…` : safe
}
