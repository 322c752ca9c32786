import { createClient } from '../../client/index.ts'
import { withGoodput } from '../callers.ts'
import { Goodput } from '../goodput.ts'
import type { Caller } from '../http-caller.ts'
import { Latencies } from '../latencies.ts'
import { Network } from '../network.ts'
import { count, duration, number, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import type { PolicyReport } from '../report.ts'
import { hedgedCaller, hedgeFormulas } from '../rivals/hedge-formulas.ts'
import { type Outcome, scenario } from '../scenario.ts'
import { inFull } from '../sentence.ts'
import { RequestServer } from '../servers/request-server.ts'
import { meanStragglingMs, stragglingMs } from '../servers/straggling.ts'
import type { World } from '../world.ts'

const parameters = {
  clients: count('clients that share the calls, each with latencies and a budget of its own', 10, 1, 10_000),
  load: number("share of the servers' time that the calls take; 0 goes through 30, 60, 80 and 95 % in turn", 0, 0, 1.5),
  stepMs: duration('how long each load lasts', 10_000, 1_000),
  servers: count('servers behind the one address', 20, 1, 10_000),
  workers: count('requests that one of them works on at a time', 8, 1, 10_000),
  medianMs: duration('what a request usually takes', 10, 0.1, 10_000),
  sigma: number('how much that varies: the sigma of a lognormal distribution', 0.4, 0, 3),
  stragglers: number('share of requests that take half a second to one and a half', 0.02, 0, 1),
  inTimeMs: duration('an answer that comes later is of no use to its caller', 1_000, 1),
  latencyMs: duration('what a packet takes one way', 0),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

const risingLoads: readonly number[] = [0.3, 0.6, 0.8, 0.95]

/** What has not been answered so long after the last call began counts with the time that it has waited, in ms. */
const graceMs = 10_000

/**
 * A few clients call a service of many servers at random moments, more and more often. A few requests take a hundred times
 * as long as the rest, which is what a hedge is good for; but a second copy costs a worker all the same, whether or not
 * it wins, and at 60 to 80 % load hedges that nobody gates make the slowness that calls for more of them.
 *
 * A load of one step goes on from what the step before has left: its queues, and what the clients have learnt. With `load`
 * there is one step. `p50Ms`, `p99Ms` and `p999Ms` are those of the calls that began in the step, `extra` the second
 * copies over calls; each has the load in per cent behind its name. `goodputLost` is the share of calls that failed or
 * took longer than `inTimeMs`. There is no trouble to recover from, so the times of recovery are `null`.
 */
export const hedge = scenario({
  name: 'hedge',
  title: 'Hedging under rising load',
  what: 'Slow calls are sent twice, while the servers get busier.',
  parameters,
  rivals: hedgeFormulas,
  complete: (given) => given,
  run,
  summary(ours, values, compared) {
    const each = [ours, ...compared].map((report) => `${report.label}: ${tailOf(report, values)}.`)
    return `The slowest call of a hundred, and second copies over calls. ${each.join(' ')}`
  },
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { servers, workers, stepMs, inTimeMs } = values
  const perSecond = (1_000 * servers * workers) / meanStragglingMs(values)
  const serviceMs = stragglingMs(values, world.random(-3))
  const options = { perSecond, machines: servers, workers, serviceMs }
  const server = new RequestServer(world, new Network(world, values, -1), options, -2)
  const recorder = new Recorder(world)
  const goodput = new Goodput(world)
  world.curves = () => withGoodput(recorder.curves, goodput)
  server.onRequest = () => recorder.arrived()
  let hedges = 0
  const callers = Array.from({ length: values.clients }, (_, client) =>
    callerOf(world, server, policy, client, () => hedges++),
  )
  const random = world.random(-4)
  const loads = loadsOf(values)
  const steps: Step[] = []
  recorder.begin()
  goodput.begin()
  for (const load of loads) {
    if (world.aborted) break
    const latencies = new Latencies(world)
    const untilMs = world.clock.now() + stepMs
    const next = () => {
      if (world.clock.now() >= untilMs) return
      const end = latencies.begin()
      const tell = goodput.call()
      callers[Math.floor(random() * callers.length)]?.((ok) => tell(end() <= inTimeMs && ok))
      world.later((-Math.log(1 - random()) * 1_000) / (load * perSecond), next)
    }
    hedges = 0
    next()
    await world.run({
      forMs: stepMs,
      eachSecond: () => recorder.sample(server.queued, 0),
      progress: () => recorder.atMs / stepMs / loads.length,
    })
    steps.push({ load, latencies, hedges })
  }
  const { total } = recorder
  server.onRequest = undefined
  goodput.end()
  await world.run({ forMs: graceMs, done: () => goodput.pending === 0, progress: () => 1 })
  const { wanted } = goodput
  return {
    t50Ms: null,
    t99Ms: null,
    tAllMs: null,
    boundMs: null,
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / perSecond,
    attemptsPerClient: total / values.clients,
    amplification: wanted === 0 ? 0 : total / wanted,
    wasted: server.wasted,
    goodputLost: goodput.lost,
    worstWaitMs: goodput.worstWaitMs,
    details: Object.assign({}, ...steps.map(detailsOf)),
    curves: world.curves(),
  }
}

interface Step {
  readonly load: number
  readonly latencies: Latencies
  /** Second copies that were sent in it. */
  readonly hedges: number
}

function loadsOf({ load }: Values): readonly number[] {
  return load === 0 ? risingLoads : [load]
}

function callerOf(world: World, server: RequestServer, policy: string, client: number, onHedge: () => void): Caller {
  const formula = hedgeFormulas.find(({ name }) => name === policy)
  if (formula) return hedgedCaller(world, server, formula, onHedge)
  const { fetch, on } = createClient({ hedge: true, fetch: server.send, runtime: world.runtime(client) })
  on('hedge.sent', onHedge)
  return (done) => {
    fetch('http://server.test/').then(
      (response) => done(response.ok),
      () => done(false),
    )
  }
}

function detailsOf({ load, latencies, hedges }: Step): Record<string, number | null> {
  const [p50 = null, p99 = null, p999 = null] = latencies.quantiles(0.5, 0.99, 0.999)
  const at = nameOf(load)
  const extra = latencies.count === 0 ? 0 : hedges / latencies.count
  return { [`p50Ms${at}`]: p50, [`p99Ms${at}`]: p99, [`p999Ms${at}`]: p999, [`extra${at}`]: extra }
}

/** `At30`, at 30 % load. */
function nameOf(load: number): string {
  return `At${Math.round(load * 100)}`
}

function tailOf({ details }: PolicyReport, values: Values): string {
  const each = loadsOf(values).flatMap((load) => {
    const p99Ms = details[`p99Ms${nameOf(load)}`]
    const extra = details[`extra${nameOf(load)}`] ?? 0
    if (p99Ms === undefined || p99Ms === null) return []
    return [`${inFull(p99Ms)} ms and ${inFull(100 * extra)} % at ${Math.round(load * 100)} % load`]
  })
  return each.join(', ') || 'ended before it began'
}
