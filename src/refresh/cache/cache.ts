import { ClosedError } from '../../core/closed-error.ts'
import { detach } from '../../core/detach.ts'
import { OptionsError, resolve } from '../../core/options.ts'
import { createRuntime } from '../../core/runtime.ts'
import { earlyMs, retryAfterHintMs } from '../refresh-time.ts'
import { type Fresh, type Load, type LoadContext, type Plan, Refreshable } from '../refreshable/index.ts'
import { bytesOf, Entries } from './entries.ts'
import { type CacheLoadContext, type CacheOptions, cacheDefaults } from './options.ts'
import { cacheRules } from './rules.ts'
import { Sharing, sharedFailureMs } from './sharing.ts'
import { type Warmed, type WarmOptions, warmUp } from './warm.ts'

/** What a cache did since it was made. */
export interface CacheStats {
  /** Reads that a fresh value answered. */
  readonly hits: number
  /** Reads that an old value answered, while it was loaded anew. */
  readonly stale: number
  /** Reads that waited for a load which they began, and for one that was under way. */
  readonly misses: number
  readonly joined: number
  readonly loads: number
  readonly failures: number
  readonly evicted: number
  readonly entries: number
  /** 0 where bytes are not counted. */
  readonly bytes: number
}

export interface Cache<Value> {
  /** The value of a key, loaded if need be, once for all who ask. `signal` ends the wait of this caller alone. */
  get(key: string, options?: { signal?: AbortSignal | undefined }): Promise<Value>
  /** The value, if there is one that may be given without a load. It does not count as use. */
  peek(key: string): Value | undefined
  /** Puts a value in, as if it had just been loaded. A load that was under way does not replace it. */
  set(key: string, value: Value): void
  /**
   * Forgets a key, here and where it is shared. A load that was under way is not kept. Others who share it and hold a
   * value that is still good keep that until it ends.
   */
  delete(key: string): boolean
  /** Loads keys at a steady pace; what fails is counted and not thrown. */
  warm(keys: Iterable<string>, options: WarmOptions): Promise<Warmed>
  stats(): CacheStats
  /** Ends loads; who waits, and whoever asks later, gets a `ClosedError`. */
  close(): void
}

/** Any loader. Of a type of its own, because what it gives is to be inferred although it looks at its context. */
type CacheLoad = (key: string, context: CacheLoadContext<unknown>) => unknown

/** A mean in which a load from ten loads ago counts for a third. */
const costWeight = 0.1

/**
 * Values by key that are loaded once for all who ask, renewed before they end, and given a little longer where they
 * cannot be.
 *
 * @throws OptionsError for an unknown option or a bad value
 * @example
 * const users = createCache({ ttlMs: 60_000, load: (id, { signal }) => client.http.get(`users/${id}`, { signal }).json() })
 * const user = await users.get('42')
 */
