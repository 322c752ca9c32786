import { type BudgetOptions, budgetDefaults } from '../../core/budget.ts'
import type { Capacity } from '../../socket/index.ts'
import { candidatesOf, type Settings, standard } from './candidates.ts'
import { best, firmest, reason, sinceReturnMs } from './choice.ts'
import { type PlanRequest, requestOf } from './request.ts'
import { type Candidate, fleetFor, outcomeOf, type SimulatedFleet } from './trial.ts'

/** What is recommended to whoever runs a fleet, and what it was found by. The same request gives the same plan. */
export interface Plan {
  readonly request: Readonly<PlanRequest>
  readonly simulated: SimulatedFleet
  /** Nothing could bring all back sooner, in ms: the outage, and one handshake after the other. */
  readonly boundMs: number
  /** Whether it was ended before its time: then nothing is recommended. */
  readonly partial: boolean
  /** What a fleet does of which nothing is set; null where even that was not seen to its end. */
  readonly defaults: Candidate | null
  /** The best of all. */
  readonly recommended: Candidate | null
  /** The best where the server says nothing: it crashed, or is not yours. */
  readonly withoutHint: Candidate | null
  /** The same at a server that takes half as many as was said, for each patience that was considered. */
  readonly atHalf: readonly Candidate[]
  /** All that was tried, in order. */
  readonly tried: readonly Candidate[]
  /** What the server calls `reconnectHint` with. */
  readonly capacity: Capacity
  /** The retry budget of each client over HTTP. It is the default: handshakes say nothing about calls. */
  readonly budget: Readonly<BudgetOptions>
  /** Extra attempts over HTTP that the fleet can make while no call succeeds: what its budgets begin with. */
  readonly extraAttempts: number
  /** Why this one is recommended. */
  readonly why: string
}

export interface PlanProgress {
  /** Which trial runs, counted from 1. */
  readonly trial: number
  readonly of: number
  /** How far the whole of it is, from 0 to 1. */
  readonly share: number
}

export interface PlanOptions {
  /** Ends it; the plan has what had been tried until then. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: PlanProgress) => void
}

/** A fleet that is not back after this many times what it needs is not coming back. */
const patientBy = 2
const leastRunMs = 900_000

/** Settings that take this many times as long as the best so far need not be seen to their end. */
const hopeless = 2
const leastTrialMs = 60_000

/** A capacity is an estimate: settings that hold only while it is exact hold not. */
const doubt = 0.5

/**
 * Finds settings for a fleet and a server by trying them: it runs the `reconnect` scenario with the defaults, with windows
 * and patiences made for this fleet, and with a hint; and chooses by what came of it.
 *
 * A large fleet is simulated by a small one at the same clients per capacity: what decides is how many handshakes a server
 * makes while somebody is patient, and both scale alike.
 *
 * @throws OptionsError naming what is wrong
 */
export async function plan(
  given: Pick<PlanRequest, 'clients' | 'capacity'> & Partial<PlanRequest>,
  { signal, onProgress }: PlanOptions = {},
): Promise<Plan> {
  const request = requestOf(given)
  const { clients, capacity, outageMs } = request
  const simulated = fleetFor(request)
  const drainMs = (clients / capacity) * 1_000
  const longestMs = Math.round(outageMs + Math.max(leastRunMs, patientBy * drainMs))
  const { hinted, silent, patienceMs } = candidatesOf(request)
  const patiences = [...new Set([standard.patienceMs, patienceMs])]
  const of = silent.length + patiences.length + 1
  const tried: Candidate[] = []
  const atHalf: Candidate[] = []
  const trial = async (settings: Settings, into: Candidate[], fleet: SimulatedFleet, runMs: number) => {
    const number = tried.length + atHalf.length + 1
    const onShare = (share: number) => onProgress?.({ trial: number, of, share: (number - 1 + share) / of })
    const candidate = await outcomeOf(settings, request, fleet, { runMs, signal, onShare })
    if (candidate) into.push(candidate)
    return candidate
  }
  const enoughMs = () => {
    const soonestMs = Math.min(...tried.map((candidate) => sinceReturnMs(candidate, outageMs)))
    return Math.min(longestMs, outageMs + Math.max(leastTrialMs, Math.round(hopeless * soonestMs)))
  }

  for (const settings of silent) await trial(settings, tried, simulated, enoughMs())
  const choice = best(tried, outageMs)
  if (choice) {
    const slow = { ...simulated, capacity: simulated.capacity * doubt }
    const slowMs = Math.round(longestMs + drainMs)
    for (const patienceMs of patiences) await trial({ ...choice, patienceMs }, atHalf, slow, slowMs)
  }
  const firm = choice && firmest(choice, tried, atHalf, outageMs)
  const [defaults] = tried
  const withHint = firm && (await trial({ ...hinted, patienceMs: firm.patienceMs }, tried, simulated, enoughMs()))
  const recommended = defaults && withHint && best([defaults, withHint, firm], outageMs)
  return {
    request,
    simulated,
    boundMs: Math.round(outageMs + drainMs),
    partial: recommended === undefined,
    defaults: defaults ?? null,
    recommended: recommended ?? null,
    withoutHint: (recommended && firm) ?? null,
    atHalf,
    tried,
    capacity: { connections: clients, acceptPerSecond: capacity, ...(outageMs > 0 && { afterMs: outageMs }) },
    budget: budgetDefaults,
    extraAttempts: clients * Math.floor(budgetDefaults.initial / budgetDefaults.cost),
    why: recommended
      ? reason(recommended, defaults, outageMs)
      : 'It was ended before all had been tried, so nothing is recommended.',
  }
}
