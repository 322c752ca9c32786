import { createClient } from '../../client/index.ts'
import { spread } from '../../core/spread.ts'
import { httpDefaults } from '../../http/options.ts'
import { Network } from '../network.ts'
import { choice, count, derived, duration, number, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import { Recovery } from '../recovery.ts'
import { type BroadcastFormula, broadcastFormulas } from '../rivals/broadcast-formulas.ts'
import { type Outcome, scenario } from '../scenario.ts'
import { inFull, inNumber, inSeconds, recoverySentence } from '../sentence.ts'
import { RequestServer } from '../servers/request-server.ts'
import type { World } from '../world.ts'

const parameters = {
  clients: count('clients that hear of the change', 5_000),
  capacity: derived('requests that the server serves per second; a fiftieth of the clients unless given', 0.001),
  windowMs: spreadWindow('over how long ours spread; 1.1 × clients / capacity unless given, 0 not at all'),
  server: choice('what the server does with more than it can serve: all queue, or the rest is turned away', [
    'fifo',
    'sheds',
  ]),
  queueMs: duration('the longest queue of a server that sheds', 5_000, 1),
  retryAfterMs: duration('what it then says in Retry-After; 0 says nothing', 5_000, 0, 3_600_000),
  attemptMs: duration('patience with one request, ours and that of rivals', httpDefaults.attemptMs, 1),
  latencyMs: duration('what a packet takes one way', 15),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  runMs: duration('when the run ends, whoever has the new value', 300_000, 1_000),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

/**
 * Every client hears at one moment that something has changed (feature flags, a configuration, a cache entry) and asks
 * the same endpoint for it. Who has got the new value has recovered.
 */
export const broadcast = scenario({
  name: 'broadcast',
  title: 'Broadcast invalidation',
  what: 'All clients hear at once that something has changed, and ask one server for it.',
  parameters,
  rivals: broadcastFormulas,
  complete: (given) => {
    const capacity = given.capacity ?? given.clients / 50
    return { ...given, capacity, windowMs: given.windowMs ?? Math.round((1_100 * given.clients) / capacity) }
  },
  run,
  summary(ours, { clients, capacity, windowMs }, compared) {
    const server = `a server for ${inFull(capacity)} requests per second`
    const who = `${inNumber(clients, 'client')} told of a change, ${server}, and a window of ${inSeconds(windowMs)} for ours`
    return recoverySentence(who, ours, compared)
  },
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { clients, capacity, runMs } = values
  const server = serverOf(world, values)
  const recorder = new Recorder(world)
  const recovery = new Recovery(clients)
  const formula = broadcastFormulas.find(({ name }) => name === policy)
  const fleet: Listener[] = []
  server.onRequest = () => recorder.arrived()
  await world.forEach(clients, (client) => {
    const hasIt = () => recovery.back(client, world.clock.now())
    fleet.push(
      formula
        ? rival({ world, server, values, client, hasIt }, formula)
        : own({ world, server, values, client, hasIt }),
    )
  })
  recorder.begin()
  const fromMs = world.clock.now()
  for (const { hear } of fleet) hear()
  await world.run({
    forMs: runMs,
    done: () => recovery.complete,
    eachSecond: () => recorder.sample(server.queued, recovery.share),
    progress: () => recovery.share,
  })
  for (const { close } of fleet) close()
  const times = recovery.times(fromMs)
  return {
    ...times,
    boundMs: Math.round((clients / capacity) * 1_000),
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / capacity,
    attemptsPerClient: recorder.total / clients,
    amplification: recorder.total / clients,
    wasted: server.wasted,
    goodputLost: 1 - recovery.share,
    worstWaitMs: times.tAllMs ?? Math.round(world.clock.now() - fromMs),
    details: { updated: recovery.share },
    curves: recorder.curves,
  }
}

function serverOf(world: World, { capacity, server, queueMs, retryAfterMs, ...values }: Values): RequestServer {
  const shed = { status: 503, ...(retryAfterMs > 0 && { retryAfterMs }) }
  const shedsBeyondMs = server === 'sheds' ? queueMs : undefined
  return new RequestServer(world, new Network(world, values, -1), { perSecond: capacity, shedsBeyondMs, shed }, -2)
}

interface Listener {
  /** The broadcast has come. */
  hear(): void
  close(): void
}

interface Needs {
  readonly world: World
  readonly server: RequestServer
  readonly values: Values
  readonly client: number
  hasIt(): void
}

/** Without a window a call that is refused on the spot would be made again on the spot, for ever. */
const leastAgainMs = 1_000

/** As an application would write it: a moment of its own, then a call; one that fails is for another such moment. */
function own({ world, server, values, client, hasIt }: Needs): Listener {
  const { windowMs, attemptMs } = values
  const runtime = world.runtime(client)
  const { clock, random } = runtime
  const http = createClient({ runtime, attemptMs, fetch: server.send })
  const leaving = new AbortController()
  const { signal } = leaving
  const hear = async () => {
    for (let ms = windowMs; !signal.aborted; ms = Math.max(windowMs, leastAgainMs)) {
      await spread(ms, { clock, random, signal })
      const response = await http.fetch('http://flags.test/', { signal }).catch(() => undefined)
      if (response?.ok) return hasIt()
    }
  }
  const close = () => {
    leaving.abort()
    void http.close({ drainMs: 0 })
  }
  return { hear: () => void hear().catch(() => {}), close }
}

function rival({ world, server, values, client, hasIt }: Needs, formula: BroadcastFormula): Listener {
  const random = world.random(client)
  let closed = false
  let failures = 0
  const ask = () => {
    if (closed) return
    const leave = server.ask(({ status }) => {
      cancel()
      if (status === 200) hasIt()
      else again()
    })
    const cancel = world.later(values.attemptMs, () => {
      leave()
      again()
    })
  }
  const again = () => world.later(formula.againMs(++failures, random), ask)
  const close = () => {
    closed = true
  }
  return { hear: () => void world.later(formula.delayMs, ask), close }
}

/** A duration that is worked out from the fleet where it is not given. */
function spreadWindow(what: string) {
  const { kind, least, most } = duration(what, 0)
  return { kind, what, least, most }
}
