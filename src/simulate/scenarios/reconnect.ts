import { encodeHint, ReliableSocket, reconnectHint } from '../../socket/index.ts'
import { socketDefaults } from '../../socket/options.ts'
import { Network } from '../network.ts'
import { choice, count, derived, duration, flag, number, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import { Recovery } from '../recovery.ts'
import { RivalSocket } from '../rivals/rival-socket.ts'
import { socketFormulas } from '../rivals/socket-formulas.ts'
import { type Outcome, scenario } from '../scenario.ts'
import { inSeconds, recoverySentence } from '../sentence.ts'
import { HandshakeServer } from '../servers/handshake-server.ts'
import type { World } from '../world.ts'

const parameters = {
  clients: count('sockets that are open when the server goes', 100_000),
  capacity: derived('handshakes that the server takes per second; a fiftieth of the clients unless given', 0.001),
  outageMs: duration('how long the server refuses connections before it takes them again', 0),
  server: choice('what happens to handshakes that must wait: all queue, or the backlog is bounded', [
    'fifo',
    'backlog',
  ]),
  backlog: count('handshakes that may wait at a server with a backlog', 4_096),
  hint: flag('whether the server says, as it closes, when it wants its clients back'),
  windowMs: duration('our first window after a loss that nobody explained', firstWindowMs()),
  patienceMs: duration('how long our first dial may take', socketDefaults.patienceMs, 1),
  timeouts: choice("rivals' handshake timeouts: 5 s for each of them, or what each ships with", ['equal', 'own']),
  latencyMs: duration('what a packet takes one way', 15),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  runMs: duration('when the run ends, whoever is back', 900_000, 1_000),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

/** Long enough for every connection to count as proven before it is lost. */
const settleMs = 12_000

/** With `timeouts: 'equal'`, as in the comparison of formulas that the field knows. */
const equalTimeoutMs = 5_000

/** A server goes, and all its sockets want to come back: to it, or to what stands in its place. */
export const reconnect = scenario({
  name: 'reconnect',
  title: 'Reconnect storm',
  what: 'Every socket of a fleet is dropped at once; the server takes so many handshakes per second.',
  parameters,
  rivals: socketFormulas,
  complete: (given) => ({ ...given, capacity: given.capacity ?? given.clients / 50 }),
  run,
  summary: (ours, values, compared) => {
    const before = values.outageMs > 0 ? `after ${inSeconds(values.outageMs)} without a server, ` : ''
    return recoverySentence(`${before}${values.clients.toLocaleString('en')} sockets`, ours, compared)
  },
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { clients, capacity, outageMs, hint, runMs } = values
  const server = new HandshakeServer(world, new Network(world, values, -1), {
    perSecond: capacity,
    ...(values.server === 'backlog' && { backlog: values.backlog }),
  })
  const recorder = new Recorder(world)
  const recovery = new Recovery(clients)
  server.onDial = () => recorder.arrived()
  let ended = 0
  server.speed = Infinity
  await world.forEach(clients, (client) => {
    const ears: Ears = {
      onOpen: () => recovery.back(client, world.clock.now()),
      onClose: () => recovery.away(client),
      onEnd: () => ended++,
    }
    open(world, server, values, policy, client, ears)
  })
  await world.run({ forMs: settleMs, progress: () => 0 })
  server.speed = 1
  server.wasted = 0
  recorder.begin()
  const fromMs = world.clock.now()
  if (outageMs > 0) server.reach = 'refusing'
  world.later(outageMs, () => {
    server.reach = 'open'
  })
  const told = reconnectHint({ connections: clients, acceptPerSecond: capacity, afterMs: outageMs })
  if (hint) server.dropAll(1012, encodeHint(told))
  else server.dropAll()
  await world.run({
    forMs: runMs,
    done: () => recovery.count + ended >= clients,
    eachSecond: () => recorder.sample(server.queued, recovery.share),
    progress: () => recovery.share,
  })
  const boundMs = outageMs + (clients / capacity) * 1_000
  const times = recovery.times(fromMs)
  return {
    ...times,
    boundMs: Math.round(boundMs),
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / capacity,
    attemptsPerClient: recorder.total / clients,
    amplification: recorder.total / clients,
    wasted: server.wasted,
    goodputLost: 1 - recovery.share,
    worstWaitMs: times.tAllMs,
    details: { connected: recovery.share, gaveUp: ended },
    curves: recorder.curves,
  }
}

interface Ears {
  onOpen(): void
  onClose(): void
  onEnd(): void
}

function open(world: World, server: HandshakeServer, values: Values, policy: string, client: number, ears: Ears): void {
  const { openTransport } = server
  const formula = socketFormulas.find(({ name }) => name === policy)
  if (formula) {
    const timeoutMs = values.timeouts === 'own' ? formula.timeoutMs : equalTimeoutMs
    new RivalSocket({ world, random: world.random(client), openTransport, formula, timeoutMs, ...ears })
    return
  }
  const socket = new ReliableSocket('ws://server.test/', [], {
    runtime: world.runtime(client),
    transport: openTransport,
    firstWindowMs: { drop: values.windowMs },
    patienceMs: values.patienceMs,
  })
  socket.addEventListener('open', ears.onOpen)
  socket.addEventListener('close', ears.onClose)
}

function firstWindowMs(): number {
  const { firstWindowMs } = socketDefaults
  return typeof firstWindowMs === 'number' ? firstWindowMs : (firstWindowMs.drop ?? 0)
}
