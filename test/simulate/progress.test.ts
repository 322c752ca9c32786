import { expect, test } from 'vitest'
import { type Curves, type ScenarioOptions, simulate } from '../../src/simulate/index.ts'

const run: ScenarioOptions = { name: 'reconnect', clients: 100, compare: ['partysocket'], runMs: 20_000 }

test('who listens has the curves of each policy as they grow', async () => {
  const seen: Record<string, Curves[]> = {}
  const report = await simulate(run, {
    onProgress({ policy, curves }) {
      seen[policy] = [...(seen[policy] ?? []), curves]
    },
  })
  for (const { policy, curves } of [report, ...report.compared]) {
    const grown = seen[policy] ?? []
    // Before the trouble there are none.
    expect(grown[0]).toEqual({ arrivals: [], queue: [], recovered: [] })
    expect(grown.at(-1)).toEqual(curves)
    for (const { arrivals, queue, recovered } of grown) {
      expect(curves.arrivals.slice(0, arrivals.length)).toEqual(arrivals)
      expect(curves.queue.slice(0, queue.length)).toEqual(queue)
      expect(curves.recovered.slice(0, recovered.length)).toEqual(recovered)
    }
    expect(new Set(grown.map(({ queue }) => queue.length)).size).toBe(curves.queue.length + 1)
  }
})

test('that somebody listens changes nothing', async () => {
  const heard = await simulate(run, { onProgress: ({ curves }) => curves.queue.length })
  expect(JSON.stringify(heard)).toBe(JSON.stringify(await simulate(run)))
})
