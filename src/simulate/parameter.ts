import { OptionsError, type Rule, type Rules, resolve } from '../core/options.ts'

/** What can be set of a scenario: its kind says how it is written, checked and shown. */
export type Parameter =
  | CountParameter
  | NumberParameter
  | DurationParameter
  | ChoiceParameter<string>
  | { readonly kind: 'flag'; readonly what: string; readonly default: boolean }

interface Bounded {
  /** What it is, for a person: the line of `--help`, the label on the page. */
  readonly what: string
  /** Absent: the scenario works it out from the others. */
  readonly default?: number
  readonly least: number
  readonly most: number
}

/** A whole number. */
export interface CountParameter extends Bounded {
  readonly kind: 'count'
}

/** A number: a rate, a share. */
export interface NumberParameter extends Bounded {
  readonly kind: 'number'
}

/** Milliseconds; its name ends in `Ms`. On the command line `outageMs` is `--outage 30s`. */
export interface DurationParameter extends Bounded {
  readonly kind: 'duration'
}

/** One of a few words. */
export interface ChoiceParameter<Word extends string> {
  readonly kind: 'choice'
  readonly what: string
  readonly default: Word
  readonly choices: readonly Word[]
}

export type ParameterTable = Readonly<Record<string, Parameter>>

/** What a run is told: a value for every parameter. */
export type ValuesOf<Table extends ParameterTable> = {
  readonly [Name in keyof Table]: Table[Name] extends ChoiceParameter<infer Word>
    ? Word
    : Table[Name] extends { readonly kind: 'flag' }
      ? boolean
      : number
}

/** The same before a scenario has worked out what was left to it. */
export type GivenOf<Table extends ParameterTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Underived ? ValuesOf<Table>[Name] : number | undefined
}

export function count(
  what: string,
  standard: number,
  least = 1,
  most = 10_000_000,
): CountParameter & { readonly default: number } {
  return { kind: 'count', what, default: standard, least, most }
}

export function number(
  what: string,
  standard: number,
  least = 0,
  most = Number.MAX_VALUE,
): NumberParameter & { readonly default: number } {
  return { kind: 'number', what, default: standard, least, most }
}

/** A number that the scenario works out from the others where it is not given. */
export function derived(what: string, least = 0, most = Number.MAX_VALUE): NumberParameter {
  return { kind: 'number', what, least, most }
}

export function duration(
  what: string,
  standard: number,
  least = 0,
  most = 86_400_000,
): DurationParameter & { readonly default: number } {
  return { kind: 'duration', what, default: standard, least, most }
}

/** A duration that the scenario works out from the others where it is not given. */
export function derivedDuration(what: string, least = 0, most = 86_400_000): DurationParameter {
  return { kind: 'duration', what, least, most }
}

export function flag(what: string): { readonly kind: 'flag'; readonly what: string; readonly default: boolean } {
  return { kind: 'flag', what, default: false }
}

export function choice<const Word extends string>(
  what: string,
  choices: readonly [Word, ...Word[]],
): ChoiceParameter<Word> {
  return { kind: 'choice', what, default: choices[0], choices }
}

interface Underived {
  readonly default: number | string | boolean
}

/**
 * Checks what was given and adds the defaults.
 *
 * @throws OptionsError naming the parameter, what it got and what it wants
 */
export function valuesOf<Table extends ParameterTable>(
  scenario: string,
  table: Table,
  given: Readonly<Record<string, unknown>>,
): GivenOf<Table> {
  const entries = Object.entries(table)
  const defaults = Object.fromEntries(entries.map(([name, parameter]) => [name, parameter.default]))
  const rules = Object.fromEntries(entries.map(([name, parameter]) => [name, ruleOf(parameter)]))
  return resolve<object>(scenario, defaults, rules as Rules<object>, given) as GivenOf<Table>
}

/** What a parameter must be. */
export function ruleOf(parameter: Parameter): Rule {
  if (parameter.kind === 'flag') return { wants: 'true or false', holds: (value) => typeof value === 'boolean' }
  if (parameter.kind === 'choice') {
    const { choices } = parameter
    return { wants: `one of ${choices.join(', ')}`, holds: (value) => choices.includes(value as string), words: true }
  }
  const { kind, least, most } = parameter
  const unit = kind === 'count' ? 'a whole number' : kind === 'duration' ? 'milliseconds' : 'a number'
  const bounds = most === Number.MAX_VALUE ? `of at least ${least}` : `from ${least} to ${most}`
  return {
    wants: `${unit} ${bounds}`,
    holds: (value) =>
      typeof value === 'number' && value >= least && value <= most && (kind !== 'count' || Number.isInteger(value)),
  }
}

/** Refuses one parameter for what the others are. */
export function refuse(scenario: string, name: string, why: string): never {
  throw new OptionsError(`${scenario}.${name}`, `${scenario}.${name} ${why}`)
}
