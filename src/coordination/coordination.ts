/**
 * Which state of a store: an epoch, drawn at random, and a number that only grows within it. A store that may have
 * forgotten anything it once acknowledged (emptied, restarted, rolled back to a snapshot) goes on in a new epoch, so no
 * version is ever given twice.
 */
export interface Version {
  readonly epoch: string
  readonly number: number
}

/** Whether both are the same state. Two absent versions are: nothing is there. */
export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.epoch === b.epoch && a.number === b.number)
}

/** What a store holds under one key. */
export interface Stored {
  /** Changes with every commit to this key. */
  readonly version: Version
  /** What was committed, to the letter: text, as a rule JSON. */
  readonly value: string
  /**
   * How long ago it was committed, in ms, by the store's own clock: with it, clocks of readers and writers need not
   * agree. Undefined where the store cannot tell; the machines' calendars have to do then.
   */
  readonly ageMs?: number | undefined
}

/**
 * A place where those who share a value can all read it. It keeps text and knows nothing of what it means.
 *
 * Each method settles within a few seconds, whatever becomes of the place behind it, and rejects where that cannot be
 * asked, answers too late or answers nonsense. What a failure means is for the caller: a value that anybody may renew is
 * then renewed by each for itself, one that only one may renew is not renewed at all.
 */
export interface Store {
  /**
   * What is there now; undefined if nothing is, or its time is over. A value that cannot be used (too large, sealed with
   * another key, not what its version says) rejects: it must not be taken for nothing.
   */
  read(key: string): Promise<Stored | undefined>
  /**
   * Puts a value in the place of the one that was read, in one step that nobody can get between.
   *
   * Gives the version that it got once it is kept as durably as the place keeps anything, and every later `read` sees
   * it: a caller does next what nobody may do twice. Undefined if the current version is not `expected`: somebody else
   * was first, nothing was written, and the caller reads again. A rejection says nothing: it may have been written.
   */
  commit(key: string, write: Write): Promise<Version | undefined>
  /**
   * Calls `hint` when the value, or who leads, may have changed: soon after a commit or a release by anybody, this object
   * included, and whenever messages may have been lost (after a reconnect). It says no more than "look again", may come
   * for nothing, may come twice, and may be missed, so nothing may depend on it alone. A `hint` that throws changes
   * nothing for others. The function returned ends it. A watch does not keep a process alive.
   */
  watch(key: string, hint: () => void): () => void
}

export interface Write {
  readonly value: string
  /** The version that was read and is to be replaced; undefined where nothing was there. */
  readonly expected: Version | undefined
  /** How long it is kept, in ms from now. `Infinity`: until it is replaced. */
  readonly expiresInMs: number
}

/** The right to do the work for all, for as long as it is renewed. */
export interface Lease {
  /** Never that of another lease, on this key or another. */
  readonly version: Version
  /**
   * Aborted when the lease is over though it was not released: its renewals failed for so long that others may take it,
   * the store says that it is not ours, or the coordination was closed. It is aborted by this process's own clock no
   * later than the store lets it lapse, and also where nothing can be asked.
   */
  readonly lost: AbortSignal
  /** Gives it back, if it is still ours and only then. Never rejects: what cannot be given back lapses. */
  release(): Promise<void>
}

/**
 * Decides who does the work. A lease is for thrift, not for safety: a process can be paused past its end, and then there
 * are two who believe that they lead. What must not be done twice is guarded by `commit`.
 */
export interface Coordinator {
  /** How long the work of a leader who vanished can hold up the others, in ms. */
  readonly leaseMs: number
  /**
   * Takes the lease if nobody holds it; never waits for it. Undefined if somebody does, be it another caller in this
   * process or this very object. Rejects where the store cannot be asked.
   *
   * A lease is renewed after each third of `leaseMs` until it is released or lost, by timers that do not keep a process
   * alive.
   */
  tryLead(key: string): Promise<Lease | undefined>
  /**
   * Waits until it is worth looking again. It listens first and reads then, so that nothing falls in between, and reads
   * again now and then (100 ms at first, up to 1 s, jittered) because a message can be lost.
   *
   * - `'changed'`: the version is no longer `since`. At once, if it is not now.
   * - `'free'`: it is, and nobody leads.
   * - `'timeout'`: neither, for `timeoutMs`.
   *
   * Failures of the store are waited out. Rejects only with the signal's reason, at once, or when the coordination is
   * closed.
   */
  awaitChange(key: string, since: Version | undefined, wait: Wait): Promise<'changed' | 'free' | 'timeout'>
}

export interface Wait {
  /** The longest wait, in ms. 0 looks once. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Where a shared value lives, and who may renew it. What is shared under one key must mean the same to all who share it.
 */
export interface Coordination extends Store, Coordinator {
  /**
   * Gives leases back, ends watches and waits, and lets go of what it opened itself. What was committed stays. Later
   * calls reject; a second `close` does nothing.
   */
  close(): Promise<void>
}
