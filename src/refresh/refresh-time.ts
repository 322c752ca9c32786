import type { Random } from '../core/random.ts'

/** How a value's lifetime is divided. */
export interface RefreshWindow {
  /** Where renewals fall, as shares of the lifetime. */
  readonly window: readonly [from: number, to: number]
  /** No renewal is planned so close to the end, in ms, but it never takes more than a tenth of the lifetime. */
  readonly hardMs: number
}

/** The tail of a lifetime that is kept free for renewals that fail. */
function hardWindowMs(lifetimeMs: number, hardMs: number): number {
  return Math.min(hardMs, 0.1 * lifetimeMs)
}

/**
 * When to renew a value, in ms after its issue: evenly drawn from a window, so that a fleet whose values were issued
 * together does not come back together. No other distribution on the same window has a lower peak. Drawn once for each
 * value: who draws at every look moves towards the early end.
 *
 * A server that says itself when to come (`refreshInMs`) is heeded, plus as much jitter as the window is wide: it tells
 * all of its clients the same. A time outside of the lifetime is no time.
 *
 * @param unit where in the window, from 0 to 1: chance, or a phase that an instance keeps. With a phase the instances
 * of a fleet run apart in step with their number of renewals, and not just with its root
 */
export function refreshAfterMs(
  lifetimeMs: number,
  { window: [from, to], hardMs }: RefreshWindow,
  unit: number,
  refreshInMs?: number,
): number {
  if (lifetimeMs === Infinity) return refreshInMs ?? Infinity
  const latest = lifetimeMs - hardWindowMs(lifetimeMs, hardMs)
  const told = refreshInMs !== undefined && refreshInMs >= 0 && refreshInMs < latest
  const start = told ? refreshInMs : Math.min(from * lifetimeMs, latest)
  // The whole window is made narrower where it does not fit: cut off, it would put many on its edge.
  const end = told ? start + (to - from) * lifetimeMs : to * lifetimeMs
  return start + unit * (Math.min(end, latest) - start)
}

/** The longest pause after a failed renewal, and the longest shortest one, in ms. */
const pause = { atLeastMs: 60_000, mostMs: 300_000 }

/** No server is heeded that wants us to stay away for longer, in ms. */
const longestHintMs = 3_600_000

/**
 * How long to wait after a renewal that failed: `U(½, 1) · clamp(remaining / 4, min(60 s, L / 20), 300 s)`. Long while
 * there is time, so that an outage is not kept up by its clients; with a floor, because waits in proportion to what
 * remains would bring a whole fleet together at the moment when its values end. A `Retry-After` is a floor, with jitter
 * on top, since the others were told the same.
 *
 * @param remainingMs how long the value is still good; 0 once it has ended
 */
export function retryAfterFailureMs(
  lifetimeMs: number,
  remainingMs: number,
  random: Random,
  retryAfterMs?: number,
): number {
  const floor = Math.min(pause.atLeastMs, lifetimeMs / 20)
  const drawn = (0.5 + 0.5 * random()) * Math.min(pause.mostMs, Math.max(floor, remainingMs / 4))
  return Math.max(drawn, afterHintMs(retryAfterMs, random))
}

/** How long a failure is given to all who ask while there is no value: U(1, 5) s, and no shorter than the server said. */
export function sharedFailureMs(random: Random, retryAfterMs?: number): number {
  return Math.max(1_000 + 4_000 * random(), afterHintMs(retryAfterMs, random))
}

/** The same for any error that says when to come back, in its `retryAfterMs`; 0 for one that does not. */
export function retryAfterHintMs(error: unknown, random: Random): number {
  const { retryAfterMs } = Object(error) as { retryAfterMs?: unknown }
  return typeof retryAfterMs === 'number' ? afterHintMs(retryAfterMs, random) : 0
}

function afterHintMs(retryAfterMs: number | undefined, random: Random): number {
  if (retryAfterMs === undefined || !(retryAfterMs > 0)) return 0
  return Math.min(retryAfterMs, longestHintMs) * (1 + 0.2 * random())
}

/**
 * XFetch (Vattani et al., 2015): how long before its end a shared value is to be loaded anew, drawn at each read. The
 * expected number of loads for one value is `e ** (1 / beta)`, whatever the rate of reads. For one value that many
 * read; for a fleet in which each has a value of its own it spreads nothing.
 *
 * @param costMs how long a load takes, as observed
 */
export function earlyMs(costMs: number, beta: number, random: Random): number {
  // From above 0 to 1: the logarithm of 0 is no number of ms.
  return -costMs * beta * Math.log(1 - random())
}

/**
 * The longest that a timer waits before it looks at the calendar, in ms: some monotonic clocks stand still while a
 * machine sleeps, and then only the calendar knows that a value has ended. A `get` looks each time.
 */
const longestNapMs = 900_000

/** How long to set a timer for that is due in `ms`. */
export function napMs(ms: number): number {
  return Math.min(Math.max(0, ms), longestNapMs)
}
