/** When a cache loads a value anew. */
export interface CacheFormula {
  readonly name: string
  readonly label: string
  /** Whether reads that come while a key is loaded share that load. */
  readonly shares: boolean
  /** For so long after its end an old value is given, in ms, while one load runs behind. */
  readonly staleMs: number
  /** XFetch (Vattani, Chierichetti and Lowenstein, 2015): a read loads anew at a moment drawn before the end. */
  readonly beta?: number
}

/** The caches of today, by their rules: all of them give every value the same time to live. */
export const cacheFormulas: readonly CacheFormula[] = [
  { name: 'ttl', label: 'Time to live, each miss loads', shares: false, staleMs: 0 },
  { name: 'ttl-single-flight', label: 'Time to live, misses share a load', shares: true, staleMs: 0 },
  { name: 'swr', label: 'Time to live, stale for 30 s while it loads', shares: true, staleMs: 30_000 },
  { name: 'xfetch', label: 'XFetch, β = 1', shares: false, staleMs: 0, beta: 1 },
]
