export interface GetOptions {
  /** Ends the wait of this caller alone. */
  readonly signal?: AbortSignal | undefined
  /**
   * How long the value must still be good, in ms; one that is not is renewed first. At most half of its lifetime counts,
   * and where no new one can be had, what is still good is given all the same.
   */
  readonly minValidMs?: number | undefined
}

/** Why a value is loaded: there was none, it is to be renewed before it ends, or it was told to be no good. */
export type Reason = 'first' | 'renewal' | 'rejected'

/** What a load is told. */
export interface LoadContext<Value> {
  /** Aborted when time is up (unless a late result is still wanted) or all is closed. It belongs to no caller. */
  readonly signal: AbortSignal
  readonly reason: Reason
  /** The value that is to be replaced, good or not. */
  readonly previous: Value | undefined
  /** When that one was made, on the clock's monotonic time; `-Infinity` if there is none. */
  readonly issuedAt: number
  /** How long it is still good, in ms. */
  readonly leftMs: number
  /** Somebody waits, because there is no value that could be given meanwhile: now it cannot be put off. */
  readonly awaited: boolean
}

/** A value and how long it is good. */
export interface Fresh<Value> {
  readonly value: Value
  /** When it was made, at the latest just before it was asked for; on the clock's monotonic time. */
  readonly issuedAt: number
  readonly lifetimeMs: number
  /** When its maker wants it to be renewed, in ms after its issue. */
  readonly refreshInMs?: number | undefined
}

/** Others are at it, and nobody waits: look again after so many ms. */
export interface LookAgain {
  readonly lookAgainInMs: number
}

export type Load<Value> = (context: LoadContext<Value>) => Promise<Fresh<Value> | LookAgain>

/** How values of one kind are kept fresh. One plan serves any number of them. */
export interface Plan<Value> {
  /** The longest a load may take before its callers are told that it failed, in ms. */
  readonly timeoutMs: number
  /** A load that took too long is not aborted: its outcome is wanted however late it comes. */
  readonly wantsLate?: boolean
  /** Renewed by a timer. Else only a read does. */
  readonly timed: boolean
  /** Renewed by the timer although nobody asks. */
  readonly keepFresh: boolean
  /** How long after its end a value still serves where no new one can be had, in ms. */
  readonly graceMs: number
  /** When a value is to be renewed, in ms after its issue; asked once for each. */
  refreshAfterMs(fresh: Fresh<Value>): number
  /** How long to wait after a failure before the next renewal is begun behind the back of callers. `Infinity`: for ever. */
  retryMs(lifetimeMs: number, remainingMs: number, error: unknown): number
  /** How long a failure is given to those who ask while there is no value. `Infinity`: for good. `serves`: an old one is given instead. */
  failureMs(error: unknown, serves: boolean): number
  /** What the others are told; never awaited, and what it throws is reported. */
  changed?(value: Value, reason: Reason, tookMs: number): void
  failed?(error: unknown, reason: Reason, retryInMs: number): void
}
