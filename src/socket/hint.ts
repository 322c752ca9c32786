import { number, type Rules, resolve } from '../core/options.ts'

/** When a server wants its clients back: each draws its moment evenly from `afterMs` to `afterMs + withinMs`. */
export interface Hint {
  /** Nobody comes before this, in ms from now. */
  readonly afterMs: number
  /** The window above it, in ms. 0: `afterMs` is this client's own slot. */
  readonly withinMs: number
}

/** What a server knows of itself. */
export interface Capacity {
  /** Sockets that will come back. */
  connections: number
  /** Handshakes that the server takes per second. */
  acceptPerSecond: number
  /** Nobody is to come before this, in ms: how long a restart takes. 0 if absent. */
  afterMs?: number | undefined
}

/** A longer wait than this is no restart. */
const longestMs = 3_600_000

/** What the reason of a close frame holds (RFC 6455, 5.5: 125 bytes, two of them the code). */
const longestText = 123

/** Room above the mean rate: a window that fits exactly has no second to spare for those who come unlucky. */
const headroom = 1.1

/**
 * For servers: the hint that brings a fleet back no faster than it can be accepted, `1.1 · connections / acceptPerSecond`.
 * Send it in a welcome message, so that clients have it when the server crashes, and once more when it drains. At most
 * one hour.
 *
 * @throws OptionsError
 */
export function reconnectHint(capacity: Capacity): Hint {
  // In here, as nobody needs them who only reads hints.
  const rules: Rules<Capacity> = {
    connections: number(0, Number.MAX_VALUE),
    acceptPerSecond: { wants: 'a number above 0', holds: (value) => typeof value === 'number' && value > 0 },
    afterMs: number(0, longestMs),
  }
  const { connections, acceptPerSecond, afterMs } = resolve<Capacity>(
    'reconnectHint',
    { connections: Number.NaN, acceptPerSecond: Number.NaN, afterMs: 0 },
    rules,
    // Both must be given: what is absent is checked as what it is.
    {
      ...capacity,
      connections: capacity?.connections ?? Number.NaN,
      acceptPerSecond: capacity?.acceptPerSecond ?? Number.NaN,
    },
  )
  const withinMs = Math.round((headroom * connections * 1000) / acceptPerSecond)
  return { afterMs: Math.round(afterMs ?? 0), withinMs: Math.min(withinMs, longestMs) }
}

/**
 * A hint as text that fits into the reason of a close frame.
 *
 * @throws OptionsError for a hint that no client would believe
 */
export function encodeHint(hint: Hint): string {
  const rules: Rules<Hint> = { afterMs: number(0, longestMs), withinMs: number(0, longestMs) }
  const { afterMs, withinMs } = resolve<Hint>('encodeHint', { afterMs: 0, withinMs: 0 }, rules, hint)
  return JSON.stringify({ afterMs: Math.round(afterMs), withinMs: Math.round(withinMs) })
}

/** Reads what `encodeHint` wrote; undefined for anything malformed or out of bounds. Members it does not know are left alone. */
export function parseHint(text: string): Hint | undefined {
  if (typeof text !== 'string' || text.length > longestText || !text.startsWith('{')) return undefined
  try {
    return hintOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** A hint among the members of a message; undefined if there is none, or none that can be believed. */
export function hintOf(value: unknown): Hint | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { afterMs = 0, withinMs } = value as Partial<Hint>
  return isSpan(afterMs) && isSpan(withinMs) ? { afterMs, withinMs } : undefined
}

function isSpan(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= longestMs
}
