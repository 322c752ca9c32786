// `npm run check`: every step runs even after one has failed, so that one run tells everything that is wrong.
// Names as arguments run only those steps: `npm run check -- types size`.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

// Each is the script `check:<name>` of package.json, but for the build, which the package checks look at.
const steps = [
  'types',
  'types-without-node',
  'lint-and-format',
  'dead-code',
  'architecture',
  'build',
  'publint',
  'attw',
  'consumer-types',
  'size',
]

// Its output is worth reading even when all is well.
const telling = ['size']

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !steps.includes(name))
if (unknown.length > 0) {
  console.error(`check: no step ${unknown.join(', ')}; there are: ${steps.join(', ')}`)
  process.exit(1)
}

const chosen = asked.length === 0 ? steps : steps.filter((name) => asked.includes(name))
const failed = chosen.filter((name) => !run(name))
const passed = chosen.length - failed.length

if (process.env.BREAKWATER_CHECK_REPORT) {
  writeFileSync(process.env.BREAKWATER_CHECK_REPORT, JSON.stringify({ passed, failed: failed.length }))
}
console.log(`\ncheck: ${passed} passed, ${failed.length} failed${failed.length === 0 ? '' : ` (${failed.join(', ')})`}`)
process.exitCode = failed.length === 0 ? 0 : 1

function run(name: string): boolean {
  const startedAt = performance.now()
  const script = name === 'build' ? name : `check:${name}`
  const { status, output, error } = spawnSync('npm', ['run', '--silent', script], { encoding: 'utf8', maxBuffer: 1e8 })
  const ok = status === 0
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
  if (!ok || telling.includes(name))
    console.log([error?.message, ...(output ?? [])].filter(Boolean).join('\n').trimEnd())
  return ok
}
