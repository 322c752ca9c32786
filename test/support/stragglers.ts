import { type ClientOptions, createClient } from '../../src/index.ts'
import { type ManualClock, manualClock, seededRandom } from '../../src/testing/index.ts'

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

const servers = 20
const workers = 8
const medianMs = 10
const sigma = 0.4
const stragglerShare = 0.02

/** What a call takes on average: the lognormal part and the stragglers. */
const meanMs = (1 - stragglerShare) * medianMs * Math.exp(sigma ** 2 / 2) + stragglerShare * 1_000

/** 20 servers of 8 workers behind one address: a queue each, calls go to any of them, and a client that left costs all the same. */
function createServers(clock: ManualClock, random: () => number) {
  const free = Array.from({ length: servers }, () => new Float64Array(workers))
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  let requests = 0
  const send = (_input: RequestInfo | URL, init?: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      requests++
      const straggles = random() < stragglerShare
      const serviceMs = straggles ? 500 + random() * 1_000 : medianMs * Math.exp(sigma * normal())
      const server = free[Math.floor(random() * servers)] as Float64Array
      const worker = server.indexOf(Math.min(...server))
      const doneAt = Math.max(server[worker] ?? 0, clock.now()) + serviceMs
      server[worker] = doneAt
      const cancel = clock.setTimer(doneAt - clock.now(), () => resolve(new Response(null)))
      init?.signal?.addEventListener('abort', () => {
        cancel()
        reject(init.signal?.reason)
      })
    })
  return { send, count: () => requests }
}

/** An open stream of calls from one client, at random moments, in virtual time. */
export async function runStragglers(options: StragglersOptions, ours: ClientOptions): Promise<StragglersReport> {
  const { utilisation, calls, seed = 1, spike } = options
  const clock = manualClock()
  const random = seededRandom(seed)
  const { send, count } = createServers(clock, seededRandom(seed + 1))
  const runtime = { clock, random: seededRandom(seed + 2) }
  const client = createClient({ ...ours, fetch: send as typeof fetch, runtime })
  const perMs = (utilisation * servers * workers) / meanMs
  const took: number[] = []
  const running: Promise<void>[] = []
  let failed = 0
  const call = async (index: number) => {
    const startedAt = clock.now()
    await client.fetch('http://stragglers.test/').catch(() => failed++)
    took[index] = clock.now() - startedAt
  }
  let index = 0
  const next = () => {
    if (index === calls) return
    const share = index / calls
    const factor = spike && share >= spike.from && share < spike.until ? 2 : 1
    running.push(call(index++))
    clock.setTimer(-Math.log(1 - random()) / (perMs * factor), next)
  }
  next()
  while (index < calls) await clock.advance(1_000)
  await clock.advance(60_000)
  await Promise.all(running)
  const warm = took.slice(Math.floor(calls / 20))
  return {
    p50Ms: quantile(warm, 0.5),
    p99Ms: quantile(warm, 0.99),
    extra: (count() - calls) / calls,
    endP50Ms: quantile(took.slice(-calls / 10), 0.5),
    failed,
  }
}

function quantile(values: readonly number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN
}
