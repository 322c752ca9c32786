import type { Coordination } from '../../coordination/coordination.ts'
import type { Runtime } from '../../core/runtime.ts'

/** What a load is told. */
export interface CacheLoadContext<Value> {
  /** Aborted when the load takes too long or the cache is closed. It belongs to no caller. */
  readonly signal: AbortSignal
  /** The value that is to be replaced, if there is one. */
  readonly previous?: Value
}

export interface CacheOptions<Value> {
  /**
   * Loads the value of a key. `null` is a value: what is known not to be there. `undefined` is a failure, because nobody
   * could tell it from a value that is missing.
   */
  load: (key: string, context: CacheLoadContext<Value>) => Value | Promise<Value>
  /**
   * How long a value is fresh, in ms, or a function that says so of each: a result that says "not there" may be kept for
   * a shorter time. Never longer, and shorter by up to `jitter`. `Infinity`: until it is deleted or evicted.
   * @default 60000
   */
  ttlMs?: number | ((value: Value, key: string) => number) | undefined
  /**
   * The share of `ttlMs` that chance takes away, so that what was loaded together does not end together.
   * @default 0.1
   */
  jitter?: number | undefined
  /**
   * How long after its end a value is still given at once, while it is loaded anew behind, in ms.
   * @default 30000
   */
  staleMs?: number | undefined
  /**
   * How long after that it is given where a load fails, in ms. 0: the failure is told.
   * @default 300000
   */
  staleIfErrorMs?: number | undefined
  /**
   * From which share of its life on a value that is read is loaded anew behind; 1: not before its end. Or `{ beta }`: by
   * XFetch, at a moment that chance draws at each read, in proportion to what a load takes; for values that many share.
   * @default 0.8
   */
  earlyRefresh?: number | { readonly beta: number } | undefined
  /**
   * How long after a failed load none is tried again while an old value serves, in ms. Without one it is 1 s.
   * @default 5000
   */
  failureMs?: number | undefined
  /**
   * How long a load may take, in ms. `Infinity`: as long as it takes.
   * @default 30000
   */
  timeoutMs?: number | undefined
  /**
   * The most keys that are kept; the one used longest ago goes first.
   * @default 1000
   */
  maxEntries?: number | undefined
  /**
   * The most bytes that all values take, by `sizeOf`. `Infinity`: not counted.
   * @default Infinity
   */
  maxBytes?: number | undefined
  /** The bytes of a value, for `maxBytes`. If absent: of text, buffers, and the JSON of all else. */
  sizeOf?: ((value: Value, key: string) => number) | undefined
  /** With whom values are shared: one loads for all. They must be JSON then. This cache alone if absent. */
  coordination?: Coordination | undefined
  /**
   * What this cache is called among those who share its values; two caches under one name would share them.
   * @default 'cache'
   */
  name?: string | undefined
  /** Time and chance other than the platform's: for tests and simulations. */
  runtime?: Partial<Runtime> | undefined
}

export const cacheDefaults = {
  ttlMs: 60_000,
  jitter: 0.1,
  staleMs: 30_000,
  staleIfErrorMs: 300_000,
  earlyRefresh: 0.8,
  failureMs: 5_000,
  timeoutMs: 30_000,
  maxEntries: 1_000,
  maxBytes: Infinity,
  name: 'cache',
} as const
