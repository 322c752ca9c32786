import type { ClientOptions } from '../../src/index.ts'
import { Goodput } from '../../src/simulate/goodput.ts'
import { httpCaller } from '../../src/simulate/http-caller.ts'
import { Network } from '../../src/simulate/network.ts'
import { Recorder } from '../../src/simulate/recorder.ts'
import { RequestServer } from '../../src/simulate/servers/request-server.ts'
import { World } from '../../src/simulate/world.ts'

/** What happens to the server, between two moments of the run. */
interface Trouble {
  readonly fromMs: number
  readonly untilMs: number
  /** `frozen`: takes requests and answers none, they pile up. `down`: refuses connections. */
  readonly kind: 'frozen' | 'down'
}

export interface FleetOptions {
  clients: number
  callsPerSecond: number
  /** Requests per second that the server serves, over what the fleet offers. */
  headroom?: number
  attemptMs: number
  trouble?: Trouble
  /** Share of requests that fail at once with a 500. */
  errorRate?: number
  runMs: number
  seed?: number
}

export interface FleetReport {
  /** Seconds from the end of the trouble until 95 % of what is offered in each of five seconds succeeds; undefined if never. */
  readonly recoverySeconds: number | undefined
  /** Of the calls that began with the trouble or after it. */
  readonly success: number
  /** Requests that reached the server per call, over the whole run. */
  readonly load: number
  /** The highest arrivals in one second over offered, during and after the trouble. */
  readonly peak: number
  /** The same after the trouble, once its last second is over. */
  readonly peakAfter: number
}

/**
 * A fleet in virtual time: every client calls at its own steady pace, whatever becomes of its calls, first for a while in
 * peace. `ours` is what each client is made with; without it the calls are plain.
 */
export async function runFleet(options: FleetOptions, ours?: ClientOptions): Promise<FleetReport> {
  const { clients, callsPerSecond, headroom = 1.2, attemptMs, trouble, errorRate = 0, runMs, seed = 1 } = options
  const offered = clients * callsPerSecond
  const world = new World({ seed })
  const network = new Network(world, { latencyMs: 2.5, loss: 0 }, -1)
  const server = new RequestServer(world, network, { perSecond: offered * headroom, errors: errorRate }, -2)
  const recorder = new Recorder(world)
  const goodput = new Goodput(world)
  let requests = 0
  server.onRequest = () => {
    requests++
    recorder.arrived()
  }
  const phase = world.random(-3)
  const policy = ours === undefined ? 'none' : 'breakwater'
  for (let client = 0; client < clients; client++) {
    const call = httpCaller({ world, server, policy, client, attemptMs, ...(ours && { ours }) })
    const everyMs = 1000 / callsPerSecond
    const tick = () => {
      call(goodput.call())
      if (world.clock.now() + everyMs < runMs) world.later(everyMs, tick)
    }
    world.later(phase() * everyMs, tick)
  }
  const fromMs = trouble?.fromMs ?? 0
  await world.run({ forMs: fromMs })
  recorder.begin()
  goodput.begin()
  const troubleMs = trouble === undefined ? 0 : trouble.untilMs - fromMs
  if (trouble?.kind === 'down') server.crash()
  else if (trouble) server.speed = 0
  await world.run({ forMs: troubleMs })
  server.reach = 'open'
  server.speed = 1
  await world.run({ forMs: runMs - fromMs - troubleMs })
  const total = requests
  // Whoever still waits gets an answer or runs into its deadline.
  await world.run({ forMs: 60_000, done: () => goodput.pending === 0 })
  const backMs = goodput.backAfterMs(0.95, troubleMs)
  return {
    recoverySeconds: backMs === null ? undefined : Math.max(0, backMs - troubleMs) / 1000,
    success: 1 - goodput.lost,
    load: total / ((offered * runMs) / 1000),
    peak: recorder.peak() / offered,
    peakAfter: recorder.peak(troubleMs / 1000 + 1) / offered,
  }
}
