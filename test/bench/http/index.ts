// What is left of it all once a server answers: requests per second and the client's CPU, over keep-alive connections.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type CostColumn, fasterThan } from '../faster.ts'
import { median, medianOfRounds } from '../median.ts'
import type { Bar, FasterPeer, RunSection, Table } from '../section.ts'
import type { Load } from './client-child.ts'
import { contenders } from './contenders.ts'
import { type Loads, measureLoads } from './loads.ts'
import { whyFaster } from './why-faster.ts'

const base = 'native fetch'
const withSignal = 'native fetch, with a signal'
const ours = 'createFetch'
const levels = [1, 50, 500]
const heldAt = [50, 500]

export const run: RunSection = async ({ quick }) => {
  const names = Object.keys(contenders)
  const pairRounds = quick ? 4 : 24
  const pairProcesses = quick ? 1 : 3
  const rounds = quick ? 2 : 7
  const server = fork(fileURLToPath(new URL('./server.ts', import.meta.url)))
  const [port] = await once(server, 'message')
  const url = `http://127.0.0.1:${port}/orders/42`
  const all = new Map<number, Loads>()
  const pairs = new Map<number, Loads>()
  try {
    for (const atOnce of levels) {
      all.set(atOnce, await measureLoads(names, { url, atOnce, rounds, forMs: quick ? 150 : 250, processes: 1 }))
    }
    for (const atOnce of heldAt) {
      const plan = { url, atOnce, rounds: pairRounds, forMs: quick ? 200 : 500, processes: pairProcesses }
      pairs.set(atOnce, await measureLoads([base, withSignal, ours], plan))
    }
  } finally {
    server.disconnect()
  }
  return {
    name: 'http',
    title: 'Requests to a loopback server',
    method: `A keep-alive node:http server in a process of its own answers with a small JSON text; every body is read. Contenders take turns, each in a client process of its own, ${rounds} rounds; fetch (with and without a signal) and ours alone, for what must hold, in ${pairRounds} rounds over ${pairProcesses} client processes of each. CPU is that of the client's process, all threads. Ratios are medians of ratios of the same round.`,
    tables: [
      ...[...all].map(([atOnce, loads]) => ({ ...loadTable(`${atOnce} in flight`, loads), inReadme: atOnce === 50 })),
      ...[...pairs].map(([atOnce, loads]) => loadTable(`${atOnce} in flight, alone, ${pairRounds} rounds`, loads)),
    ],
    bars: [...pairs].flatMap(([atOnce, loads]) => loadBars(atOnce, loads)),
    faster: [...all].flatMap(([atOnce, loads]) => fasterAt(atOnce, loads)),
  }
}

const over = (loads: Loads, name: string, other: string, of: keyof Load) =>
  medianOfRounds(
    loads.get(name)!.map((load) => load[of]),
    loads.get(other)!.map((load) => load[of]),
    (one, another) => one / another,
  )

function loadTable(title: string, loads: Loads): Table {
  const middle = (some: readonly Load[], of: keyof Load) => median(some.map((load) => load[of]))
  return {
    title: `Loopback HTTP, ${title}`,
    columns: ['client', 'requests/s', `× ${base}`, 'client CPU µs/request', `× ${base}`],
    rows: [...loads].map(([name, some]) => [
      name,
      middle(some, 'perSecond').toFixed(0),
      over(loads, name, base, 'perSecond').toFixed(2),
      middle(some, 'cpuUs').toFixed(1),
      over(loads, name, base, 'cpuUs').toFixed(2),
    ]),
  }
}

function loadBars(atOnce: number, loads: Loads): Bar[] {
  return [
    {
      what: `requests per second over native fetch's, ${atOnce} in flight`,
      measured: over(loads, ours, base, 'perSecond'),
      is: 'at least',
      bound: 0.95,
      unit: '×',
    },
    {
      what: `client CPU per request over native fetch's, ${atOnce} in flight`,
      measured: over(loads, ours, base, 'cpuUs'),
      bound: 1.1,
      unit: '×',
    },
  ]
}

function fasterAt(atOnce: number, loads: Loads): FasterPeer[] {
  const columns = (than: string): CostColumn[] => [
    { at: `time per request, ${atOnce} in flight`, costOf: (name) => over(loads, than, name, 'perSecond') },
    { at: `client CPU, ${atOnce} in flight`, costOf: (name) => over(loads, name, than, 'cpuUs') },
  ]
  const peers = [...loads.keys()].filter((name) => name !== ours && name !== 'createClient().http')
  return fasterThan(ours, peers, columns(ours), whyFaster)
}
