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
  given: Partial<Options> = {},
): Readonly<Options> {
  // Complete ones are shared: a client that knows a thousand servers has their options once.
  if (resolvedBy.get(given) === rules) return given as Readonly<Options>
  const resolved = { ...defaults }
  if (!object.holds(given)) throw unwanted(owner, 'an object of options', given)
  for (const name of Object.keys(given) as (keyof Options & string)[]) {
    const option = `${owner}.${name}`
    if (!Object.hasOwn(rules, name)) {
      throw new OptionsError(option, `${owner} has no option '${name}'; it has: ${Object.keys(rules).join(', ')}`)
    }
    const value = given[name]
    if (value === undefined) continue
    const { wants, holds, words } = rules[name]
    if (!holds(value)) throw unwanted(option, wants, value, words)
    resolved[name] = value
  }
  resolvedBy.set(resolved, rules)
  return Object.freeze(resolved)
}

const resolvedBy = new WeakMap<object, object>()

function unwanted(option: string, wants: string, value: unknown, words?: true): OptionsError {
  return new OptionsError(option, `${option} wants ${wants}, got ${show(value, words)}`)
}

/** A finite number of at least `min` and at most `max`. */
export function number(min: number, max: number): Rule {
  const wants = max === Number.MAX_VALUE ? `a finite number of at least ${min}` : `a number from ${min} to ${max}`
  return between(min, max, wants)
}

/** A number of at least `min`; `Infinity` too. */
export function numberOrInfinity(min: number): Rule {
  return between(min, Infinity, `a number of at least ${min}, or Infinity`)
}

function between(min: number, max: number, wants: string): Rule {
  return { wants, holds: (value) => typeof value === 'number' && value >= min && value <= max }
}

/** A whole number of at least `min`; `Infinity` too. */
export function countOrInfinity(min: number): Rule {
  return {
    wants: `a whole number of at least ${min}, or Infinity`,
    holds: (value) => value === Infinity || (Number.isSafeInteger(value) && (value as number) >= min),
  }
}

/** A duration: ms of at least 0, `Infinity` too. */
export const duration: Rule = /* @__PURE__ */ between(0, Infinity, 'milliseconds of at least 0, or Infinity')

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
export const headerList: Rule = /* @__PURE__ */ listOf(
  'lower-case header names',
  (item) => typeof item === 'string' && /^[a-z0-9-]+$/.test(item),
)

/** HTTP statuses of answers that refuse or fail. */
export const statusList: Rule = /* @__PURE__ */ listOf(
  'statuses from 400 to 599',
  (item) => Number.isInteger(item) && Number(item) >= 400 && Number(item) <= 599,
)

/** What was given, short, and never its text but for a word: an option can be a secret or a URL that holds one. */
function show(value: unknown, words = false): string {
  if (words && typeof value === 'string' && /^[\w-]{0,24}$/.test(value)) return `'${value}'`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (object.holds(value)) return 'an object'
  return /string|symbol|function/.test(typeof value) ? `a ${typeof value}` : String(value)
}
