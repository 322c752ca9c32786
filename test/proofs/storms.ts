/**
 * Ours at full size against its bars, and the rivals beside the field's tables, medians of three seeds:
 * `npm run prove:storms`, an hour or more. With arguments only some of it: `npm run prove:storms -- ours`, or
 * `-- B partysocket grpc --clients 20000 --seeds 1`. Ends with 1 if a bar is broken or a rival's median is more than 5 % off.
 */
import { parseArgs } from 'node:util'
import { valuesOf } from '../../src/simulate/parameter.ts'
import { reconnect } from '../../src/simulate/scenarios/reconnect.ts'
import { World } from '../../src/simulate/world.ts'
import { stormBars, stormClients, stormTables } from '../support/storm-tables.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { clients: { type: 'string' }, seeds: { type: 'string' } },
})
const clients = Number(values.clients ?? stormClients)
const seeds = Array.from({ length: Number(values.seeds ?? 3) }, (_, index) => index + 1)
const tables = positionals.filter((word) => /^[ABC]$/.test(word))
const rivals = positionals.filter((word) => word !== 'ours' && !tables.includes(word))
const most = 0.05
let off = 0

const everything = positionals.length === 0
if (everything || positionals.includes('ours')) {
  console.log('| ours | t99 s, at most | attempts each | peak of the fleet in a second |\n| --- | --- | --- | --- |')
  for (const bar of stormBars) {
    const { times = 1, ...given } = bar.given as { times?: number }
    const many = { clients: times * clients, capacity: clients / 50 }
    const runs: (readonly (number | null)[])[] = []
    for (const seed of seeds) runs.push(await measured('breakwater', { ...given, ...many }, seed))
    const [t99 = null, attempts = null, peak = null] = [0, 1, 2].map((at) => median(runs.map((run) => run[at] ?? null)))
    if (!((t99 ?? Infinity) <= bar.t99 && (attempts ?? Infinity) <= bar.attempts)) off++
    console.log(`| ${bar.what} | ${figure(t99)} (${bar.t99}) | ${figure(attempts)} | ${figure(peak)} |`)
  }
}

for (const { name, what, world, rows } of stormTables) {
  if (!everything && !(tables.length === 0 && rivals.length > 0) && !tables.includes(name)) continue
  console.log(`\nTable ${name}: ${what}; here / there, and how far off\n`)
  console.log('| rival | t99 s | attempts each | peak of the fleet in a second |\n| --- | --- | --- | --- |')
  for (const [rival, ...there] of rows) {
    if (rivals.length > 0 && !rivals.includes(rival)) continue
    const runs: (readonly (number | null)[])[] = []
    for (const seed of seeds) runs.push(await measured(rival, world, seed))
    const cells = there.map((figure, at) => cell(median(runs.map((run) => run[at] ?? null)), figure))
    console.log(`| ${rival} | ${cells.join(' | ')} |`)
  }
}
console.log(
  off === 0 ? '\nEvery bar holds, and every figure is within 5 %.' : `\n${off} are broken, or more than 5 % off.`,
)
process.exitCode = off === 0 ? 0 : 1

async function measured(rival: string, world: object, seed: number): Promise<(number | null)[]> {
  const backlog = Math.round((4_096 * clients) / stormClients)
  const given = valuesOf(reconnect.name, reconnect.parameters, { clients, backlog, seed, ...world })
  const report = await reconnect.run(new World({ seed }), reconnect.complete(given), rival)
  return [
    report.t99Ms === null ? null : report.t99Ms / 1_000,
    report.attemptsPerClient,
    report.peakPerSecond / given.clients,
  ]
}

/** Never is later than any time. */
function median(figures: readonly (number | null)[]): number | null {
  const sorted = figures.map((figure) => figure ?? Infinity).sort((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Infinity
  return middle === Infinity ? null : middle
}

function cell(here: number | null, there: number | null): string {
  const far = here === there ? 0 : here === null || there === null ? Infinity : Math.abs(here / there - 1)
  if (far > most) off++
  return `${figure(here)} / ${figure(there)} (${far === Infinity ? 'off' : `${(100 * far).toFixed(1)} %`})`
}

function figure(value: number | null): string {
  return value === null ? 'never' : value.toFixed(2)
}
