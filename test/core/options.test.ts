import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBreakwaterError } from '../../src/core/error.ts'
import {
  callback,
  countOrInfinity,
  duration,
  listOf,
  number,
  numberOrInfinity,
  OptionsError,
  object,
  oneOf,
  type Rule,
  type Rules,
  resolve,
  statusList,
} from '../../src/core/options.ts'

interface WaitOptions {
  waitMs: number
  attempts: number
  jitter: string
  task: (() => void) | undefined
}

const defaults: Readonly<WaitOptions> = { waitMs: 50, attempts: 3, jitter: 'full', task: undefined }
const rules: Rules<WaitOptions> = {
  waitMs: duration,
  attempts: countOrInfinity(1),
  jitter: oneOf('full', 'none'),
  task: callback,
}
const resolved = (given?: object) => resolve('wait', defaults, rules, given as Partial<WaitOptions> | undefined)

/** The error that resolving ends with. */
function refusal(given: unknown): OptionsError {
  try {
    resolved(given as object)
  } catch (error) {
    if (error instanceof OptionsError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('resolve', () => {
  it('takes what is given and the defaults for the rest', () => {
    const task = () => {}
    expect(resolved({ waitMs: 0, task })).toEqual({ waitMs: 0, attempts: 3, jitter: 'full', task })
    expect(resolved({})).toEqual(defaults)
    expect(resolved()).toEqual(defaults)
  })

  it('takes undefined for the default', () => {
    expect(resolved({ waitMs: undefined, attempts: undefined, jitter: undefined, task: undefined })).toEqual(defaults)
  })

  it('freezes the result and leaves the defaults and what was given alone', () => {
    const given = { waitMs: 1 }
    const result = resolved(given) as WaitOptions
    expect(() => {
      result.waitMs = 2
    }).toThrow(TypeError)
    given.waitMs = 3
    expect(result.waitMs).toBe(1)
    expect(Object.isFrozen(resolved())).toBe(true)
    expect(Object.isFrozen(given)).toBe(false)
    expect(defaults.waitMs).toBe(50)
  })

  it('names an unknown option and lists the known ones', () => {
    const error = refusal({ waitMS: 1 })
    expect(error.message).toBe("wait has no option 'waitMS'; it has: waitMs, attempts, jitter, task")
    expect(error.option).toBe('wait.waitMS')
    expect(isBreakwaterError(error) && error.code).toBe('options')
  })

  it('refuses an unknown option even if it is undefined', () => {
    expect(refusal({ waitMS: undefined }).option).toBe('wait.waitMS')
  })

  it('names the option, what it got and what it wants', () => {
    expect(refusal({ waitMs: -1 }).message).toBe('wait.waitMs wants milliseconds of at least 0, or Infinity, got -1')
    expect(refusal({ attempts: 1.5 }).message).toBe(
      'wait.attempts wants a whole number of at least 1, or Infinity, got 1.5',
    )
    expect(refusal({ task: [1, 2] }).message).toBe('wait.task wants a function, got an array of 2')
    expect(refusal({ waitMs: -1 }).option).toBe('wait.waitMs')
  })

  it('tells a misspelt word', () => {
    expect(refusal({ jitter: 'ful' }).message).toBe("wait.jitter wants one of 'full', 'none', got 'ful'")
  })

  it.each([null, false, 1, 'waitMs', () => {}])('wants an object, not %o', (given) => {
    expect(refusal(given).message).toMatch(/^wait wants an object of options, got /)
    expect(refusal(given).option).toBe('wait')
  })
})

describe('only own properties are options', () => {
  it('those of a polluted Object.prototype are not', () => {
    const prototype = Object.prototype as { waitMs?: number; evil?: number }
    prototype.waitMs = 0
    prototype.evil = 1
    try {
      expect(resolved({}).waitMs).toBe(50)
      expect(resolved({ attempts: 1 }).waitMs).toBe(50)
      expect(Object.keys(resolved({})).toSorted()).toEqual(Object.keys(defaults).toSorted())
      expect(refusal({ constructor: 1 }).option).toBe('wait.constructor')
    } finally {
      delete prototype.waitMs
      delete prototype.evil
    }
  })

  it('inherited ones are not', () => {
    expect(resolved(Object.create({ waitMs: 0, unknown: 1 })).waitMs).toBe(50)
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is unknown like any other', (name) => {
    expect(refusal(JSON.parse(`{ "${name}": { "waitMs": 0 } }`)).option).toBe(`wait.${name}`)
    expect(({} as { waitMs?: number }).waitMs).toBeUndefined()
    expect(resolved().waitMs).toBe(50)
  })

  it('an object without prototype is as good as any', () => {
    expect(resolved(Object.assign(Object.create(null), { waitMs: 7 })).waitMs).toBe(7)
  })
})

describe('no message holds what was given as a text', () => {
  const wrongKinds: Record<string, (secret: string) => unknown> = {
    text: (secret) => secret,
    'text in an array': (secret) => [secret],
    'text in an object': (secret) => ({ secret, toString: () => secret }),
    URL: (secret) => new URL(`https://user:${encodeURIComponent(secret)}@api.example/`),
    symbol: (secret) => Symbol(secret),
    'function that does not fit': (secret) => Object.assign(() => {}, { toString: () => secret }),
    error: (secret) => new Error(secret),
  }

  it.each(Object.entries(wrongKinds))('%s', (_kind, wrap) => {
    const secret = fc.oneof(
      fc.constantFrom('hunter2-hunter2', 'sk_live_4eC39HqLyjWDar', 'https://a.example/?key=1'),
      fc.string({ minLength: 12 }),
    )
    fc.assert(
      fc.property(secret, fc.constantFrom('waitMs', 'attempts'), (text, name) => {
        expect(refusal({ [name]: wrap(text) }).message).not.toContain(text)
      }),
    )
  })

  it('where a word is wanted, a text that cannot be one of a few words', () => {
    for (const jitter of ['a'.repeat(25), 'two words', 'https://a.example', 'p=1']) {
      expect(refusal({ jitter }).message).toBe("wait.jitter wants one of 'full', 'none', got a string")
    }
  })

  it('in place of the whole options', () => {
    expect(refusal('hunter2').message).not.toContain('hunter2')
  })
})

describe('rules', () => {
  const never = [undefined, null, NaN, '1', '', true, {}, [], [1], 1n, () => {}]
  it.each<[name: string, rule: Rule, good: unknown[], bad: unknown[]]>([
    ['number(0, 1)', number(0, 1), [0, 0.5, 1], [...never, -0.1, 1.1, Infinity]],
    ['number(0, MAX)', number(0, Number.MAX_VALUE), [0, 1e300], [...never, -1, Infinity]],
    ['numberOrInfinity(1)', numberOrInfinity(1), [1, 1.5, Infinity], [...never, 0.9, -Infinity]],
    ['countOrInfinity(1)', countOrInfinity(1), [1, 2, Infinity], [...never, 0, 1.5, 2 ** 53, -Infinity]],
    ['duration', duration, [0, 0.1, Infinity], [...never, -1, -Infinity]],
    ['oneOf', oneOf('a', true, 1), ['a', true, 1], ['b', false, 0, undefined, null, 'A']],
    ['callback', callback, [() => {}, class {}], [undefined, null, {}, 'f']],
    ['object', object, [{}, [], new AbortController().signal], [undefined, null, 'o', 1, () => {}]],
    ['listOf', listOf('texts', (item) => typeof item === 'string'), [[], ['a']], [undefined, 'a', [1], ['a', 1], {}]],
    ['statusList', statusList, [[], [429, 503], [400], [599]], [undefined, 503, [399], [600], [503.5], ['503']]],
  ])('%s', (_name, rule, good, bad) => {
    expect(good.filter((value) => !rule.holds(value))).toEqual([])
    expect(bad.filter((value) => rule.holds(value))).toEqual([])
    expect(rule.wants).not.toBe('')
  })

  it('say in words what they want', () => {
    expect([
      number(0, 1).wants,
      number(2, Number.MAX_VALUE).wants,
      oneOf('a', true, 1).wants,
      listOf('texts', () => true).wants,
    ]).toEqual(['a number from 0 to 1', 'a finite number of at least 2', "one of 'a', true, 1", 'an array of texts'])
  })
})
