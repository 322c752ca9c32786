// Very many callers who ask for the same thing at the same time: what each of them costs, and what it holds.
import { Child } from '../child.ts'
import { fasterThan } from '../faster.ts'
import { median, medianOfRounds } from '../median.ts'
import { inRounds } from '../rounds.ts'
import type { Bar, RunSection } from '../section.ts'
import type { FlightQuestion } from './child.ts'
import { contenders } from './contenders.ts'

const naive = 'naive Map'
const naiveWithSignals = 'naive Map, a signal each'
const ours = 'singleFlight, no signal of their own'
const oursWithSignals = 'singleFlight, a signal each'

interface Costs {
  readonly ns: number[]
  readonly bytes: number[]
}

export const run: RunSection = async ({ quick }) => {
  const rounds = quick ? 3 : 15
  const names = Object.keys(contenders)
  const costs = new Map<string, Costs>(names.map((name) => [name, { ns: [], bytes: [] }]))
  const children = new Map(
    names.map((name) => [name, new Child(new URL('./child.ts', import.meta.url), [name], ['--expose-gc'])]),
  )
  const sample = (name: string, of: FlightQuestion['of']) => children.get(name)!.ask<number>({ of })
  try {
    // Not counted: code is loaded and compiled.
    for (const name of names) for (let warmUp = 0; warmUp < 4; warmUp++) await sample(name, 'ns')
    await inRounds(names, rounds, async (name) => void costs.get(name)!.ns.push(await sample(name, 'ns')))
    await inRounds(names, 3, async (name) => void costs.get(name)!.bytes.push(await sample(name, 'bytes')))
  } finally {
    for (const child of children.values()) child.stop()
  }
  const ns = (name: string) => median(costs.get(name)!.ns)
  const bytes = (name: string) => median(costs.get(name)!.bytes)
  const overNaive = (name: string) =>
    medianOfRounds(costs.get(name)!.ns, costs.get(naive)!.ns, (one, another) => one / another)
  const bars: Bar[] = [
    {
      what: 'a caller without a signal of its own, over a naive Map',
      measured: overNaive(ours),
      bound: 1.3,
      unit: '×',
    },
    { what: 'a caller with a signal of its own', measured: ns(oursWithSignals), bound: 600, unit: 'ns' },
    { what: 'held by a caller with a signal of its own', measured: bytes(oursWithSignals), bound: 400, unit: 'bytes' },
  ]
  return {
    name: 'single-flight',
    title: 'Callers who share one call',
    method: `50,000 callers of one key, all before its origin answers (createFetch: 5,000, because each of its callers gets a Response of its own); each attaches one then. CPU time of the process from the first caller to the last answer, ${rounds} interleaved rounds, each contender in a process of its own; bytes are what a waiting caller still holds after a collection, its own signal not counted.`,
    tables: [
      {
        title: '50,000 callers of one key',
        inReadme: true,
        columns: ['contender', 'ns per caller', '× naive Map', 'bytes held per caller'],
        rows: names.map((name) => [name, ns(name).toFixed(0), overNaive(name).toFixed(2), bytes(name).toFixed(0)]),
      },
    ],
    bars,
    faster: [
      ...fasterThan(ours, names.filter(isPeer(false)), columns('without signals', ns, bytes), whyFaster),
      ...fasterThan(oursWithSignals, names.filter(isPeer(true)), columns('with a signal each', ns, bytes), whyFaster),
    ],
  }
}

const isPeer = (signals: boolean) => (name: string) =>
  contenders[name]!.signals === signals && !name.startsWith('singleFlight') && !name.startsWith('create')

const columns = (how: string, ns: (name: string) => number, bytes: (name: string) => number) => [
  { at: `ns per caller, ${how}`, costOf: ns },
  { at: `bytes per caller, ${how}`, costOf: bytes },
]

const noLeaving = 'it hands the same promise to all: no caller can leave, and the work is never aborted'

const whyFaster: Readonly<Record<string, string>> = {
  [naive]: noLeaving,
  [naiveWithSignals]: 'its work is never aborted, however many leave, and no caller has a deadline',
  'async-cache-dedupe': noLeaving,
  'p-memoize': noLeaving,
  dataloader: 'no caller can leave; it is made for batches of keys, in one turn of the event loop',
}
