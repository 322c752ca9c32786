import { number, OptionsError, oneOf, type Rule, type Rules, resolve } from '../../core/options.ts'
import { inNumber } from '../sentence.ts'

/** The fleet and the server that settings are wanted for. */
export interface PlanRequest {
  /** Sockets that are open when the server goes. */
  clients: number
  /** Handshakes that the server takes per second. */
  capacity: number
  /**
   * How long the server is away before it takes connections again, in ms.
   * @default 0
   */
  outageMs: number
  /**
   * What happens to handshakes that must wait: all queue, or as many as `backlog`, and the SYN of any other is lost.
   * @default 'fifo'
   */
  server: 'fifo' | 'backlog'
  /**
   * Handshakes that may wait at a server with a backlog.
   * @default 4096
   */
  backlog: number
  /**
   * How many sockets are simulated at most; a larger fleet is simulated by one of this size in front of a server that is
   * smaller in proportion. `Infinity` simulates all.
   * @default 2000
   */
  fleet: number
  /**
   * The same seed gives the same plan.
   * @default 1
   */
  seed: number
}

export const planDefaults: Readonly<Omit<PlanRequest, 'clients' | 'capacity'>> = {
  outageMs: 0,
  server: 'fifo',
  backlog: 4_096,
  fleet: 2_000,
  seed: 1,
}

/** A hint says an hour at most, a tenth of it is headroom; a fleet that takes longer is not waiting but down. */
const longestDrainS = 3_600 / 1.1

/** Below this, chance decides more than settings do. */
const leastFleet = 100

const rules: Rules<PlanRequest> = {
  clients: wholeFrom(1, 10_000_000),
  capacity: { wants: 'handshakes per second, above 0', holds: (value) => isNumber(value) && value > 0 },
  outageMs: number(0, 3_600_000),
  server: oneOf('fifo', 'backlog'),
  backlog: wholeFrom(1, 10_000_000),
  fleet: {
    wants: `a whole number of at least ${leastFleet}, or Infinity`,
    holds: (value) => value === Infinity || (Number.isInteger(value) && (value as number) >= leastFleet),
  },
  seed: wholeFrom(0, 2 ** 28),
}

/**
 * Checks what was asked for.
 *
 * @throws OptionsError that names what is wrong, and for a fleet that would take more than an hour to come back
 */
export function requestOf(given: Partial<PlanRequest>): Readonly<PlanRequest> {
  const none = { clients: Number.NaN, capacity: Number.NaN }
  const request = resolve<PlanRequest>('plan', { ...planDefaults, ...none }, rules, { ...none, ...defined(given) })
  const { clients, capacity } = request
  if (clients / capacity > longestDrainS) {
    const least = Math.ceil(clients / longestDrainS)
    const took = Math.round(clients / capacity / 60).toLocaleString('en')
    throw new OptionsError(
      'plan.capacity',
      `plan.capacity is too small for any setting: ${inNumber(clients, 'client')} at ${capacity} ${capacity === 1 ? 'handshake' : 'handshakes'} per second take ${took} minutes however they come, and a hint says an hour at most; it wants at least ${least.toLocaleString('en')}`,
    )
  }
  return request
}

/** What was not given is missing, whether it is `undefined` or absent. */
function defined(given: unknown): Partial<PlanRequest> {
  if (typeof given !== 'object' || given === null) throw new OptionsError('plan', 'plan wants { clients, capacity }')
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value)
}

function wholeFrom(least: number, most: number): Rule {
  return {
    wants: `a whole number from ${least} to ${most}`,
    holds: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  }
}
