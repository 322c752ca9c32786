import { parseHttpDate } from './http-date.ts'
import { parseRateLimit } from './rate-limit.ts'

/** The headers in which servers say when to come back, in the order in which they are believed. */
export const hintHeaders = [
  'retry-after',
  'ratelimit',
  'ratelimit-reset',
  'x-ratelimit-reset',
  'x-ratelimit-retry-after',
] as const

/** A server's wish, and the header that said so. */
export interface Hint {
  readonly afterMs: number
  readonly header: string
}

/**
 * How long a server wants us to stay away, from the first of `headers` that can be read; undefined if none can.
 *
 * @param get reads a header by its lower-case name
 * @param wallNow epoch ms here; a `Date` header of the server takes its place, so that a skewed clock does no harm
 */
export function readHint(
  get: (name: string) => string | null | undefined,
  headers: readonly string[],
  wallNow: number,
): Hint | undefined {
  let serverNow: number | undefined
  for (const header of headers) {
    const text = get(header)
    if (!text) continue
    serverNow ??= parseHttpDate(get('date') ?? '', wallNow) ?? wallNow
    const afterMs = parseHeader(header, text.trim(), serverNow)
    if (afterMs !== undefined) return { afterMs, header }
  }
  return undefined
}

function parseHeader(header: string, text: string, serverNow: number): number | undefined {
  if (header === 'ratelimit') return parseRateLimit(text)
  if (header === 'x-ratelimit-reset') return parseReset(text, serverNow)
  return parseRetryAfter(text, serverNow)
}

/**
 * `Retry-After` of RFC 9110, 10.2.3: whole seconds or an HTTP-date, in ms from now; a date that has passed is 0.
 * Anything else ("-1", "1e3", "0x10", "1.5", "1, 5", thousands of digits) is undefined.
 */
export function parseRetryAfter(text: string, serverNow: number): number | undefined {
  const seconds = parseSeconds(text)
  if (seconds !== undefined) return seconds * 1000
  const date = parseHttpDate(text, serverNow)
  return date === undefined ? undefined : Math.max(0, date - serverNow)
}

/** GitHub and others send epoch seconds, some epoch ms, the rest seconds from now; no wait is 30 years long. */
function parseReset(text: string, serverNow: number): number | undefined {
  const value = parseSeconds(text)
  if (value === undefined) return parseRetryAfter(text, serverNow)
  if (value < 1e9) return value * 1000
  return Math.max(0, (value < 1e11 ? value * 1000 : value) - serverNow)
}

/** Whole seconds, of at most 15 digits: more are no number of seconds but an attack or a fault. */
export function parseSeconds(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
