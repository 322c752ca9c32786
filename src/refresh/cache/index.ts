export { type Cache, type CacheStats, createCache } from './cache.ts'
export type { CacheLoadContext, CacheOptions } from './options.ts'
export type { Warmed, WarmOptions } from './warm.ts'
