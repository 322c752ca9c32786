import type { Coordination, Lease } from '../../coordination/coordination.ts'
import type { Runtime } from '../../core/runtime.ts'
import type { Fresh, Load, LoadContext, LookAgain } from '../refreshable/index.ts'
import { type Decode, freshOf, parseRecord, type ReadRecord, recordOf } from './record.ts'

/** What is shared, and how. */
export interface ShareNeeds<Value> {
  readonly coordination: Coordination
  readonly key: string
  readonly runtime: Runtime
  encode(value: Value): unknown
  readonly decode: Decode<Value>
  /** Whether two are the same, whoever read them from where. */
  same(a: Value, b: Value): boolean
  /** How much later than ours another value must have been made to take its place, in ms. */
  readonly newerByMs: number
  /** How long a leader who does not come home is waited for, in ms. */
  readonly patienceMs: number
}

export interface TogetherNeeds<Value> extends ShareNeeds<Value> {
  /** Loads it without the others. */
  readonly load: Load<Value>
  /**
   * For how long, in ms, the others try nothing after this failure: those who have a value that is still good for
   * `leftMs`, and those who have none. Undefined: they have to see for themselves.
   */
  quiet(error: unknown, lifetimeMs: number, leftMs: number): { quietMs: number; sharedMs: number } | undefined
  /** What is told to those who wait while another one's failure is fresh. */
  failure(retryAfterMs: number): unknown
}

/** Over this time, in ms, those come back who waited in vain for the same leader. */
const spreadMs = 5_000

/**
 * Loads a value for all who share it: each comes at its own moment, reads first, and takes what a faster one has left.
 * Otherwise one leads and loads, and the others look again soon, or wait if somebody waits for them.
 *
 * It is thrift and never a condition. Where the others cannot be reached, each loads for itself at its own moment.
 */
export function together<Value>(needs: TogetherNeeds<Value>): Load<Value> {
  return async (context) => {
    const ours = await withOthers(needs, context)
    return ours === 'alone' ? needs.load(context) : ours
  }
}

async function withOthers<Value>(
  needs: TogetherNeeds<Value>,
  context: LoadContext<Value>,
): Promise<Fresh<Value> | LookAgain | 'alone'> {
  const { coordination, key, runtime, patienceMs } = needs
  const { clock, random } = runtime
  const waitsUntil = clock.now() + patienceMs
  for (;;) {
    context.signal.throwIfAborted()
    const seen = await look(needs, context)
    if (seen === 'alone' || 'outcome' in seen) return seen === 'alone' ? seen : seen.outcome
    const lease = await coordination.tryLead(key).catch(() => 'alone' as const)
    if (lease === 'alone') return lease
    if (lease) return lead(needs, context, lease)
    if (!context.awaited) return lookAgain(context, random())
    const wait = { timeoutMs: Math.max(0, waitsUntil - clock.now()), signal: context.signal }
    const seenVersion = seen.read?.stored.version
    const change = await coordination.awaitChange(key, seenVersion, wait).catch(() => 'timeout' as const)
    if (change !== 'timeout' && clock.now() < waitsUntil) continue
    // Its leader is alive and does not come home, or nobody can be asked: many may be waiting for the same one.
    await clock.sleep(random() * spreadMs, context.signal)
    return 'alone'
  }
}

/** Somebody is at it. Soon enough to be back before the value ends, and not all at once. */
export function lookAgain<Value>({ leftMs }: LoadContext<Value>, unit: number): LookAgain {
  return { lookAgainInMs: (0.5 + 0.5 * unit) * Math.min(5_000, Math.max(50, leftMs / 4)) }
}

type Seen<Value> = 'alone' | { outcome: Fresh<Value> | LookAgain } | { read: ReadRecord | undefined }

/** Whether what lies there spares us the load. @throws what `failure` makes of another one's failure */
async function look<Value>(needs: TogetherNeeds<Value>, context: LoadContext<Value>): Promise<Seen<Value>> {
  const { coordination, key, runtime, decode, same, newerByMs, failure } = needs
  const { clock, random } = runtime
  let read: ReadRecord | undefined
  try {
    const stored = await coordination.read(key)
    read = stored && parseRecord(stored, clock)
    if (stored && read === undefined) return 'alone'
  } catch {
    return 'alone'
  }
  if (read === undefined) return { read }
  const fresh = freshOf(read, decode, clock)
  const { previous, leftMs, issuedAt } = context
  if (fresh && (previous === undefined || (!same(previous, fresh.value) && fresh.issuedAt >= issuedAt + newerByMs))) {
    if (fresh.lifetimeMs - (clock.now() - fresh.issuedAt) > leftMs) return { outcome: fresh }
  }
  const { quietMs = 0, sharedMs = 0 } = read.record.failure ?? {}
  if (context.awaited) {
    if (sharedMs > read.sinceMs) throw failure(sharedMs - read.sinceMs)
  } else if (quietMs > read.sinceMs) {
    return { outcome: { lookAgainInMs: quietMs - read.sinceMs + random() * quietMs } }
  }
  return { read }
}

async function lead<Value>(
  needs: TogetherNeeds<Value>,
  context: LoadContext<Value>,
  lease: Lease,
): Promise<Fresh<Value> | LookAgain | 'alone'> {
  const { coordination, key, runtime, encode, decode, load } = needs
  const { clock } = runtime
  let writing: Promise<unknown> | undefined
  try {
    // The one who led before us may have been done between our look and our lease.
    const seen = await look(needs, context)
    if (seen === 'alone' || 'outcome' in seen) return seen === 'alone' ? seen : seen.outcome
    const expected = seen.read?.stored.version
    const write = (value: string, expiresInMs: number) => {
      // What could not be kept is known to us alone, and the others find their own. Nobody waits for it here: a slow
      // store must not hold up those who want what has come.
      writing = coordination.commit(key, { value, expected, expiresInMs }).catch(() => undefined)
    }
    try {
      const loaded = await load({ ...context, awaited: true })
      if ('value' in loaded) {
        const leftMs = loaded.lifetimeMs - (clock.now() - loaded.issuedAt)
        write(recordOf(loaded, encode, {}, clock), Math.max(1, leftMs))
      }
      return loaded
    } catch (error) {
      const old = seen.read && freshOf(seen.read, decode, clock)
      const leftMs = old ? old.lifetimeMs - (clock.now() - old.issuedAt) : 0
      const quiet = needs.quiet(error, old?.lifetimeMs ?? 0, leftMs)
      if (quiet) {
        write(recordOf(old, encode, { failure: quiet }, clock), Math.max(leftMs, 2 * quiet.quietMs, quiet.sharedMs))
      }
      throw error
    }
  } finally {
    void Promise.resolve(writing).then(() => lease.release())
  }
}
