import { BreakwaterError } from './error.ts'

/** An option has a name that does not exist or a value that cannot be used. Nothing was built or sent. */
export class OptionsError extends BreakwaterError {
  static readonly code = 'options'
  override readonly name = 'OptionsError'
  /** The option, with its path: `retry.baseMs`. */
  readonly option: string

  constructor(option: string, message: string) {
    super('options', message)
    this.option = option
  }
}

/** What one option must be: a test, and the same in words. */
export interface Rule {
  readonly wants: string
  readonly holds: (value: unknown) => boolean
  /** What is wanted is one of a few words: a text that is none of them is a misspelling, and may be told. */
  readonly words?: true
}

export type Rules<Options> = { readonly [Name in keyof Options]-?: Rule }

/**
 * Turns what a caller gave into complete options, once, when a thing is built. `undefined` means the default; an
 * unknown name or a bad value throws. Only own properties are read, so a polluted prototype sets nothing, and the
 * result is frozen.
 *
 * @throws OptionsError naming the option, what it got and what it wants
 */
export function resolve<Options extends object>(
  owner: string,
  defaults: Options,
  rules: Rules<Options>,
  given: Partial<Options> | undefined,
): Readonly<Options> {
  const resolved = { ...defaults }
  if (given === undefined) return Object.freeze(resolved)
  if (typeof given !== 'object' || given === null) {
    throw new OptionsError(owner, `${owner} wants an object of options, got ${show(given)}`)
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rules, name)) {
      throw new OptionsError(
        `${owner}.${name}`,
        `${owner} has no option '${name}'; it has: ${Object.keys(rules).join(', ')}`,
      )
    }
    const value = given[name as keyof Options]
    if (value === undefined) continue
    const rule = rules[name as keyof Options]
    if (!rule.holds(value)) {
      throw new OptionsError(`${owner}.${name}`, `${owner}.${name} wants ${rule.wants}, got ${show(value, rule.words)}`)
    }
    resolved[name as keyof Options] = value as Options[keyof Options]
  }
  return Object.freeze(resolved)
}

/** A finite number of at least `min` and at most `max`. */
export function number(min: number, max: number): Rule {
  return {
    wants: max === Number.MAX_VALUE ? `a finite number of at least ${min}` : `a number from ${min} to ${max}`,
    holds: (value) => typeof value === 'number' && value >= min && value <= max,
  }
}

/** A number of at least `min`; `Infinity` too. */
export function numberOrInfinity(min: number): Rule {
  return {
    wants: `a number of at least ${min}, or Infinity`,
    holds: (value) => typeof value === 'number' && value >= min,
  }
}

/** A whole number of at least `min`; `Infinity` too. */
export function countOrInfinity(min: number): Rule {
  return {
    wants: `a whole number of at least ${min}, or Infinity`,
    holds: (value) => value === Infinity || (Number.isSafeInteger(value) && (value as number) >= min),
  }
}

/** A duration: ms of at least 0, `Infinity` too. */
export const duration: Rule = {
  wants: 'milliseconds of at least 0, or Infinity',
  holds: (value) => typeof value === 'number' && value >= 0,
}

export function oneOf(...allowed: readonly unknown[]): Rule {
  return {
    wants: `one of ${allowed.map((value) => show(value, true)).join(', ')}`,
    holds: (value) => allowed.includes(value),
    words: true,
  }
}

export const callback: Rule = { wants: 'a function', holds: (value) => typeof value === 'function' }

/** A clock, a signal: what it can do is not asked, so that another realm's or a test's own will do. */
export const object: Rule = { wants: 'an object', holds: (value) => typeof value === 'object' && value !== null }

export function listOf(what: string, holds: (item: unknown) => boolean): Rule {
  return { wants: `an array of ${what}`, holds: (value) => Array.isArray(value) && value.every(holds) }
}

/** Names of HTTP headers, as `Headers` gives them. */
export const headerList: Rule = {
  wants: 'an array of lower-case header names',
  holds: (value) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string' && /^[a-z0-9-]+$/.test(item)),
}

/** HTTP statuses of answers that refuse or fail. */
export const statusList: Rule = {
  wants: 'an array of statuses from 400 to 599',
  holds: (value) => Array.isArray(value) && value.every((item) => Number.isInteger(item) && item >= 400 && item <= 599),
}

/** What was given, short, and never its text but for a word: an option can be a secret or a URL that holds one. */
function show(value: unknown, words = false): string {
  if (typeof value === 'string') return words && /^[\w-]{0,24}$/.test(value) ? `'${value}'` : 'a string'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
