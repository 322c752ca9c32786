// One contender in a process of its own: the bytes, the promises and the timers of a call. Run with --expose-gc and a
// young generation that holds all that a sample allocates: as nothing is collected, the heap grows by what was allocated.
import '../../support/from-source.mjs'
import { createHook } from 'node:async_hooks'
import { PerformanceObserver } from 'node:perf_hooks'
import { answer } from '../answer.ts'
import { median } from '../median.ts'
import { runCalls } from './run-calls.ts'

const { contenderOf } = await import('./contender-of.ts')

const [group = '', name = ''] = process.argv.slice(2)
const calls = 2_000
const warmUpCalls = 30_000
const warmUpMs = 400
const samples = 7
const attempts = 4 * samples

export interface Allocation {
  readonly bytes: number
  readonly promises: number
  readonly timers: number
}

const call = await contenderOf(group, name)
let collections = 0
new PerformanceObserver((list) => {
  collections += list.getEntries().length
}).observe({ entryTypes: ['gc'] })

const turn = () => new Promise((resolve) => setTimeout(resolve, 2))

async function sampleBytes(): Promise<number | undefined> {
  globalThis.gc?.()
  await turn()
  const seen = collections
  const before = process.memoryUsage().heapUsed
  await runCalls(call, calls, 1)
  const after = process.memoryUsage().heapUsed
  // Collections are told in a later turn.
  await turn()
  return collections === seen ? (after - before) / calls : undefined
}

async function bytesPerCall(): Promise<number> {
  const values: number[] = []
  for (let attempt = 0; values.length < samples && attempt < attempts; attempt++) {
    const bytes = await sampleBytes()
    if (bytes !== undefined) values.push(bytes)
  }
  if (values.length < samples) throw new Error('the young generation is too small for a sample')
  return median(values)
}

async function resourcesPerCall(): Promise<Omit<Allocation, 'bytes'>> {
  let promises = 0
  let timers = 0
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') promises++
      else if (type === 'Timeout') timers++
    },
  })
  hook.enable()
  await runCalls(call, calls, 1)
  hook.disable()
  return { promises: promises / calls, timers: timers / calls }
}

answer(async (): Promise<Allocation> => {
  const endsAt = performance.now() + warmUpMs
  for (let done = 0; done < warmUpCalls && performance.now() < endsAt; done += calls) await runCalls(call, calls, 1)
  const bytes = await bytesPerCall()
  return { bytes, ...(await resourcesPerCall()) }
})
