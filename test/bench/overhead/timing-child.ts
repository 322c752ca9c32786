// A contender in a process of its own: how long its calls take. The time is the CPU time of the process, which other work of
// the machine does not add to, and which collecting garbage does, on whichever thread. (That of the main thread alone is
// counted in steps of up to 4 ms on Linux.)
import '../../support/from-source.mjs'
import { answer } from '../answer.ts'
import type { Call } from './contenders/index.ts'
import { runCalls } from './run-calls.ts'

const { contenderOf } = await import('./contender-of.ts')

const [group = ''] = process.argv.slice(2)
const warmUpMs = 150

export interface TimingQuestion {
  readonly name: string
  /** How long the sample should take, in ms of CPU time. */
  readonly forMs: number
  readonly atOnce: number
}

interface Prepared {
  readonly call: Call
  readonly counts: Map<number, number>
}

const prepared = new Map<string, Prepared>()

async function cpuNsOf(call: Call, count: number, atOnce: number): Promise<number> {
  const before = process.cpuUsage()
  await runCalls(call, count, atOnce)
  const { user, system } = process.cpuUsage(before)
  return (user + system) * 1_000
}

/** Runs until the compiler has seen enough, and says how many calls fill a sample. */
async function warmUp(call: Call, forMs: number, atOnce: number): Promise<number> {
  let spentNs = 0
  for (let batches = 1; ; batches *= 2) {
    const ns = await cpuNsOf(call, batches * atOnce, atOnce)
    spentNs += ns
    if (spentNs < warmUpMs * 1e6 || ns < (forMs * 1e6) / 2) continue
    return Math.max(1, Math.round((batches * forMs * 1e6) / ns)) * atOnce
  }
}

answer(async ({ name, forMs, atOnce }: TimingQuestion) => {
  const contender = prepared.get(name) ?? { call: await contenderOf(group, name), counts: new Map() }
  prepared.set(name, contender)
  const { call, counts } = contender
  const count = counts.get(atOnce) ?? (await warmUp(call, forMs, atOnce))
  counts.set(atOnce, count)
  return (await cpuNsOf(call, count, atOnce)) / count
})
