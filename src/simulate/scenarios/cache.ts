import { createCache } from '../../refresh/cache/index.ts'
import { Callers, withGoodput } from '../callers.ts'
import { Network } from '../network.ts'
import { choice, count, derived, duration, flag, number, refuse, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import { Recovery } from '../recovery.ts'
import type { PolicyReport } from '../report.ts'
import { cacheFormulas } from '../rivals/cache-formulas.ts'
import { RivalCache } from '../rivals/rival-cache.ts'
import { type Outcome, scenario } from '../scenario.ts'
import { inFull, inSeconds, oneByOne } from '../sentence.ts'
import { FleetStore } from '../servers/fleet-store.ts'
import { type Loaded, Origin } from '../servers/origin.ts'
import { outage, outageKinds } from '../servers/outage.ts'
import type { World } from '../world.ts'

const parameters = {
  clients: count('processes, each with a cache of its own', 50),
  keys: count('keys that each of them reads', 100, 1, 1_000_000),
  readsPerSecond: number('reads of each process per second, of keys drawn evenly', 50, 0.01, 100_000),
  ttlMs: duration('how long a value is fresh', 60_000, 2_000),
  capacity: derived('loads that the database does per second; a twentieth of all entries unless given', 0.001),
  loadMs: duration('what a load takes where no other one waits', 20, 0, 60_000),
  start: choice('how it begins: all entries were loaded together and end together, or all caches are empty', [
    'expiry',
    'cold',
  ]),
  shared: flag('whether our caches share their values through a store; rivals have none'),
  outageMs: duration('how long the database is out of order', 0),
  outageAt: number('when its outage begins, as a share of ttlMs', 0.7, 0, 100),
  outageBy: choice('what it does meanwhile: fails at once, refuses connections, or nothing comes back', outageKinds),
  patienceMs: duration('how long a read waits for a value before it is of no use', 1_000),
  timeoutMs: duration('patience with a load, ours and that of rivals', 30_000, 1),
  lifetimes: number('how long the run is, in multiples of ttlMs', 3, 0.01, 100),
  latencyMs: duration('what a packet takes one way', 1),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

/** Time to fill the caches, in ms, while the database has no queue. */
const fillMs = 1_000

/** And what is waited for the last entry, in ms, where packets are slow or get lost. */
const lastFilledMs = 60_000

/**
 * Processes that keep the same values fill their caches at one time, and all those values end together; or they start
 * with nothing. Times and curves count from then: an entry has recovered when a read got what was loaded since, and a
 * second's share is that of the reads which got a value.
 */
export const cache = scenario({
  name: 'cache',
  title: 'Cache stampede',
  what: 'The entries of many caches end together, and the database behind them loads so many per second.',
  parameters,
  rivals: cacheFormulas,
  complete: (given) => {
    const values = { ...given, capacity: given.capacity ?? (given.clients * given.keys) / 20 }
    if (values.outageMs > 0 && values.outageAt >= values.lifetimes) {
      refuse(
        'cache',
        'outageAt',
        `wants to be below lifetimes (${values.lifetimes}): the run would end before the outage`,
      )
    }
    return values
  },
  run,
  summary: (ours, { clients, keys, start, outageMs, shared }, compared) => {
    const trouble = start === 'cold' ? 'with empty caches' : 'whose entries end together'
    const outage = outageMs > 0 ? `, and a database out of order for ${inSeconds(outageMs)}` : ''
    const who = `${clients.toLocaleString('en')} processes with ${keys.toLocaleString('en')} keys each ${trouble}${outage}`
    return oneByOne(who, fared, [ours, ...compared], shared ? 'Only ours share a store.' : '')
  },
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { clients, keys, capacity, readsPerSecond, ttlMs, outageMs, patienceMs } = values
  const network = new Network(world, values, -1)
  const origin = new Origin(world, network, values)
  const { server } = origin
  const store = values.shared && policy === 'breakwater' ? new FleetStore(world, network) : undefined
  const recorder = new Recorder(world)
  const recovery = new Recovery(clients * keys)
  const keyNames = Array.from({ length: keys }, (_, key) => `key-${key}`)
  const caches: Cached[] = []
  const draw = world.random(-3)
  let loadsBefore = Infinity
  const call = async (client: number) => {
    const key = Math.floor(draw() * keys)
    const { load } = await (caches[client] as Cached).get(keyNames[key] as string)
    const entry = client * keys + key
    if (load > loadsBefore && !recovery.has(entry)) recovery.back(entry, world.clock.now())
    return true
  }
  const callers = new Callers(world, { clients, perSecond: readsPerSecond, patienceMs, call })
  const curves = () => withGoodput(recorder.curves, callers.goodput)
  world.curves = curves
  server.onRequest = () => recorder.arrived()
  server.speed = Infinity
  let filled = 0
  const hasIt = () => {
    filled++
  }
  await world.forEach(clients, (client) => {
    const made = make({ world, origin, store, values, policy, client })
    caches.push(made)
    if (values.start === 'expiry') for (const key of keyNames) made.get(key).then(hasIt, () => {})
  })
  await world.run({ forMs: fillMs, progress: () => 0 })
  const done = () => values.start === 'cold' || filled >= clients * keys
  if (!done()) await world.run({ forMs: lastFilledMs, done, progress: () => 0 })
  server.speed = 1
  server.wasted = 0
  store?.begin()
  recorder.begin()
  const fromMs = world.clock.now()
  loadsBefore = origin.loads
  if (outageMs > 0) world.later(values.outageAt * ttlMs, () => outage(world, server, values.outageBy, outageMs))
  if (!world.aborted) callers.start()
  await world.run({ forMs: values.lifetimes * ttlMs, eachSecond: () => recorder.sample(server.queued, 0) })
  server.onRequest = undefined
  const loads = origin.loads - loadsBefore
  const { wasted } = server
  await callers.stop()
  for (const made of caches) made.close()
  const entries = store ? keys : clients * keys
  return {
    ...recovery.times(fromMs),
    boundMs: values.start === 'cold' ? Math.round((entries / capacity) * 1_000) : null,
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / capacity,
    attemptsPerClient: recorder.total / clients,
    amplification: recorder.total / Math.max(1, loads),
    wasted,
    goodputLost: callers.goodput.lost,
    worstWaitMs: callers.longestMs,
    details: {
      reads: callers.goodput.wanted,
      loads: recorder.total,
      loadsPerEntry: recorder.total / (clients * keys),
      laterPeak: recorder.peak(Math.ceil((1.5 * ttlMs) / 1_000)),
      renewed: recovery.share,
      storePeakPerSecond: store?.peakPerSecond ?? null,
    },
    curves: curves(),
  }
}

interface Cached {
  get(key: string): Promise<Loaded>
  close(): void
}

interface Making {
  readonly world: World
  readonly origin: Origin
  readonly store: FleetStore | undefined
  readonly values: Values
  readonly policy: string
  readonly client: number
}

function make({ world, origin, store, values, policy, client }: Making): Cached {
  const { ttlMs, timeoutMs, keys } = values
  const formula = cacheFormulas.find(({ name }) => name === policy)
  if (formula) {
    const load = (hear: (loaded: Loaded | undefined) => void) => origin.request(hear)
    const rival = new RivalCache({ world, random: world.random(client), formula, ttlMs, timeoutMs, load })
    return { get: (key) => rival.get(key), close: () => {} }
  }
  const runtime = world.runtime(client)
  return createCache<Loaded>({
    runtime,
    ttlMs,
    timeoutMs,
    maxEntries: keys,
    load: (_key, { signal }) => origin.load(signal),
    coordination: store?.coordination(runtime),
  })
}

function fared({ peakPerSecond, peakOverCapacity, goodputLost, worstWaitMs, details }: PolicyReport): string {
  const peak = `${inFull(peakPerSecond)} loads in the busiest second (${inFull(peakOverCapacity)} × its capacity)`
  const loads = `${inFull(details.loadsPerEntry ?? 0)} loads of each entry`
  if (goodputLost === 0) return `${peak}, ${loads}, no read without a value`
  const lost = `${inFull(100 * goodputLost)} % of the reads got none in time`
  return `${peak}, ${loads}, ${lost}, at worst ${inSeconds(worstWaitMs ?? 0)}`
}
