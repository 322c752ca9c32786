import { type Hint, reconnectHint } from '../../socket/index.ts'
import type { FirstWindows } from '../../socket/machine/index.ts'
import { socketDefaults } from '../../socket/options.ts'
import type { PlanRequest } from './request.ts'

/** Settings that are tried, and the word of the server if it says one. */
export interface Settings {
  /** The first window after a loss that nobody explained, in ms. */
  readonly windowMs: number
  /** The widest window, in ms. */
  readonly maxWindowMs: number
  /** How long the first dial may take, in ms. */
  readonly patienceMs: number
  /** What the server says as it closes; null where it says nothing. */
  readonly hint: Hint | null
}

/** What a socket does that is told nothing. */
export const standard: Settings = {
  windowMs: (socketDefaults.firstWindowMs as FirstWindows).drop,
  maxWindowMs: socketDefaults.maxWindowMs,
  patienceMs: socketDefaults.patienceMs,
  hint: null,
}

/** Room above the mean rate, the same as in a hint: a window that fits exactly has no second to spare. */
const headroom = 1.1

/** A window narrower than the one that fits spares those who are lost alone; the server, or patience, pays for it. */
const narrower = 0.5

/** What is tried for a fleet. */
export interface Candidates {
  /** For clients that are told nothing: the defaults first. */
  readonly silent: readonly Settings[]
  /** For clients of a server that says when it wants them back. */
  readonly hinted: Settings
  /** Patience for the whole queue, so that nobody leaves it, in ms. */
  readonly patienceMs: number
}

/**
 * What is worth trying: windows around `1.1 · N / C`, over which the fleet comes just as fast as it can be accepted, and
 * patience for the whole queue. A window that is too narrow is tried with that patience only: it needs it.
 *
 * Patience ends at `maxPatienceMs`: more of it would hold on to servers that are gone.
 */
export function candidatesOf({ clients, capacity, outageMs }: PlanRequest): Candidates {
  const hint = reconnectHint({ connections: clients, acceptPerSecond: capacity, afterMs: outageMs })
  const fitsMs = roundUp((headroom * clients * 1_000) / capacity)
  const patienceMs = Math.max(standard.patienceMs, Math.min(fitsMs, socketDefaults.maxPatienceMs))
  const maxWindowMs = Math.max(standard.maxWindowMs, fitsMs)
  const narrow = { windowMs: roundUp(narrower * fitsMs), patienceMs }
  const made = [{ windowMs: fitsMs, patienceMs }, { windowMs: fitsMs }, narrow, { patienceMs }].map((settings) => ({
    ...standard,
    maxWindowMs,
    ...settings,
  }))
  const silent = [standard, ...made].filter((one, at, all) => all.findIndex((other) => isSame(one, other)) === at)
  return { silent, hinted: { ...standard, maxWindowMs, hint }, patienceMs }
}

/** Whether two sockets do the same. */
export function isSame(one: Settings, other: Settings): boolean {
  return (
    one.windowMs === other.windowMs &&
    one.patienceMs === other.patienceMs &&
    (one.hint === null) === (other.hint === null)
  )
}

/** To half a second, a second or ten: a window that is written down is a round one. */
function roundUp(ms: number): number {
  const step = ms < 10_000 ? 500 : ms < 100_000 ? 1_000 : 10_000
  // A hair more than a round number is that number: 1.1 times 50 is not quite 55.
  return Math.ceil(ms / step - 1e-9) * step
}
