// `npm run prove:fleet`: a token of 4 s shared by 8 processes through a real Redis, for 5 minutes each: in peace, with
// every third leader killed in the middle of its renewal, and with Redis itself killed and started again 20 times.
import { type FleetPlan, runFleet } from './fleet.ts'

const minutes = Number(process.argv[2] ?? 5)
if (!(minutes > 0 && minutes <= 60)) {
  console.error('prove:fleet wants how many minutes each part takes, from 0 to 60: npm run prove:fleet -- 5')
  process.exit(2)
}

// Leaving by the door, so that Redis is ended too.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const base: FleetPlan = {
  members: 8,
  forMs: minutes * 60_000,
  lifetimeS: 4,
  leaseMs: 1_000,
  killEvery: 0,
  redisRestarts: 0,
}
const share = minutes / 5
const parts: [name: string, plan: FleetPlan, mostCalls: number][] = [
  ['in peace', base, 112 * share],
  ['every third leader killed', { ...base, killEvery: 3 }, 145 * share],
  ['Redis killed and restarted', { ...base, redisRestarts: Math.round(20 * share) }, Infinity],
]

let holds = true
for (const [name, plan, mostCalls] of parts) {
  const figures = await runFleet(plan)
  const { providerCalls, failedWithValid, failedOtherwise, waitedWithValid, repeatedLeases } = figures
  console.log(`\n${name}, ${minutes} min`)
  console.table({
    'provider calls': `${providerCalls} (at most ${mostCalls === Infinity ? 'any' : Math.floor(mostCalls)})`,
    'calls of get': figures.gets,
    leases: figures.leases,
    'leaders killed': figures.leadersKilled,
    'restarts of Redis': figures.redisRestarts,
    'failed with a valid token': failedWithValid.length,
    'failed otherwise': failedOtherwise.length,
    'waited with a valid token': waitedWithValid.length,
    'lease versions given twice': repeatedLeases.length,
    'longest gap between calls': `${Math.round(figures.longestGapMs)} ms`,
  })
  for (const why of new Set([...failedWithValid, ...failedOtherwise])) console.log(`  ${why}`)
  if (providerCalls > mostCalls || failedWithValid.length + repeatedLeases.length > 0) holds = false
}
console.log(holds ? '\nprove:fleet: holds' : '\nprove:fleet: DOES NOT HOLD')
process.exitCode = holds ? 0 : 1
