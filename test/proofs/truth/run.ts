/**
 * The simulator against reality: 2,000 sockets lose a real server on loopback, and the same sockets a simulated one:
 * `npm run prove:truth`. Ends with 1 if time to 99 % or attempts differ by more than 10 %.
 */
import { simulate } from '../../../src/simulate/index.ts'
import { realStorm } from './real-storm.ts'

const most = 0.1
const fleet = { clients: 2_000, capacity: 100, patienceMs: 45_000, seed: 1 }
const storms = [
  { what: 'dropped at once', outageMs: 0, hint: false },
  { what: 'dropped, and away for 10 s', outageMs: 10_000, hint: false },
  { what: 'dropped, with 5 s of patience', outageMs: 0, hint: false, patienceMs: 5_000 },
  { what: 'told when to come back', outageMs: 0, hint: true },
]
let off = 0

console.log('| 2,000 sockets, 100 handshakes per second | real | simulated | apart |\n| --- | --- | --- | --- |')
for (const { what, ...storm } of storms) {
  const real = await realStorm({ ...fleet, ...storm })
  const twin = await simulate({ name: 'reconnect', latencyMs: 0, ...fleet, ...storm })
  row(`${what}: 99 % back, s`, real.t99Ms / 1_000, (twin.t99Ms ?? Infinity) / 1_000)
  row(`${what}: attempts each`, real.attemptsPerClient, twin.attemptsPerClient)
}
process.exitCode = off === 0 ? 0 : 1

function row(what: string, real: number, simulated: number): void {
  const apart = Math.abs(simulated / real - 1)
  if (!(apart <= most)) off++
  console.log(`| ${what} | ${real.toFixed(2)} | ${simulated.toFixed(2)} | ${(100 * apart).toFixed(1)} % |`)
}
