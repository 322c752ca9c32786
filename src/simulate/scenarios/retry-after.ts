import { Goodput } from '../goodput.ts'
import { httpCaller } from '../http-caller.ts'
import { Network } from '../network.ts'
import { choice, count, derived, duration, number, refuse, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import { Recovery } from '../recovery.ts'
import { httpFormulas } from '../rivals/http-formulas.ts'
import { type Outcome, scenario } from '../scenario.ts'
import { inFull, inNumber, inSeconds, recoverySentence } from '../sentence.ts'
import { type Answer, RequestServer } from '../servers/request-server.ts'
import type { World } from '../world.ts'

const parameters = {
  clients: count('clients that are turned away, each with one call', 5_000),
  capacity: derived('requests that the server serves per second; a fifth of the clients unless given', 0.001),
  retryAfterMs: duration(
    'how long the server is closed, and how long it asks whoever it turns away to wait',
    10_000,
    1_000,
  ),
  status: choice('how it turns them away', ['429', '503']),
  names: choice('what Retry-After says while it is closed: the moment when it opens, or the same wait to each', [
    'moment',
    'wait',
  ]),
  askMs: duration('how long it takes until all have asked', 1_000),
  server: choice('what the open server does with more than it can serve: turns it away again, or all queue', [
    'sheds',
    'fifo',
  ]),
  queueMs: duration('the longest queue of a server that sheds', 1_000),
  attemptMs: duration('the patience of one attempt, theirs and ours', 30_000, 1),
  deadlineMs: duration('the patience of our callers for all attempts together', 120_000, 1),
  latencyMs: duration('what a packet takes one way', 15, 0.1),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  runMs: duration('when the run ends, whoever has been served', 300_000, 1_000),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

/** Attempts per client beyond which a fleet is cut off: whoever asks again at once asks a closed server for ever. */
const divergedAt = 100

/**
 * A closed server (a quota that is used up, a maintenance page) tells every client of a fleet when to come back, and
 * that is an appointment: whoever keeps it to the second meets all the others there. The server that has opened serves
 * what it can, and whom it turns away again is told the same wait.
 *
 * A client has recovered when its one call has succeeded. `returnPeakPerSecond` is the busiest second from the one on
 * in which the server opens. The bound is the moment when it opens plus the time in which it serves them all.
 */
export const retryAfter = scenario({
  name: 'retry-after',
  title: 'Equal Retry-After',
  what: 'A server tells everybody the same Retry-After, and everybody comes back.',
  parameters,
  rivals: httpFormulas,
  complete(given) {
    const { retryAfterMs, askMs } = given
    if (askMs > retryAfterMs)
      refuse('retry-after', 'askMs', `must be over before the server opens, at ${retryAfterMs} ms`)
    return { ...given, capacity: given.capacity ?? given.clients / 5 }
  },
  run,
  summary: (ours, values, compared) => {
    const told = `${inNumber(values.clients, 'call')} told to come back after ${inSeconds(values.retryAfterMs)}`
    const peak = ours.details.returnPeakPerSecond ?? 0
    const times = `${inFull(peak / values.capacity)} × what the server can do`
    const came = `${inFull(peak)} in the busiest second of the return, ${times}`
    const cutOff = compared.filter(({ details }) => details.diverged === 1)
    const ends = cutOff.map(({ label }) => ` ${label} was cut off at ${divergedAt} attempts each.`)
    return `${recoverySentence(`${told}, ${came}`, ours, compared)}${ends.join('')}`
  },
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { clients, capacity, retryAfterMs, names, askMs, queueMs, attemptMs, deadlineMs, runMs } = values
  const status = Number(values.status)
  const shed: Answer = { status, retryAfterMs }
  const shedsBeyondMs = values.server === 'sheds' ? queueMs : undefined
  const network = new Network(world, values, -1)
  const server = new RequestServer(world, network, { perSecond: capacity, shedsBeyondMs, shed }, -2)
  const recorder = new Recorder(world)
  const recovery = new Recovery(clients)
  const mayAsk = () => recorder.total < divergedAt * clients
  server.onRequest = () => recorder.arrived()
  server.turnsAwayWith = () =>
    names === 'wait' ? shed : { status, retryAfterMs: Math.max(0, retryAfterMs - world.clock.now()) }
  recorder.begin()
  world.later(retryAfterMs, () => {
    server.turnsAwayWith = undefined
  })
  const moment = world.random(-3)
  const calls = new Goodput(world)
  calls.begin()
  let ended = 0
  await world.forEach(clients, (client) => {
    const call = httpCaller({ world, server, policy, client, attemptMs, ours: { deadlineMs }, mayAsk })
    world.later(moment() * askMs, () => {
      const tell = calls.call()
      call((ok) => {
        ended++
        tell(ok)
        if (ok) recovery.back(client, world.clock.now())
      })
    })
  })
  await world.run({
    forMs: runMs,
    done: () => ended >= clients || !mayAsk(),
    eachSecond: () => recorder.sample(server.queued, recovery.share),
    progress: () => ended / clients,
  })
  const opensAt = Math.floor(retryAfterMs / 1_000)
  return {
    ...recovery.times(0),
    boundMs: Math.round(retryAfterMs + (clients / capacity) * 1_000),
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / capacity,
    attemptsPerClient: recorder.total / clients,
    amplification: recorder.total / clients,
    wasted: server.wasted,
    goodputLost: calls.lost,
    worstWaitMs: calls.worstWaitMs,
    details: {
      returnPeakPerSecond: recorder.peak(opensAt),
      served: recovery.share,
      gaveUp: ended - recovery.count,
      diverged: mayAsk() ? 0 : 1,
    },
    curves: recorder.curves,
  }
}
