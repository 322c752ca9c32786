import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaults } from '../src/defaults.ts'
import { type OptionDocs, optionDocs, readValue, tableRows } from './support/option-docs.ts'

interface Documented extends OptionDocs {
  readonly path: string
  readonly value: Readonly<Record<string, unknown>>
}

const docs: Documented[] = []
for (const path of readdirSync('src', { recursive: true, encoding: 'utf8' })) {
  if (!path.endsWith('.ts')) continue
  for (const found of optionDocs(path, readFileSync(`src/${path}`, 'utf8'))) {
    docs.push({ ...found, path, value: (await import(/* @vite-ignore */ `../src/${path}`))[found.constant] ?? {} })
  }
}

/** Without those that state no default of their own: all members of call options mean "as the client says". */
const stated = docs.filter(
  (found) => tagsOf(found).size > 0 || Object.values(found.value).some((it) => it !== undefined),
)

const collected = new Map<string, unknown>(Object.entries(defaults))

describe('defaults', () => {
  it('are collected on one page, each by itself or as part of one that is', () => {
    const constants = new Set(collected.values())
    const bases = new Set(docs.filter(({ value }) => constants.has(value)).flatMap((found) => found.bases))
    const lost = stated.filter(({ type, value }) => !constants.has(value) && !bases.has(type))
    expect(lost.map(({ path, constant }) => `src/${path}: ${constant} is not in src/defaults.ts`)).toEqual([])
  })

  it('stand right below their option type', () => {
    expect(stated.filter(({ belowIt }) => !belowIt).map(({ path, constant }) => `src/${path}: ${constant}`)).toEqual([])
  })

  it.each(stated)('of $type: every @default tag is the value', (found) => {
    const tags = tagsOf(found)
    const values = Object.entries(found.value).filter(([name, value]) => value !== undefined || tags.has(name))
    expect(Object.fromEntries(tags)).toStrictEqual(Object.fromEntries(values))
  })

  it('are the README table, no row more and no row less', () => {
    const rows = [...tableRows(readFileSync('README.md', 'utf8'))].map(([name, text]) => [name, readValue(text)])
    const expected = [...collected].flatMap(([topic, value]) => {
      const found = docs.find((candidate) => candidate.value === value)
      if (!found) throw new Error(`src/defaults.ts: ${topic} is the constant of no option type`)
      return [...tagsOf(found).keys()].map((name) => [`${topic}.${name}`, found.value[name]])
    })
    expect(Object.fromEntries(rows)).toStrictEqual(Object.fromEntries(expected))
  })
})

/** The values that the `@default` tags state, those of the types it extends included. */
function tagsOf({ bases, members }: OptionDocs): Map<string, unknown> {
  const inherited = docs.filter(({ type }) => bases.includes(type)).flatMap((base) => [...tagsOf(base)])
  const own = [...members].flatMap(([name, tag]): [string, unknown][] =>
    tag === undefined ? [] : [[name, readValue(tag)]],
  )
  return new Map([...inherited, ...own])
}

describe('the reader of tags and tables', () => {
  const source = (tag: string) =>
    `export interface WaitOptions {\n  /** How long. @default ${tag} */\n  forMs?: number\n  /** Why. */\n  why?: string\n}\nexport const waitDefaults = { forMs: 50 }`

  it('finds a type, its members, their tags and its constant', () => {
    const members = new Map([
      ['forMs', '50'],
      ['why', undefined],
    ])
    expect(optionDocs('a.ts', source('50'))).toEqual([
      { type: 'WaitOptions', constant: 'waitDefaults', bases: [], members, belowIt: true },
    ])
  })

  it('sees a tag that lies', () => {
    const [found] = optionDocs('a.ts', source('60'))
    expect(tagsOf(found as OptionDocs)).not.toEqual(new Map([['forMs', 50]]))
  })

  it('sees what a type extends', () => {
    const [found] = optionDocs(
      'a.ts',
      source('50').replace('Options {', 'Options extends BaseOptions, Partial<MoreOptions> {'),
    )
    expect(found?.bases).toEqual(['BaseOptions', 'Partial'])
  })

  it('sees a constant that is elsewhere', () => {
    const [found] = optionDocs('a.ts', source('50').replace('export const', 'const a = 1\nexport const'))
    expect(found?.belowIt).toBe(false)
  })

  it('leaves out option types that have no defaults', () => {
    expect(optionDocs('a.ts', 'export interface KeyOptions { key: string }')).toEqual([])
  })

  it.each([
    ['30_000', 30_000],
    ["'full'", 'full'],
    ['true', true],
    ['undefined', undefined],
    ['Infinity', Number.POSITIVE_INFINITY],
    ["['GET', 'HEAD']", ['GET', 'HEAD']],
    ['{ calls: 1 }', { calls: 1 }],
  ])('reads %s', (text, value) => {
    expect(readValue(text)).toEqual(value)
  })

  it.each(['', 'about 5', '5 seconds', '1 + 1', 'full', '5; 6'])('refuses %j', (text) => {
    expect(() => readValue(text)).toThrow('not a plain value')
  })

  it('reads the table between its markers', () => {
    const table =
      '| `a.b` | `1` |\n<!-- defaults -->\n| a | b | c |\n|---|---|---|\n| `w.x` | `50` | why |\n<!-- /defaults -->'
    expect(tableRows(table)).toEqual(new Map([['w.x', '50']]))
    expect(() => tableRows(table.replace('`50`', '50'))).toThrow('cannot read')
    expect(() => tableRows(table.replace('| `w', '| `w.x` | `60` | why |\n| `w'))).toThrow('two defaults rows')
    expect(() => tableRows('')).toThrow('no one')
  })
})
