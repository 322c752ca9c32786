// What a call costs above the function that it calls, when all is well.
import { Child } from '../child.ts'
import type { Bar, RunSection, Table } from '../section.ts'
import { layerContenders, noOpContenders, stubContenders } from './contenders/index.ts'
import { costTable, fasterInTable } from './cost-table.ts'
import { flatOverCalls, flatOverUpstreams } from './flatness.ts'
import type { HeapAnswer, HeapQuestion } from './heap-child.ts'
import { addedNs, addedRatio, type Costs, costRatio, measure, together } from './measure.ts'

const modes = [
  { mode: 'sequential', when: 'one by one' },
  { mode: 'atOnce', when: `${together} at once` },
] as const

export const run: RunSection = async ({ quick }) => {
  const forMs = quick ? 30 : 50
  const rounds = quick ? { cheap: 3, layers: 3, stub: 3, flat: 3 } : { cheap: 15, layers: 9, stub: 15, flat: 15 }
  const noOp = await measure('noOp', Object.keys(noOpContenders), { rounds: rounds.cheap, forMs })
  const layers = await measure('layers', Object.keys(layerContenders), { rounds: rounds.layers, forMs })
  const stub = await measure('stub', Object.keys(stubContenders), { rounds: rounds.stub, forMs })
  const overCalls = await flatOverCalls({ rounds: rounds.flat, forMs: 2 * forMs })
  const overUpstreams = await flatOverUpstreams({ rounds: rounds.flat, forMs })
  const heap = await heapAfter(quick ? 100_000 : 1_000_000)
  return {
    name: 'overhead',
    title: 'What a call costs above the function it calls',
    method: `CPU time of the process per call, collecting garbage included. Every contender has a process of its own; they take turns, ${forMs} ms each, in ${rounds.stub} rounds (layers alone: ${rounds.layers}), and ratios are medians of ratios of the same round. Bytes: growth of a heap in which nothing is collected. Promises and timers: counted with async hooks, in a pass of their own. "raw" is the bare call in the bench's loop, which itself makes one of the promises.`,
    tables: [
      costTable('Over a function that does nothing', noOp, 'hand-fused', true),
      costTable('Each layer of ours alone, over the same function', layers, 'all of them'),
      costTable('Over a stub fetch that makes a Response', stub, 'ky', true),
      overCalls.table,
      overUpstreams.table,
      heap.table,
    ],
    bars: [...noOpBars(noOp), ...stubBars(stub), ...overCalls.bars, ...overUpstreams.bars, heap.bar],
    faster: [
      ...fasterInTable('no-op function', noOp, 'breakwater'),
      ...fasterInTable('stub fetch', stub, 'createFetch', without(stub, 'createFetch', 'createClient().http')),
      ...fasterInTable('stub fetch against client.http', stub, 'createClient().http', [
        'createFetch',
        'ky',
        'ky, no retry, no timeout',
        'ofetch.raw',
        'axios, fetch adapter',
        'axios + axios-retry, fetch adapter',
      ]),
    ],
  }
}

function noOpBars(costs: Costs): Bar[] {
  return [
    ...modes.flatMap(({ mode, when }): Bar[] => [
      {
        what: `no-op, added cost over cockatiel's wrap of four, ${when}`,
        measured: addedRatio(costs, 'breakwater', 'cockatiel wrap of four', mode),
        bound: 0.15,
        unit: '×',
      },
      {
        what: `no-op, added cost over the hand-fused reference, ${when}`,
        measured: addedRatio(costs, 'breakwater', 'hand-fused', mode),
        bound: 3,
        unit: '×',
      },
    ]),
    { what: 'no-op, allocated per call', measured: costs.get('breakwater')!.bytes, bound: 3_000, unit: 'bytes' },
  ]
}

function stubBars(costs: Costs): Bar[] {
  return modes.flatMap(({ mode, when }): Bar[] => [
    {
      what: `stub fetch, added cost over ky's, ${when}`,
      measured: addedRatio(costs, 'createFetch', 'ky', mode),
      bound: 0.15,
      unit: '×',
    },
    {
      what: `stub fetch, added cost, ${when}`,
      measured: addedNs(costs, 'createFetch', mode) / 1_000,
      bound: 2.5,
      unit: 'µs',
    },
    {
      what: `stub fetch, client.http over ky with its own defaults, ${when}`,
      measured: costRatio(costs, 'createClient().http', 'ky', mode),
      bound: 1,
      unit: '×',
    },
  ])
}

async function heapAfter(calls: number): Promise<{ table: Table; bar: Bar }> {
  const child = new Child(new URL('./heap-child.ts', import.meta.url), [], ['--expose-gc'])
  const question: HeapQuestion = { calls }
  const { startBytes, endBytes } = await child.ask<HeapAnswer>(question).finally(() => child.stop())
  const mb = (bytes: number) => bytes / 2 ** 20
  const many = calls.toLocaleString('en')
  return {
    table: {
      title: `The heap after ${many} calls of createFetch`,
      columns: ['before, MB', 'after, MB', 'grown by, MB'],
      rows: [[mb(startBytes).toFixed(2), mb(endBytes).toFixed(2), mb(endBytes - startBytes).toFixed(2)]],
    },
    bar: { what: `heap grown by ${many} calls`, measured: mb(endBytes - startBytes), bound: 1, unit: 'MB' },
  }
}

function without(costs: Costs, ...names: readonly string[]): string[] {
  return [...costs.keys()].filter((name) => !names.includes(name))
}
