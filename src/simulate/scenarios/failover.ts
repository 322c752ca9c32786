import { encodeHint, reconnectHint } from '../../socket/index.ts'
import { Network } from '../network.ts'
import { choice, count, derived, duration, flag, number, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import { Recovery } from '../recovery.ts'
import { socketFormulas } from '../rivals/socket-formulas.ts'
import { type Outcome, scenario } from '../scenario.ts'
import { inFull, inNumber, recoverySentence } from '../sentence.ts'
import { HandshakeServer } from '../servers/handshake-server.ts'
import { SocketFleet, socketParameters, timeoutsSentence } from '../socket-fleet.ts'
import type { World } from '../world.ts'

const parameters = {
  clients: count('sockets of the region that goes', 20_000),
  others: count('sockets of the region that stays', 20_000, 0),
  capacity: derived('handshakes per second of the region that stays; a fiftieth of the clients unless given', 0.001),
  gone: choice('what a dial to the lost region meets: it is refused, or nothing answers', ['refused', 'black-hole']),
  noticeMs: duration('until new dials are led to the other region: a health check, or what a DNS record lives', 10_000),
  backlog: count('handshakes that may wait at the region that stays', 4_096),
  pings: choice('whether pings of open connections wait behind the handshakes', ['aside', 'queued']),
  hint: flag('whether the servers said, while all was well, how fast they can take their clients back'),
  ...socketParameters,
  latencyMs: duration('what a packet takes one way', 15),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  runMs: duration('when the run ends, whoever is back', 900_000, 1_000),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

/**
 * A region is lost at once and its sockets come to another, which has clients of its own. Where their pings wait behind
 * the handshakes of those who come, a fleet may take live connections for dead, and doubles the storm.
 *
 * Arrivals are dials of the lost region's sockets, to whichever region they are led.
 */
export const failover = scenario({
  name: 'failover',
  title: 'Region failover',
  what: 'A region is lost at once, and its sockets come to another, which has clients of its own.',
  parameters,
  rivals: socketFormulas,
  complete: (given) => ({ ...given, capacity: given.capacity ?? given.clients / 50 }),
  run,
  summary(ours, values, compared) {
    const lost = ours.details.othersLost ?? 0
    const beside = lost === 0 ? 'None of the other region was lost.' : `${inFull(lost)} of the other region were lost.`
    const sentence = recoverySentence(
      `${inNumber(values.clients, 'socket')} of a lost region, and another for ${inFull(values.capacity)} handshakes per second`,
      ours,
      compared,
    )
    return `${sentence} ${beside}${timeoutsSentence(compared, values)}`
  },
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { clients, others, capacity, hint, noticeMs, backlog, runMs } = values
  const options = { perSecond: capacity, backlog, pingsQueue: values.pings === 'queued' }
  const lost = new HandshakeServer(world, new Network(world, values, -1), options)
  const stays = new HandshakeServer(world, new Network(world, values, -2), options)
  const told = reconnectHint({ connections: clients, acceptPerSecond: capacity })
  if (hint) lost.greet = stays.greet = (berth) => berth.send(encodeHint(told))
  const recorder = new Recorder(world)
  const moved = new Recovery(clients)
  let noticed = false
  lost.speed = stays.speed = Infinity
  const fleet = new SocketFleet({
    world,
    clients,
    policy,
    values,
    // Until it is noticed, everybody is led to the region of their own.
    openTransport: Object.assign(
      (...dial: Parameters<typeof lost.openTransport>) => {
        recorder.arrived()
        return (noticed ? stays : lost).openTransport(...dial)
      },
      { seesTransport: true, platformEvents: false },
    ),
    recovery: moved,
    hinted: hint,
  })
  const neighbours = new SocketFleet({
    world,
    clients: others,
    first: clients,
    policy,
    values,
    openTransport: stays.openTransport,
    recovery: new Recovery(others),
    hinted: hint,
  })
  await fleet.settle()
  await neighbours.settle()
  lost.speed = stays.speed = 1
  recorder.begin()
  const fromMs = world.clock.now()
  lost.reach = values.gone === 'refused' ? 'refusing' : 'black-hole'
  world.later(noticeMs, () => {
    noticed = true
  })
  lost.dropAll()
  await world.run({
    forMs: runMs,
    done: () => moved.count + fleet.ended >= clients,
    eachSecond: () => recorder.sample(stays.queued, moved.share),
    progress: () => moved.share,
  })
  const times = moved.times(fromMs)
  return {
    ...times,
    boundMs: Math.round(noticeMs + (clients / capacity) * 1_000),
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / capacity,
    attemptsPerClient: recorder.total / clients,
    amplification: recorder.total / clients,
    wasted: stays.wasted,
    goodputLost: 1 - moved.share,
    worstWaitMs: times.tAllMs ?? Math.round(recorder.atMs),
    details: { connected: moved.share, gaveUp: fleet.ended, othersLost: neighbours.losses },
    curves: recorder.curves,
  }
}
