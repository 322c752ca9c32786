import { every } from '../../core/every.ts'
import { spread } from '../../core/spread.ts'
import { Goodput } from '../goodput.ts'
import { type Caller, httpCaller } from '../http-caller.ts'
import { Network } from '../network.ts'
import { choice, count, derived, derivedDuration, duration, number, refuse, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import { Recovery } from '../recovery.ts'
import type { PolicyReport } from '../report.ts'
import { type Outcome, type Rival, scenario } from '../scenario.ts'
import { inFull, inSeconds } from '../sentence.ts'
import { RequestServer } from '../servers/request-server.ts'
import type { World } from '../world.ts'

const parameters = {
  clients: count('instances that run the job', 2_000),
  calls: count('calls that one run of it makes, one after another', 3, 1, 1_000),
  everyMs: duration('how often the job runs; the run shows one interval', 60_000, 1_000),
  capacity: derived('requests that the server serves per second; twice what it needs unless given', 0.001),
  how: choice(
    'how our instances find their moment: each keeps a rhythm of its own, all wait for a drawn one, or none',
    ['every', 'spread', 'on-time'],
  ),
  spreadMs: derivedDuration(
    'the window of spread; clients × calls over the capacity, and a tenth more, unless given',
    0,
    86_400_000,
  ),
  skewMs: duration('how far the clocks of the instances are apart, at the most', 50),
  server: choice('what the server does with more than it can serve: all queue, or the rest is turned away', [
    'fifo',
    'sheds',
  ]),
  queueMs: duration('the longest queue of a server that sheds', 1_000),
  attemptMs: duration('the patience of one attempt, theirs and ours', 5_000, 1),
  latencyMs: duration('what a packet takes one way', 5, 0.1),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

interface CronRival extends Rival {
  /** Whose calls the job makes. */
  readonly calls: string
  /** Whether its start is drawn from a window, as wide as that of `spread`. */
  readonly jitters: boolean
}

const rivals: readonly CronRival[] = [
  { name: 'cron', label: 'cron, plain fetch', calls: 'none', jitters: false },
  { name: 'cron-ky', label: 'cron, ky 2.1', calls: 'ky', jitters: false },
  { name: 'cron-p-retry', label: 'cron, p-retry 9', calls: 'p-retry', jitters: false },
  { name: 'cron-jitter', label: 'cron with a drawn delay, plain fetch', calls: 'none', jitters: true },
]

/** Runs that began in the interval may end within this after it, in ms. */
const graceMs = 60_000

/**
 * Every instance of a fleet runs the same job as often as every other, and a crontab names the moment: midnight, the full
 * minute. A rhythm of its own for each (`every`) makes a load that hardly varies, and a drawn moment (`spread`) one that
 * the server can take, where the job must run soon after the hour.
 *
 * An instance has recovered when its run of this interval has done all its calls; the interval begins at the full hour,
 * which is the beginning of the trouble. With `every` that takes the whole interval by intention: what counts there is
 * the peak, the jobs that fail (`goodputLost`) and the longest run (`worstWaitMs`).
 */
export const cron = scenario({
  name: 'cron',
  title: 'Cron at midnight',
  what: 'Every instance of a fleet runs its periodic job at the same instant.',
  parameters,
  rivals,
  complete({ capacity, spreadMs, ...given }) {
    const needed = given.clients * given.calls
    const perSecond = capacity ?? (2 * needed * 1_000) / given.everyMs
    const windowMs = spreadMs ?? Math.min(given.everyMs, (1.1 * needed * 1_000) / perSecond)
    if (windowMs > given.everyMs) refuse('cron', 'spreadMs', `must be at most the interval, ${given.everyMs} ms`)
    return { ...given, capacity: perSecond, spreadMs: windowMs }
  },
  run,
  summary: (ours, values, compared) => {
    const jobs = `${inFull(values.clients)} instances with a job every ${inSeconds(values.everyMs)}`
    return `${jobs}. ${[ours, ...compared].map(cameOf).join(' ')}`
  },
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { clients, calls, everyMs, capacity, queueMs, attemptMs } = values
  const shedsBeyondMs = values.server === 'sheds' ? queueMs : undefined
  const shed = { status: 503, retryAfterMs: Math.max(1_000, queueMs) }
  const network = new Network(world, values, -1)
  const server = new RequestServer(world, network, { perSecond: capacity, shedsBeyondMs, shed }, -2)
  const recorder = new Recorder(world)
  const recovery = new Recovery(clients)
  const jobs = new Goodput(world)
  const rival = rivals.find(({ name }) => name === policy)
  const began = new Set<number>()
  const over = new AbortController()
  let ended = 0
  server.onRequest = () => recorder.arrived()
  recorder.begin()
  jobs.begin()
  await world.forEach(clients, (client) => {
    const call = httpCaller({ world, server, policy: rival?.calls ?? policy, client, attemptMs })
    const job = async () => {
      // The run of the next interval is not looked at.
      if (began.has(client)) return
      began.add(client)
      const tell = jobs.call()
      const ok = await allOf(call, calls)
      tell(ok)
      ended++
      if (ok) recovery.back(client, world.clock.now())
    }
    schedule(world, values, rival, client, job, over.signal)
  })
  await world.run({
    forMs: everyMs + graceMs,
    done: () => ended >= clients,
    eachSecond: () => recorder.sample(server.queued, recovery.share),
    progress: () => ended / clients,
  })
  over.abort()
  return {
    ...recovery.times(0),
    boundMs: Math.round(((clients * calls) / capacity) * 1_000),
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / capacity,
    attemptsPerClient: recorder.total / clients,
    amplification: recorder.total / (clients * calls),
    wasted: server.wasted,
    goodputLost: jobs.lost,
    worstWaitMs: jobs.worstWaitMs,
    details: { jobsDone: recovery.count, jobsFailed: ended - recovery.count },
    curves: recorder.curves,
  }
}

/** The moments at which one instance runs its job. */
function schedule(
  world: World,
  { clients, everyMs, how, spreadMs, skewMs }: Values,
  rival: CronRival | undefined,
  client: number,
  job: () => Promise<void>,
  signal: AbortSignal,
): void {
  const { clock } = world
  // Not the stream that its calls draw from.
  const random = world.random(clients + client)
  if (rival === undefined && how === 'every') {
    every(everyMs, job, { clock, random, signal })
    return
  }
  const waits = rival ? rival.jitters : how === 'spread'
  world.later(random() * skewMs, async () => {
    if (waits) await spread(spreadMs, { clock, random })
    await job()
  })
}

/** One call after another, until one fails. */
async function allOf(call: Caller, calls: number): Promise<boolean> {
  for (let done = 0; done < calls; done++) {
    if (!(await new Promise<boolean>(call))) return false
  }
  return true
}

function cameOf({ label, goodputLost, peakOverCapacity, worstWaitMs, partial }: PolicyReport): string {
  const done = `${inFull(100 * (1 - goodputLost))} % of the jobs${partial ? ' that had begun when it was ended' : ''}`
  const peak = `${inFull(peakOverCapacity)} × what the server can do in the busiest second`
  return `${label}: ${done} succeed, ${peak}, the longest takes ${inSeconds(worstWaitMs ?? 0)}.`
}
