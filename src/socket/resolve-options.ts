import { callback, countOrInfinity, duration, number, object, oneOf, type Rules, resolve } from '../core/options.ts'
import { type HeartbeatOptions, resolveHeartbeat } from './heartbeat.ts'
import type { FirstWindows, Rules as MachineRules } from './machine/index.ts'
import { type SocketOptions, socketDefaults } from './options.ts'
import { type OutboxOptions, resolveOutbox } from './outbox.ts'

/** Longer waits than a platform's numbers of ms can tell apart are no waits. */
const windowMs = number(0, 2 ** 40)

const firstWindows = socketDefaults.firstWindowMs as FirstWindows

function forAll<Value>(value: Value): { readonly [Name in keyof FirstWindows]: Value } {
  return { local: value, drop: value, restart: value, overload: value }
}

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

/** Options, with everything in them that has options of its own. */
export interface Resolved
  extends Readonly<Omit<SocketOptions, keyof MachineRules | 'heartbeat' | 'outbox'>>,
    MachineRules {
  readonly heartbeat: Readonly<HeartbeatOptions> | false
  readonly outbox: Readonly<OutboxOptions>
}

/** Members that are made here, and so are equal when their own members are. */
const made: readonly string[] = ['firstWindowMs', 'heartbeat', 'outbox']

let latest: Resolved | undefined

/** The sockets of a process mostly have equal options: one object will do for all. */
function shared(resolved: Resolved): Resolved {
  // What belongs to one socket, or may be a secret, is not kept.
  if (resolved.session || resolved.signal || resolved.headers !== socketDefaults.headers) return resolved
  if (!latest || !isSame(latest, resolved)) latest = resolved
  return latest
}

function isSame(one: object, other: object): boolean {
  return Object.entries(one).every(([name, value]) => {
    const its = (other as Record<string, unknown>)[name]
    return value === its || (made.includes(name) && value && isSame(value, its as object))
  })
}

/** @throws OptionsError */
export function resolveSocket(given: Partial<SocketOptions> | undefined): Resolved {
  const options = resolve('options', socketDefaults, rules, given)
  const { firstWindowMs: first, heartbeat, reconnect, patienceMs, maxPatienceMs } = options
  const windows = typeof first === 'number' ? forAll(first) : first
  return shared({
    ...options,
    firstWindowMs: resolve('firstWindowMs', firstWindows, forAll(windowMs), windows),
    patienceMs: reconnect ? Math.min(patienceMs, maxPatienceMs) : maxPatienceMs,
    heartbeat: heartbeat && reconnect ? resolveHeartbeat(heartbeat) : false,
    outbox: resolveOutbox(options.outbox),
  })
}
