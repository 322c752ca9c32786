import { withGoodput } from '../callers.ts'
import { Goodput } from '../goodput.ts'
import { httpCaller } from '../http-caller.ts'
import { Network } from '../network.ts'
import { choice, count, derived, duration, flag, number, refuse, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import type { PolicyReport } from '../report.ts'
import { httpFormulas } from '../rivals/http-formulas.ts'
import { type Outcome, scenario } from '../scenario.ts'
import { inFull, inSeconds } from '../sentence.ts'
import { RequestServer } from '../servers/request-server.ts'
import type { World } from '../world.ts'

const parameters = {
  clients: count('clients, each with a budget, a limit and a circuit of its own', 100),
  rate: number('calls that each client makes per second, whatever becomes of them', 10, 0.001, 1_000),
  headroom: number('what the server can do, as a multiple of what the clients ask for', 1.2, 0.01, 1_000_000),
  capacity: derived('requests that the server serves per second; clients × rate × headroom unless given', 0.001),
  trouble: choice('what happens to the server: it freezes, refuses connections, or is half as fast', [
    'freeze',
    'outage',
    'half',
  ]),
  outageMs: duration('how long that lasts', 10_000),
  attemptMs: duration('the patience of one attempt, theirs and ours', 1_000, 1),
  server: choice('what the server does with more than it can serve: all queue, or the rest is turned away', [
    'fifo',
    'sheds',
  ]),
  queueMs: duration('the longest queue of a server that sheds', 500),
  errors: number('share of requests that fail at once with a 500, trouble or not', 0, 0, 1),
  throttle: flag('whether our clients refuse what the server would not serve anyway: for fleets of slow clients'),
  latencyMs: duration('what a packet takes one way', 2, 0.1),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  settleMs: duration('how long all is well before the trouble begins', 20_000),
  runMs: duration('how long the fleet calls from the beginning of the trouble', 90_000, 6_000),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

/** Calls that began before the end of the run may end within this, in ms; the fleet goes on calling. */
const graceMs = 5_000

/** Attempts per wanted call, over the run, beyond which a fleet is cut off: its queue can only grow. */
const divergedAt = 10

/** From this share of its calls on, a second is good again; that of the tables that the field knows. */
const goodShare = 0.95

/**
 * A fleet calls a server at its own steady pace, whatever becomes of its calls, and the server has trouble for a while.
 * What comes after the trouble is the storm: attempts whose clients have left stay in the queue, and who repeats them
 * keeps it full.
 *
 * A call belongs to the second in which it began. `t50Ms`, `t99Ms` and `tAllMs`: from the beginning of the trouble until
 * that share of each second's calls succeeds, for 5 s in a row, not sooner than the trouble is over; 0 for a fleet whose
 * share never fell so low. `recoveryMs` is the same for 95 %, from the end of the trouble. `goodputLost` is the share of
 * the calls begun since the trouble that failed, or had not ended 5 s after the run.
 */
export const retry = scenario({
  name: 'retry',
  title: 'Retry storm',
  what: 'A server freezes, refuses or slows down for a while, and every client of a fleet tries again.',
  parameters,
  rivals: httpFormulas,
  complete({ capacity, ...given }) {
    const { clients, rate, headroom, outageMs, runMs } = given
    if (outageMs > runMs) refuse('retry', 'outageMs', `must be over before the run is, at ${runMs} ms`)
    return { ...given, capacity: capacity ?? clients * rate * headroom }
  },
  run,
  summary,
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { clients, rate, capacity, attemptMs, throttle, outageMs, settleMs, runMs } = values
  const server = serverOf(world, values)
  const recorder = new Recorder(world)
  const goodput = new Goodput(world)
  world.curves = () => withGoodput(recorder.curves, goodput)
  const most = divergedAt * clients * rate * ((settleMs + runMs) / 1_000)
  let asked = 0
  const mayAsk = () => asked < most
  server.onRequest = () => {
    asked++
    recorder.arrived()
  }
  const phase = world.random(-3)
  const everyMs = 1_000 / rate
  let calling = true
  await world.forEach(clients, (client) => {
    const call = httpCaller({ world, server, policy, client, attemptMs, ours: { throttle }, mayAsk })
    const tick = () => {
      if (!calling) return
      call(goodput.call())
      world.later(everyMs, tick)
    }
    world.later(phase() * everyMs, tick)
  })
  await world.run({ forMs: settleMs, progress: () => 0 })
  recorder.begin()
  goodput.begin()
  server.wasted = 0
  if (outageMs > 0) strike(world, server, values)
  await world.run({
    forMs: runMs,
    done: () => !mayAsk(),
    eachSecond: () => recorder.sample(server.queued, 0),
  })
  goodput.end()
  server.onRequest = undefined
  const { wasted } = server
  if (mayAsk()) await world.run({ forMs: graceMs, done: () => goodput.pending === 0, progress: () => 1 })
  calling = false
  const backMs = goodput.backAfterMs(goodShare, outageMs)
  const { wanted } = goodput
  return {
    t50Ms: goodput.backAfterMs(0.5, outageMs),
    t99Ms: goodput.backAfterMs(0.99, outageMs),
    tAllMs: goodput.backAfterMs(1, outageMs),
    // A call that began in the trouble may wait for its end and succeed, so there is no moment before which none can.
    boundMs: null,
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / capacity,
    attemptsPerClient: recorder.total / clients,
    amplification: wanted === 0 ? 0 : recorder.total / wanted,
    wasted,
    goodputLost: goodput.lost,
    worstWaitMs: goodput.worstWaitMs,
    details: {
      recoveryMs: backMs === null ? null : Math.max(0, backMs - outageMs),
      peakAfterOverCapacity: recorder.peak(Math.floor(outageMs / 1_000) + 1) / capacity,
      diverged: mayAsk() ? 0 : 1,
    },
    curves: world.curves(),
  }
}

function serverOf(world: World, values: Values): RequestServer {
  const { capacity, server, queueMs, errors } = values
  const shedsBeyondMs = server === 'sheds' ? queueMs : undefined
  // What is left of the queue, to the whole second that the header can say.
  const shed = { status: 503, retryAfterMs: Math.max(1_000, queueMs) }
  return new RequestServer(
    world,
    new Network(world, values, -1),
    { perSecond: capacity, shedsBeyondMs, shed, errors },
    -2,
  )
}

function strike(world: World, server: RequestServer, { trouble, outageMs }: Values): void {
  if (trouble === 'outage') server.crash()
  else server.speed = trouble === 'freeze' ? 0 : 0.5
  world.later(outageMs, () => {
    server.reach = 'open'
    server.speed = 1
  })
}

const struck = { freeze: 'is frozen', outage: 'refuses connections', half: 'is half as fast' } as const

function summary(ours: PolicyReport, values: Values, compared: readonly PolicyReport[]): string {
  const { rate, clients, capacity, trouble, outageMs } = values
  const fleet = `${inFull(rate * clients)} calls per second from ${inFull(clients)} clients`
  const server = `a server for ${inFull(capacity)} that ${struck[trouble]} for ${inSeconds(outageMs)}`
  const others = compared.map((other) => ` ${other.label}: ${cameOf(other)}.`)
  return `${fleet}, and ${server}: ${cameOf(ours)}.${others.join('')}`
}

function cameOf({ details, goodputLost, amplification, partial }: PolicyReport): string {
  const { recoveryMs = null, diverged } = details
  const served = `${inFull(100 * (1 - goodputLost))} % of the calls succeed, ${inFull(amplification)} attempts for each`
  if (diverged === 1) return `diverged and was cut off, ${served}`
  if (recoveryMs === null) return `${partial ? 'not over when it was ended' : 'never over'}, ${served}`
  return `over ${recoveryMs === 0 ? 'at once' : `${inSeconds(recoveryMs)} later`}, ${served}`
}
