import type { Loss } from '../classify.ts'
import type { Hint } from '../hint.ts'

/** The widths of first windows, in ms. */
export interface FirstWindows {
  readonly local: number
  readonly drop: number
  readonly restart: number
  readonly overload: number
}

/** The figures that waits are made from. */
export interface WaitRules {
  readonly reconnect: boolean
  readonly firstWindowMs: FirstWindows
  readonly maxWindowMs: number
  readonly patienceMs: number
  readonly maxPatienceMs: number
  readonly transportMs: number
  readonly provenMs: number
}

/** What a socket remembers from one attempt to the next. Proven uptime makes it as new. */
export interface Memory {
  /** The window that the next wait is drawn from; 0 before the first loss. */
  readonly windowMs: number
  /** The same without what refusals added; what timeouts double. */
  readonly queuedMs: number
  readonly patienceMs: number
  readonly transportMs: number
  /** Losses in a row. */
  readonly failures: number
  /** Whether a new token has been tried since. */
  readonly triedAuth: boolean
  /** What the server said while all was well, for the day it crashes. */
  readonly hint: Hint | undefined
}

/** A server that refuses fast is asked at most this rarely: it is well able to say that it is back. */
const refusedCapMs = 60_000

/** Above a slot that the server named for one client, this share of it is drawn. */
const slotJitter = 0.1

/** By how much a window grows with each loss in a row that was no timeout. */
const refusedGrowth = 1.5

/** A page that nobody looks at dials over a window of at least this, in ms. */
export const hiddenWindowMs = 60_000

/** A socket that has never been open has a person before it who waits for the page; this much patience, in ms. */
const firstPatienceMs = 15_000

/** The longest patience for TCP and TLS, as a multiple of the first. */
const transportCap = 3

export function freshMemory(rules: WaitRules, hasBeenOpen: boolean, hint?: Hint): Memory {
  return {
    windowMs: 0,
    queuedMs: 0,
    // A socket that dials once is as patient as it will ever be.
    patienceMs: hasBeenOpen || !rules.reconnect ? rules.patienceMs : Math.min(rules.patienceMs, firstPatienceMs),
    transportMs: rules.transportMs,
    failures: 0,
    triedAuth: false,
    hint,
  }
}

/** Whether a connection lived long enough to count as a success. The handshake alone says nothing. */
export function isProven(livedMs: number, memory: Memory, rules: WaitRules): boolean {
  return livedMs >= Math.max(rules.provenMs, Math.min(memory.windowMs, refusedCapMs))
}

/**
 * What a loss teaches. A timeout doubles the window and the patience that ran out: the server has a queue, and every
 * dial that leaves it was work for nobody (`N / (patience + mean wait)` must fall below its capacity, else it never
 * drains). A fast refusal costs it little, so the window grows by half, to a minute; but it says nothing of a queue, so
 * the first timeout after an outage begins where it would have without one: else a fleet that meets a short backlog as
 * the server returns waits out the whole outage again.
 */
export function learn(memory: Memory, loss: Loss, rules: WaitRules, inTransport: boolean): Memory {
  const { cause } = loss
  if (cause === 'held') return memory
  const next = { ...memory, failures: memory.failures + 1, triedAuth: memory.triedAuth || cause === 'auth' }
  if (cause === 'local') return next
  // At least a moment, so that it grows.
  const first = Math.max(1, firstWindow(loss, memory, rules))
  const queuedMs = Math.max(memory.queuedMs, first)
  if (cause === 'timeout') {
    const doubledMs = Math.min(2 * queuedMs, rules.maxWindowMs)
    const grown = inTransport
      ? { transportMs: Math.min(2 * memory.transportMs, transportCap * rules.transportMs) }
      : { patienceMs: Math.min(2 * memory.patienceMs, rules.maxPatienceMs) }
    return { ...next, ...grown, windowMs: doubledMs, queuedMs: doubledMs }
  }
  const { windowMs } = memory
  const grown = windowMs === 0 ? first : Math.max(windowMs, Math.min(refusedGrowth * windowMs, refusedCapMs))
  return { ...next, windowMs: Math.min(Math.max(grown, first), rules.maxWindowMs), queuedMs }
}

function firstWindow({ cause, hint }: Loss, memory: Memory, { firstWindowMs }: WaitRules): number {
  if (hint && hint.withinMs > 0) return hint.withinMs
  if (cause === 'overload') return firstWindowMs.overload
  // Told while all was well, and kept for a crash that tells nothing.
  const known = memory.hint?.withinMs
  if (cause === 'restart') return known || firstWindowMs.restart
  return known || firstWindowMs.drop
}

/** A wait: nobody dials before the floor; above it the moment is drawn from the whole window. */
export interface Wait {
  readonly floorMs: number
  readonly windowMs: number
  readonly delayMs: number
}

/** Draws the wait after a loss. `memory` has learned from it already, `before` had not. */
export function drawWait(
  loss: Loss,
  memory: Memory,
  before: Memory,
  rules: WaitRules,
  hidden: boolean,
  chance: number,
): Wait {
  const { cause, hint } = loss
  // A server that is gone for one of these may have told us before when to come back.
  const isGone = before.windowMs === 0 && (cause === 'drop' || cause === 'restart')
  const named = hint ?? (isGone ? memory.hint : undefined)
  const floorMs = Math.max(loss.floorMs ?? 0, named?.afterMs ?? 0)
  let windowMs = memory.windowMs
  if (cause === 'local') windowMs = rules.firstWindowMs.local
  // A circuit says when it will let somebody try; one that is held open by hand does not.
  if (cause === 'held') windowMs = floorMs > 0 ? rules.firstWindowMs.local : rules.firstWindowMs.drop
  if (hint?.withinMs === 0) windowMs = slotWindow(floorMs, before.failures, rules)
  if (hidden) windowMs = Math.max(windowMs, hiddenWindowMs)
  return { floorMs, windowMs, delayMs: floorMs + chance * windowMs }
}

/**
 * What is drawn above a slot: a share of it, and never less than a window that grows with each loss in a row, so that a
 * server which names slots and keeps nobody is asked ever more rarely.
 */
function slotWindow(slotMs: number, failures: number, { firstWindowMs }: WaitRules): number {
  return Math.max(slotJitter * slotMs, Math.min(firstWindowMs.local * refusedGrowth ** failures, refusedCapMs))
}

/** Draws how long a connection stays that is told to leave, in ms; never so that a fleet moves in one moment. */
export function drawMove({ afterMs, withinMs }: Hint, rules: WaitRules, chance: number): number {
  const windowMs = withinMs > 0 ? Math.max(withinMs, rules.firstWindowMs.local) : slotWindow(afterMs, 0, rules)
  return afterMs + chance * windowMs
}
