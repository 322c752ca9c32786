import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as layers from '../src/layers/index.ts'

interface Budget {
  readonly name: string
  readonly path: string
  readonly import?: string
  readonly ignore?: readonly string[]
  readonly limit: string
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  readonly 'size-limit': readonly Budget[]
}

/** `check` measures the package against these. */
const { exports, 'size-limit': budgets }: Manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const readme = readFileSync('README.md', 'utf8')

/** The README's rows, in their order. */
function rowsOf(text: string): [name: string, limit: string][] {
  const [, table, ...rest] = text.split(/<!-- \/?sizes -->/)
  if (table === undefined || rest.length !== 1) throw new Error('README: no one <!-- sizes --> … <!-- /sizes -->')
  const lines = table.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) => {
    const [, name, limit] = /^\| `([^`]+)` \| ([^|]+) \|/.exec(line) ?? []
    if (name === undefined || limit === undefined) throw new Error(`README: cannot read the size row ${line}`)
    return [name, limit]
  })
}

describe('sizes', () => {
  it('of the README are the budgets that are held, in their order', () => {
    expect(rowsOf(readme)).toEqual(budgets.map(({ name, limit }) => [name, limit]))
  })

  it('are named nowhere else in the README', () => {
    const [before = '', , after = ''] = readme.split(/<!-- \/?sizes -->/)
    expect(`${before}${after}`.match(/\d+(\.\d+)? ?kB\b/g)).toBeNull()
  })

  it('have a budget for all of each entry', () => {
    const entries = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]))
    const whole = budgets.filter((budget) => !budget.import && !budget.ignore).map(({ path }) => `./${path}`)
    expect(whole.sort()).toEqual(entries.sort())
  })

  it('have a budget for each single layer', () => {
    // Functions make layers; classes are what one of them is handed.
    const single = Object.keys(layers).filter(
      (name) => /^[a-z]/.test(name) && !['createContext', 'stack'].includes(name),
    )
    const held = budgets.filter(({ path, ignore }) => path === 'dist/layers.js' && !ignore)
    expect(held.flatMap((budget) => budget.import ?? []).sort()).toEqual(single.map((name) => `{ ${name} }`).sort())
  })

  it('are named after what is imported', () => {
    const names = budgets.map(({ path, import: imported, ignore }) => {
      const entry = Object.entries(exports).find(
        ([, entry]) => typeof entry === 'object' && entry.default === `./${path}`,
      )
      const name = `breakwater${entry?.[0].slice(1)}${imported ? `: ${imported.slice(2, -2)}` : ''}`
      const ours = ignore?.filter((one) => !one.startsWith('#')).join(' and ')
      return ours === undefined ? name : `${name}, without ${ours}`
    })
    expect(budgets.map(({ name }) => name)).toEqual(names)
  })
})

describe('the reader of sizes', () => {
  const table = '| a | b |\n|---|---|\n| `x: y, without z` | 1.2 kB |\n'

  it('reads the rows between the markers', () => {
    const text = `| \`no\` | 1 |\n<!-- sizes -->\n${table}<!-- /sizes -->`
    expect(rowsOf(text)).toEqual([['x: y, without z', '1.2 kB']])
  })

  it('refuses what it cannot read', () => {
    expect(() => rowsOf(table)).toThrow('no one')
    expect(() => rowsOf(`<!-- sizes -->\n| a | b |\n|---|---|\n| x | 1.2 kB |\n<!-- /sizes -->`)).toThrow('cannot read')
  })
})
