import { parseArgs } from 'node:util'
import { sectionNames } from './sections.ts'

/** What the command line asks for. */
export interface Asked {
  readonly names: readonly string[]
  readonly json: string | undefined
  readonly markdown: string | undefined
  readonly quick: boolean
  readonly help: boolean
}

export const usage = `npm run bench -- [section…] [--quick] [--json FILE] [--markdown FILE]

Sections: ${sectionNames.join(', ')}; all of them if none is named.
  --quick          few rounds: to see that it works, not to believe its figures
  --json FILE      everything that was measured
  --markdown FILE  the tables, for a README
  --help           this

Ends with 1 if a figure that must hold does not, and with 2 if it does not understand.`

/** @throws Error with what it did not understand */
export function readAsked(given: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      markdown: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !sectionNames.includes(name))
  if (unknown.length > 0) throw new Error(`no section '${unknown.join("', '")}'; there are: ${sectionNames.join(', ')}`)
  return {
    names: sectionNames.filter((name) => positionals.length === 0 || positionals.includes(name)),
    json: values.json,
    markdown: values.markdown,
    quick: values.quick,
    help: values.help,
  }
}
