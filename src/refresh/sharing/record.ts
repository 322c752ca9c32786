import type { Stored } from '../../coordination/coordination.ts'
import type { Clock } from '../../core/clock.ts'
import type { Fresh } from '../refreshable/index.ts'

/** What lies in the store, as JSON. Times are spans and no dates, so that the clocks of its readers need not agree. */
export interface SharedRecord {
  readonly v: 1
  /** Epoch ms at the writer, for stores that cannot tell how old a value is. */
  readonly wroteAt: number
  /** The value as its owner encodes it; absent before the first. */
  readonly value?: unknown
  /** Its age when this was written, in ms. */
  readonly ageMs?: number
  /** Absent: it does not end. */
  readonly lifetimeMs?: number
  readonly refreshInMs?: number
  /** The last load failed: nobody who has a value tries again for `quietMs`, and nobody at all for `sharedMs`. */
  readonly failure?: { readonly quietMs: number; readonly sharedMs: number }
  /** For values that only one may renew. */
  readonly session?: Session
}

/** What became of the refresh tokens of one sign-in. */
export interface Session {
  /** The fingerprint of the refresh token that it began with. */
  readonly family: string
  /** Fingerprints of those that were presented, the newest last. */
  readonly spent: readonly string[]
  /** One was presented, or is about to be, and its outcome is not known: by whom, and for how long at this writing. */
  readonly presented?: { readonly id: string; readonly ageMs: number }
  /** The provider's last word. */
  readonly ended?: string
}

/** A record as it was read, with its version and how long ago it was written. */
export interface ReadRecord {
  readonly stored: Stored
  readonly record: SharedRecord
  readonly sinceMs: number
}

/** Undefined for what is no record of ours: of another version of this package, or damaged. */
export function parseRecord(stored: Stored, clock: Clock): ReadRecord | undefined {
  let record: Partial<SharedRecord>
  try {
    record = Object(JSON.parse(stored.value))
  } catch {
    return undefined
  }
  const { v, wroteAt, ageMs, lifetimeMs, refreshInMs, session, failure } = record
  const isSpan = (value: unknown) => value === undefined || (typeof value === 'number' && value >= 0)
  const sound = v === 1 && typeof wroteAt === 'number' && [ageMs, lifetimeMs, refreshInMs].every(isSpan)
  if (!sound || !isSession(session) || (failure && !(isSpan(failure.quietMs) && isSpan(failure.sharedMs)))) {
    return undefined
  }
  const sinceMs = stored.ageMs ?? Math.max(0, clock.wallNow() - wroteAt)
  return { stored, record: record as SharedRecord, sinceMs }
}

function isSession(session: Session | undefined): boolean {
  if (session === undefined) return true
  const { family, spent, presented } = Object(session) as Partial<Session>
  const sound = typeof family === 'string' && Array.isArray(spent) && spent.every((one) => typeof one === 'string')
  return sound && (presented === undefined || typeof presented.id === 'string')
}

/** Makes a value of what its owner encoded; undefined for what is none. */
export type Decode<Value> = (value: unknown, leftMs: number) => Value | undefined

/**
 * What a record says of its value: what it is and until when, on the clock of who reads it.
 *
 * @param evenEnded also where it is good no longer
 */
export function freshOf<Value>(
  { record, sinceMs }: ReadRecord,
  decode: Decode<Value>,
  clock: Clock,
  evenEnded = false,
): Fresh<Value> | undefined {
  const { ageMs = 0, lifetimeMs = Infinity, refreshInMs } = record
  const leftMs = lifetimeMs - ageMs - sinceMs
  if (record.value === undefined || (leftMs <= 0 && !evenEnded)) return undefined
  const value = decode(record.value, leftMs)
  return value === undefined ? undefined : { value, issuedAt: clock.now() - ageMs - sinceMs, lifetimeMs, refreshInMs }
}

/** The text of a record that is written now. */
export function recordOf<Value>(
  fresh: Fresh<Value> | undefined,
  encode: (value: Value) => unknown,
  more: Pick<SharedRecord, 'failure' | 'session'>,
  clock: Clock,
): string {
  const record: SharedRecord = {
    v: 1,
    wroteAt: clock.wallNow(),
    ...(fresh && {
      value: encode(fresh.value),
      ageMs: clock.now() - fresh.issuedAt,
      ...(fresh.lifetimeMs === Infinity ? {} : { lifetimeMs: fresh.lifetimeMs }),
      ...(fresh.refreshInMs === undefined ? {} : { refreshInMs: fresh.refreshInMs }),
    }),
    ...more,
  }
  return JSON.stringify(record)
}
