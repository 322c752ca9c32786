// The heap after very many calls against the heap before them. Run with --expose-gc.
import '../../support/from-source.mjs'
import { answer } from '../answer.ts'
import { runCalls } from './run-calls.ts'

const { createFetch } = await import('../../../src/index.ts')

export interface HeapQuestion {
  readonly calls: number
}

export interface HeapAnswer {
  readonly startBytes: number
  readonly endBytes: number
}

const warmUpCalls = 20_000
const passes = 6

async function heapUsed(): Promise<number> {
  for (let pass = 0; pass < passes; pass++) {
    globalThis.gc?.()
    // What a finalizer or a timer still holds is let go of in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return process.memoryUsage().heapUsed
}

// Each call gets an answer of its own, so that whatever is remembered of one would show.
const fetch = createFetch({ fetch: async () => new Response(null) })
const call = () => fetch('http://upstream.test/orders?page=1')

answer(async ({ calls }: HeapQuestion): Promise<HeapAnswer> => {
  await runCalls(call, warmUpCalls, 1)
  await runCalls(call, warmUpCalls, 100)
  const startBytes = await heapUsed()
  await runCalls(call, calls / 2, 1)
  await runCalls(call, calls / 2, 100)
  return { startBytes, endBytes: await heapUsed() }
})
