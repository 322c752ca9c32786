import { type Hint, reconnectHint } from '../../socket/index.ts'
import { Network } from '../network.ts'
import { choice, count, derived, derivedDuration, duration, flag, number, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import { Recovery } from '../recovery.ts'
import { socketFormulas } from '../rivals/socket-formulas.ts'
import { type Outcome, scenario } from '../scenario.ts'
import { inFull, inNumber, inSeconds, recoverySentence } from '../sentence.ts'
import { Balancer } from '../servers/balancer.ts'
import { HandshakeServer } from '../servers/handshake-server.ts'
import { rollingRestart } from '../servers/restart.ts'
import { SocketFleet, socketParameters, timeoutsSentence } from '../socket-fleet.ts'
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
  instances: count('servers behind one balancer; more than one restart one after another', 1, 1, 1_000),
  everyMs: derivedDuration('how long after one instance the next restarts; the outage and 5 s more unless given'),
  ...socketParameters,
  latencyMs: duration('what a packet takes one way', 15),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  runMs: duration('when the run ends, whoever is back', 900_000, 1_000),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

/** What a balancer takes to see that an instance has gone, or is back, in ms. */
const healthCheckMs = 2_000

/**
 * A server goes, and all its sockets want to come back: to it, or to what stands in its place. With several instances
 * they restart one after another behind a balancer, each with its part of the sockets and of the capacity.
 */
export const reconnect = scenario({
  name: 'reconnect',
  title: 'Reconnect storm',
  what: 'Every socket of a fleet is dropped at once; the server takes so many handshakes per second.',
  parameters,
  rivals: socketFormulas,
  complete: (given) => ({
    ...given,
    capacity: given.capacity ?? given.clients / 50,
    everyMs: given.everyMs ?? given.outageMs + 5_000,
  }),
  run,
  summary: (ours, values, compared) => {
    const peak = `Our busiest second was ${inFull(ours.peakOverCapacity)} × the capacity.`
    const alone = values.hint && compared.length > 0 ? ' Only ours reads what the server says.' : ''
    return `${recoverySentence(whatOf(values), ours, compared)} ${peak}${alone}${timeoutsSentence(compared, values)}`
  },
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { clients, capacity, runMs } = values
  const servers = serversOf(world, values)
  const balancer = new Balancer(world, servers, healthCheckMs)
  const recorder = new Recorder(world)
  const recovery = new Recovery(clients)
  for (const server of servers) server.onDial = () => recorder.arrived()
  const { openTransport } = balancer
  const fleet = new SocketFleet({ world, clients, policy, values, openTransport, recovery })
  for (const server of servers) server.speed = Infinity
  await fleet.settle()
  for (const server of servers) server.speed = 1
  recorder.begin()
  const fromMs = world.clock.now()
  const lastMs = begin(world, values, servers, balancer)
  await world.run({
    forMs: runMs,
    done: () => recorder.atMs > lastMs && recovery.count + fleet.ended >= clients,
    eachSecond: () => recorder.sample(sum(servers, 'queued'), recovery.share),
    progress: () => recovery.share,
  })
  const times = recovery.times(fromMs)
  return {
    ...times,
    boundMs: boundOf(values, lastMs),
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / capacity,
    attemptsPerClient: recorder.total / clients,
    amplification: recorder.total / clients,
    wasted: sum(servers, 'wasted'),
    goodputLost: 1 - recovery.share,
    worstWaitMs: times.tAllMs ?? Math.round(recorder.atMs),
    details: { connected: recovery.share, gaveUp: fleet.ended },
    curves: recorder.curves,
  }
}

function serversOf(world: World, values: Values): [HandshakeServer, ...HandshakeServer[]] {
  const { instances, capacity, backlog } = values
  const make = (index: number) =>
    new HandshakeServer(world, new Network(world, values, -1 - index), {
      perSecond: capacity / instances,
      ...(values.server === 'backlog' && { backlog: Math.ceil(backlog / instances) }),
    })
  return [make(0), ...Array.from({ length: instances - 1 }, (_, index) => make(index + 1))]
}

/** The trouble begins. Gives when its last part does, in ms from now. */
function begin(world: World, values: Values, servers: readonly HandshakeServer[], balancer: Balancer): number {
  const { clients, capacity, outageMs, instances, everyMs } = values
  // Of a rolling restart, others take whom an instance sends away.
  const afterMs = instances > 1 ? 0 : outageMs
  const connections = clients / instances
  const told: Hint = reconnectHint({ connections, acceptPerSecond: capacity / instances, afterMs })
  const options = { awayMs: outageMs, hint: values.hint ? told : undefined }
  rollingRestart(world, servers, balancer, everyMs, options)
  return instances > 1 ? (instances - 1) * everyMs : outageMs
}

/**
 * Nobody is there before the first has returned, where the last goes before that: then all come back at once. Else others
 * have taken most of them by then; who was with the last from the beginning, still is.
 */
function boundOf({ clients, capacity, outageMs, instances }: Values, lastMs: number): number {
  const returning = lastMs < outageMs ? clients : Math.floor(clients / instances)
  return Math.round(Math.max(lastMs, outageMs) + (returning / capacity) * 1_000)
}

function whatOf({ clients, capacity, server, backlog, outageMs, instances, hint }: Values): string {
  const queue = server === 'backlog' ? `a backlog of ${inFull(backlog)}` : 'a queue without end'
  const takes = `a server for ${inFull(capacity)} handshakes per second with ${queue}`
  const away = outageMs > 0 ? `, away for ${inSeconds(outageMs)}` : ''
  const parts = instances > 1 ? `, in ${inFull(instances)} parts that restart one after another` : ''
  return `${inNumber(clients, 'socket')} of ${takes}${away}${parts}${hint ? ', which says when it wants them back' : ''}`
}

function sum(servers: readonly HandshakeServer[], what: 'queued' | 'wasted'): number {
  return servers.reduce((total, server) => total + server[what], 0)
}
