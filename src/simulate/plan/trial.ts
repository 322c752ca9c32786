import type { SocketOptions } from '../../socket/index.ts'
import { simulate } from '../simulate.ts'
import { type Settings, standard } from './candidates.ts'
import type { PlanRequest } from './request.ts'

/** The fleet that was simulated, which stands for the one that was asked about. */
export interface SimulatedFleet {
  readonly clients: number
  readonly capacity: number
  readonly backlog: number
  /** Whether it is smaller than the real one, at the same clients per capacity. */
  readonly scaled: boolean
}

/** Settings, and what came of them. */
export interface Candidate extends Settings {
  /** What to construct sockets with; `{}`: the defaults do. */
  readonly socket: Partial<SocketOptions>
  /** From the beginning of the trouble until 99 of 100 were back, in ms; null where they were not when the run ended. */
  readonly t99Ms: number | null
  readonly tAllMs: number | null
  /** When a run that does not bring all back ends, in ms. */
  readonly runMs: number
  /** Dials per client, those that were refused included. */
  readonly attemptsPerClient: number
  /** The busiest second, as a multiple of what the server takes. */
  readonly peakOverCapacity: number
  /** Handshakes per client that the server made for clients that had left. */
  readonly wastedPerClient: number
  /** The share that was back when the run ended. */
  readonly back: number
  /** What a socket that is lost alone waits on average before it dials, in ms: the price of a wide window. */
  readonly loneWaitMs: number
}

/** A second in which a server takes fewer handshakes says nothing of a peak: so many come by chance in one of them. */
const countable = 25

/** A fleet that can be simulated soon, at the same clients per capacity. */
export function fleetFor({ clients, capacity, backlog, fleet }: PlanRequest): SimulatedFleet {
  if (clients <= fleet) return { clients, capacity, backlog, scaled: false }
  const scale = fleet / clients
  return { clients: fleet, capacity: capacity * scale, backlog: Math.max(1, Math.round(backlog * scale)), scaled: true }
}

export interface TrialOptions {
  readonly runMs: number
  readonly signal: AbortSignal | undefined
  /** How far it is, from 0 to 1. */
  readonly onShare: (share: number) => void
}

/** Runs a fleet with these settings through the trouble; undefined if it was ended before that was over. */
export async function outcomeOf(
  settings: Settings,
  { outageMs, server, seed }: PlanRequest,
  fleet: SimulatedFleet,
  { runMs, signal, onShare }: TrialOptions,
): Promise<Candidate | undefined> {
  if (signal?.aborted) return undefined
  const { clients, capacity, backlog } = fleet
  const { windowMs, maxWindowMs, patienceMs, hint } = settings
  const world = { clients, capacity, outageMs, server, backlog, runMs, seed }
  const client = { windowMs, maxWindowMs, patienceMs, hint: hint !== null }
  const report = await simulate(
    { name: 'reconnect', ...world, ...client },
    { onProgress: ({ share }) => onShare(share), ...(signal && { signal }) },
  )
  if (report.partial) return undefined
  return {
    ...settings,
    socket: socketOptionsOf(settings),
    t99Ms: report.t99Ms,
    tAllMs: report.tAllMs,
    runMs,
    attemptsPerClient: report.attemptsPerClient,
    peakOverCapacity: peakOf(report.curves.arrivals, report.peakOverCapacity, fleet),
    wastedPerClient: report.wasted / clients,
    back: 1 - report.goodputLost,
    loneWaitMs: settings.windowMs / 2,
  }
}

/** The peak of the fleet that a small one stands for: over as many seconds as the small server needs for some handshakes. */
function peakOf(arrivals: readonly number[], peak: number, { capacity, scaled }: SimulatedFleet): number {
  const seconds = Math.ceil(countable / capacity)
  if (!scaled || seconds <= 1) return peak
  let sum = 0
  let most = 0
  for (const [second, count] of arrivals.entries()) {
    sum += count - (arrivals[second - seconds] ?? 0)
    most = Math.max(most, sum)
  }
  return most / seconds / capacity
}

/** Only what is not the default. A restart that nobody timed is a loss that nobody explained. */
function socketOptionsOf({ windowMs, patienceMs, maxWindowMs, hint }: Settings): Partial<SocketOptions> {
  return {
    ...(hint === null && windowMs !== standard.windowMs && { firstWindowMs: { drop: windowMs, restart: windowMs } }),
    ...(patienceMs !== standard.patienceMs && { patienceMs }),
    ...(maxWindowMs !== standard.maxWindowMs && { maxWindowMs }),
  }
}
