import { callback, countOrInfinity, duration, number, object, oneOf, type Rules, resolve } from '../core/options.ts'
import { type HeartbeatOptions, resolveHeartbeat } from './heartbeat.ts'
import type { FirstWindows, Rules as MachineRules } from './machine/index.ts'
import { type SocketOptions, socketDefaults } from './options.ts'
import { type OutboxOptions, resolveOutbox } from './outbox.ts'

/** Longer waits than a platform's numbers of ms can tell apart are no waits. */
const windowMs = number(0, 2 ** 40)

const firstWindows = socketDefaults.firstWindowMs as FirstWindows

const windowRules: Rules<FirstWindows> = { local: windowMs, drop: windowMs, restart: windowMs, overload: windowMs }

const rules: Rules<SocketOptions> = {
  reconnect: oneOf(true, false),
  maxAttempts: countOrInfinity(0),
  firstWindowMs: {
    wants: 'ms of at least 0, or an object of them',
    holds: (value) => windowMs.holds(value) || object.holds(value),
  },
  maxWindowMs: windowMs,
  patienceMs: duration,
  maxPatienceMs: duration,
  transportMs: duration,
  provenMs: duration,
  whenHidden: oneOf('slow', 'wait'),
  classify: callback,
  heartbeat: { wants: 'an object of options, or false', holds: (value) => value === false || object.holds(value) },
  outbox: object,
  session: object,
  token: object,
  headers: object,
  maxPayload: countOrInfinity(1),
  signal: object,
  environment: object,
  runtime: object,
  transport: callback,
  upstreamOf: callback,
}

/** A socket that has never been open has a person before it who waits for the page; this much patience, in ms. */
const firstPatienceMs = 15_000

/** A close handshake may take this long, in ms; data that is still being sent gives it more. */
const closeMs = 5_000

/** Options, with everything in them that has options of its own. */
export interface Resolved extends Readonly<Omit<SocketOptions, 'heartbeat' | 'outbox'>> {
  readonly heartbeat: Readonly<HeartbeatOptions> | false
  readonly outbox: Readonly<OutboxOptions>
  readonly rules: MachineRules
}

/** Members that are made here, and so are equal when their own members are. */
const made: readonly string[] = ['firstWindowMs', 'first', 'heartbeat', 'outbox', 'rules']

let latest: Resolved | undefined

/** The sockets of a process mostly have equal options, and what was made of them takes 800 bytes. */
function shared(resolved: Resolved): Resolved {
  // What belongs to one socket, or may be a secret, is not kept.
  if (resolved.session || resolved.signal || resolved.headers !== socketDefaults.headers) return resolved
  if (latest === undefined || !isSame(latest, resolved)) latest = resolved
  return latest
}

function isSame(one: object, other: object): boolean {
  return Object.entries(one).every(([name, value]) => {
    const its: unknown = (other as Record<string, unknown>)[name]
    if (Object.is(value, its)) return true
    return made.includes(name) && object.holds(value) && object.holds(its) && isSame(value, its as object)
  })
}

/** @throws OptionsError */
export function resolveSocket(given: Partial<SocketOptions> | undefined): Resolved {
  const options = resolve('options', socketDefaults, rules, given)
  const { firstWindowMs: first, heartbeat, reconnect, maxPatienceMs } = options
  const flat = typeof first === 'number' ? { local: first, drop: first, restart: first, overload: first } : first
  const firstWindowMs = resolve('firstWindowMs', firstWindows, windowRules, flat)
  return shared({
    ...options,
    firstWindowMs,
    heartbeat: heartbeat && reconnect ? resolveHeartbeat(heartbeat) : false,
    outbox: resolveOutbox(options.outbox),
    rules: {
      ...options,
      closeMs,
      first: firstWindowMs,
      // A socket that dials once is as patient as it will ever be.
      patienceMs: reconnect ? Math.min(options.patienceMs, maxPatienceMs) : maxPatienceMs,
      firstPatienceMs: reconnect ? firstPatienceMs : maxPatienceMs,
    },
  })
}