export function createCache<Load extends CacheLoad>(
  given: Omit<CacheOptions<Awaited<ReturnType<Load>>>, 'load'> & { load: Load },
): Cache<Awaited<ReturnType<Load>>>
export function createCache<Value>(given: CacheOptions<Value>): Cache<Value>
export function createCache<Value>(given: CacheOptions<Value>): Cache<Value> {
  const options = complete(given)
  const { load, ttlMs, jitter, staleMs, staleIfErrorMs, earlyRefresh, failureMs, timeoutMs, sizeOf = bytesOf } = options
  const runtime = createRuntime(options.runtime)
  const { clock, random } = runtime
  const detached = detach()
  const entries = new Entries<Refreshable<Value>>(options)
  const sharing = options.coordination && new Sharing<Value>(options.coordination, options.name, runtime, options)
  const beta = typeof earlyRefresh === 'object' ? earlyRefresh.beta : undefined
  const count = { hits: 0, stale: 0, misses: 0, joined: 0, loads: 0, failures: 0 }
  let closed: ClosedError | undefined
  let costMs = 0

  const plan: Plan<Value> = {
    timeoutMs,
    timed: false,
    keepFresh: false,
    graceMs: staleIfErrorMs,
    refreshAfterMs: ({ lifetimeMs }) => {
      const freshMs = lifetimeMs - staleMs
      if (typeof earlyRefresh === 'object') return freshMs
      // Those who share a value got it with one end; each looks after it at a moment of its own.
      return freshMs * earlyRefresh * (sharing ? 0.9 + 0.1 * random() : 1)
    },
    retryMs: (_lifetimeMs, _leftMs, error) => Math.max(failureMs, retryAfterHintMs(error, random)),
    failureMs: (error, serves) => Math.max(serves ? failureMs : sharedFailureMs, retryAfterHintMs(error, random)),
    failed: () => count.failures++,
  }
  const freshOf = (key: string, value: Value, issuedAt: number): Fresh<Value> => {
    const forMs = typeof ttlMs === 'function' ? ttlMs(value, key) : ttlMs
    if (!(forMs > 0))
      throw new OptionsError('cache.ttlMs', `cache.ttlMs wants to give ms above 0, got ${String(forMs)}`)
    return { value, issuedAt, lifetimeMs: forMs * (1 - jitter * random()) + staleMs }
  }
  const loadAlone = async (key: string, { signal, previous }: LoadContext<Value>): Promise<Fresh<Value>> => {
    const issuedAt = clock.now()
    count.loads++
    const context: CacheLoadContext<Value> = { signal, ...(previous !== undefined && { previous }) }
    const value = await load(key, context)
    // As data it would be a hit that looks like a miss.
    if (value === undefined) throw new TypeError('cache.load gave undefined; null says that there is nothing')
    costMs += (costMs === 0 ? 1 : costWeight) * (clock.now() - issuedAt - costMs)
    return freshOf(key, value, issuedAt)
  }
  const create = (key: string): Refreshable<Value> => {
    const alone: Load<Value> = (context) => loadAlone(key, context)
    const agreed = sharing ? sharing.load(key, alone) : alone
    const weighed: Load<Value> = async (context) => {
      const loaded = await agreed(context)
      if ('value' in loaded && entries.peek(key) === entry) keep(key, entry, loaded.value)
      return loaded
    }
    const entry: Refreshable<Value> = new Refreshable(weighed, plan, runtime, detached)
    entries.put(key, entry)
    return entry
  }
  const keep = (key: string, entry: Refreshable<Value>, value: Value) => {
    if (options.maxBytes !== Infinity) entries.put(key, entry, sizeOf(value, key))
  }
  /** Counts a read, and by XFetch may be the one that loads anew. */
  const read = (entry: Refreshable<Value>) => {
    const { current } = entry
    const leftMs = current ? current.lifetimeMs - current.ageMs : 0
    if (leftMs <= 0) count[entry.loading ? 'joined' : 'misses']++
    else {
      count[leftMs > staleMs ? 'hits' : 'stale']++
      if (beta !== undefined && earlyMs(costMs, beta, random) >= leftMs - staleMs) entry.renew()
    }
  }
  return {
    get: (key, asked) => {
      if (closed) return Promise.reject(closed)
      if (asked?.signal?.aborted) return Promise.reject(asked.signal.reason)
      const entry = entries.get(key) ?? create(key)
      read(entry)
      return entry.get(asked)
    },
    peek: (key) => entries.peek(key)?.peek(),
    set: (key, value) => {
      if (closed) throw closed
      if (value === undefined) throw new TypeError('cache.set got undefined; null says that there is nothing')
      const fresh = freshOf(key, value, clock.now())
      const entry = entries.get(key) ?? create(key)
      entry.put(fresh)
      keep(key, entry, value)
      sharing?.write(key, fresh)
    },
    delete: (key) => {
      sharing?.write(key, undefined)
      return entries.delete(key)
    },
    warm: (keys, asked) =>
      warmUp(keys, asked, runtime, (key) => {
        if (closed) return Promise.reject(closed)
        const entry = entries.get(key) ?? create(key)
        return entry.peek() === undefined ? entry.get() : undefined
      }),
    stats: () => ({ ...count, evicted: entries.evicted, entries: entries.size, bytes: entries.bytes }),
    close: () => {
      closed ??= new ClosedError('the cache')
      for (const entry of entries.drain()) entry.close('the cache')
    },
  }
}

type Complete<Value> = CacheOptions<Value> & Required<Pick<CacheOptions<Value>, keyof typeof cacheDefaults>>

function complete<Value>(given: CacheOptions<Value>) {
  const options = resolve<Partial<CacheOptions<Value>>>('cache', cacheDefaults, cacheRules as never, given)
  if (options.load === undefined) throw new OptionsError('cache.load', 'cache.load is needed')
  return options as Readonly<{ [Name in keyof Complete<Value>]: Exclude<Complete<Value>[Name], undefined> }>
}
