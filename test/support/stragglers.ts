import { type ClientOptions, createClient } from '../../src/index.ts'
import { Latencies } from '../../src/simulate/latencies.ts'
import { Network } from '../../src/simulate/network.ts'
import { RequestServer } from '../../src/simulate/servers/request-server.ts'
import { meanStragglingMs, stragglingMs } from '../../src/simulate/servers/straggling.ts'
import { World } from '../../src/simulate/world.ts'

export interface StragglersOptions {
  /** Share of the servers' time that the calls take without any hedge. */
  utilisation: number
  calls: number
  seed?: number
  /** Twice the load between these shares of the run. */
  spike?: { from: number; until: number }
}

export interface StragglersReport {
  readonly p50Ms: number
  readonly p99Ms: number
  /** Extra requests over calls. */
  readonly extra: number
  /** The median of the last tenth of the calls. */
  readonly endP50Ms: number
  readonly failed: number
}

const service = { medianMs: 10, sigma: 0.4, stragglers: 0.02 } as const

/** 20 servers of 8 workers behind one address: a queue each, calls go to any of them, and a client that left costs all the same. */
const machines = 20
const workers = 8

/** An open stream of calls from one client, at random moments, in virtual time. */
export async function runStragglers(options: StragglersOptions, ours: ClientOptions): Promise<StragglersReport> {
  const { utilisation, calls, seed = 1, spike } = options
  const world = new World({ seed })
  const perSecond = (1000 * machines * workers) / meanStragglingMs(service)
  const serviceMs = stragglingMs(service, world.random(-3))
  const network = new Network(world, { latencyMs: 0, loss: 0 }, -1)
  const server = new RequestServer(world, network, { perSecond, machines, workers, serviceMs }, -2)
  const client = createClient({ ...ours, fetch: server.send, runtime: world.runtime(0) })
  const random = world.random(-4)
  // The first twentieth is not looked at.
  const parts = { warm: new Latencies(world), middle: new Latencies(world), end: new Latencies(world) }
  let requests = 0
  let failed = 0
  let running = 0
  server.onRequest = () => requests++
  let index = 0
  const next = () => {
    if (index === calls) return
    const share = index++ / calls
    const ends = [share < 0.05 ? parts.warm.begin() : parts.middle.begin()]
    if (share >= 0.9) ends.push(parts.end.begin())
    running++
    client
      .fetch('http://stragglers.test/')
      .catch(() => failed++)
      .finally(() => {
        running--
        for (const end of ends) end()
      })
    const factor = spike && share >= spike.from && share < spike.until ? 2 : 1
    world.later((-Math.log(1 - random()) * 1000) / (utilisation * perSecond * factor), next)
  }
  next()
  await world.run({ forMs: Infinity, done: () => index === calls && running === 0 })
  const [p50Ms, p99Ms] = parts.middle.quantiles(0.5, 0.99)
  const [endP50Ms] = parts.end.quantiles(0.5)
  return {
    p50Ms: p50Ms ?? Number.NaN,
    p99Ms: p99Ms ?? Number.NaN,
    extra: (requests - calls) / calls,
    endP50Ms: endP50Ms ?? Number.NaN,
    failed,
  }
}
