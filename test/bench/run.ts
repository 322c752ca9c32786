// `npm run bench`: what breakwater costs, beside what others cost, in one run. Absolute times belong to the machine they
// were taken on; the ratios are what to compare. README.md of this folder says how to read them.
import '../support/from-source.mjs'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { readAsked, usage } from './asked.ts'
import { holds } from './bars.ts'
import { markdown } from './markdown.ts'
import { printSection, printSummary } from './print.ts'
import type { Section } from './section.ts'
import { sectionNamed } from './sections.ts'

function understood() {
  try {
    return readAsked(process.argv.slice(2))
  } catch (error) {
    console.error(`bench: ${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}

const asked = understood()
if (asked.help) {
  console.log(usage)
  process.exit(0)
}

const machine = { node: process.versions.node, cpus: availableParallelism() }
console.log(`Node ${machine.node}, ${machine.cpus} cores${asked.quick ? '; quick: these figures prove nothing' : ''}`)

const done: Section[] = []
for (const name of asked.names) {
  const run = await sectionNamed(name)
  const section = await run({ quick: asked.quick })
  printSection(section)
  done.push(section)
}
printSummary(done)

if (asked.json) writeFileSync(asked.json, `${JSON.stringify({ ...machine, sections: done }, null, 2)}\n`)
if (asked.markdown) writeFileSync(asked.markdown, `${markdown(done)}\n`)
process.exitCode = done.every(({ bars }) => bars.every(holds)) ? 0 : 1
