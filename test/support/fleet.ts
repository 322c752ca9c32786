import { type ClientOptions, createClient } from '../../src/index.ts'
import { type ManualClock, manualClock, seededRandom } from '../../src/testing/index.ts'

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
  /** Requests that reached the server per call. */
  readonly load: number
  /** The highest arrivals in one second over offered, during and after the trouble. */
  readonly peak: number
  /** The same after the trouble, once its last second is over. */
  readonly peakAfter: number
  /** For each second, the share of the calls begun in it that succeeded in the end. */
  readonly goodput: readonly number[]
}

type Send = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>

/** The server: one FIFO queue. Work whose client has left still costs its time. */
function createServer(options: FleetOptions, clock: ManualClock) {
  const perSecond = options.clients * options.callsPerSecond * (options.headroom ?? 1.2)
  const random = seededRandom((options.seed ?? 1) + 7)
  const { trouble, errorRate = 0 } = options
  const arrivals: number[] = []
  let freeAt = 0
  const send: Send = (_input, init) =>
    new Promise((resolve, reject) => {
      const now = clock.now()
      const second = Math.floor(now / 1000)
      arrivals[second] = (arrivals[second] ?? 0) + 1
      const during = trouble !== undefined && now >= trouble.fromMs && now < trouble.untilMs
      const answer = (inMs: number, act: () => void) => {
        const cancel = clock.setTimer(inMs, act)
        init?.signal?.addEventListener('abort', () => {
          cancel()
          reject(init.signal?.reason)
        })
      }
      if (during && trouble.kind === 'down') return answer(2, () => reject(new TypeError('fetch failed')))
      if (random() < errorRate) return answer(5, () => resolve(new Response(null, { status: 500 })))
      freeAt = Math.max(freeAt, now)
      if (trouble?.kind === 'frozen' && freeAt >= trouble.fromMs && freeAt < trouble.untilMs) freeAt = trouble.untilMs
      freeAt += 1000 / perSecond
      answer(freeAt - now + 5, () => resolve(new Response(null)))
    })
  return { send, arrivals }
}

/** A plain call: one attempt, given up after `attemptMs`. */
function plainSend(send: Send, attemptMs: number, clock: ManualClock): () => Promise<Response> {
  return async () => {
    const controller = new AbortController()
    const cancel = clock.setTimer(attemptMs, () => controller.abort(new Error('timeout')))
    try {
      return await send('http://fleet.test/', { signal: controller.signal })
    } finally {
      cancel()
    }
  }
}

/**
 * A fleet in virtual time: every client calls at its own steady pace, whatever becomes of its calls, first for a while in
 * peace. `ours` is what each client is made with; without it the calls are plain.
 */
export async function runFleet(options: FleetOptions, ours?: ClientOptions): Promise<FleetReport> {
  const { clients, callsPerSecond, attemptMs, runMs, seed = 1, trouble } = options
  const clock = manualClock()
  const { send, arrivals } = createServer(options, clock)
  const offered = clients * callsPerSecond
  const fromMs = trouble?.fromMs ?? 0
  const offeredIn: number[] = []
  const succeededIn: number[] = []
  const measured = { calls: 0, succeeded: 0 }
  const running: Promise<void>[] = []

  for (let index = 0; index < clients; index++) {
    const random = seededRandom(seed * 1_000 + index)
    const client = ours && createClient({ attemptMs, ...ours, fetch: send as typeof fetch, runtime: { clock, random } })
    const call = client ? () => client.fetch('http://fleet.test/') : plainSend(send, attemptMs, clock)
    const oneCall = async (counts: boolean) => {
      const second = Math.floor(clock.now() / 1000)
      offeredIn[second] = (offeredIn[second] ?? 0) + 1
      const ok = await call().then(
        (response) => response.ok,
        () => false,
      )
      if (counts) measured.calls++
      if (!ok) return
      if (counts) measured.succeeded++
      succeededIn[second] = (succeededIn[second] ?? 0) + 1
    }
    const everyMs = 1000 / callsPerSecond
    const tick = () => {
      running.push(oneCall(clock.now() >= fromMs))
      if (clock.now() + everyMs < runMs) clock.setTimer(everyMs, tick)
    }
    clock.setTimer(random() * everyMs, tick)
  }
  await clock.advance(runMs)
  // Whoever still waits gets an answer or runs into its deadline.
  await clock.advance(60_000)
  await Promise.all(running)

  const seconds = Math.floor(runMs / 1000)
  const share = Array.from({ length: seconds }, (_, second) => (succeededIn[second] ?? 0) / (offeredIn[second] ?? 1))
  const total = arrivals.reduce((sum, count) => sum + (count ?? 0), 0)
  const troubleEnd = Math.floor((trouble?.untilMs ?? 0) / 1000)
  const later = arrivals.slice(Math.floor(fromMs / 1000))
  return {
    recoverySeconds: recovery(share, troubleEnd),
    success: measured.succeeded / measured.calls,
    load: total / (offered * seconds),
    peak: Math.max(...Array.from(later, (count) => count ?? 0)) / offered,
    peakAfter: Math.max(...Array.from(arrivals.slice(troubleEnd + 1), (count) => count ?? 0)) / offered,
    goodput: share,
  }
}

function recovery(share: readonly number[], end: number): number | undefined {
  for (let at = end; at + 5 <= share.length; at++) {
    if (share.slice(at, at + 5).every((one) => one >= 0.95)) return at - end
  }
  return undefined
}
