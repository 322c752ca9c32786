import { OptionsError } from '../../core/options.ts'

/** What Redis calls the things of one key. */
export interface RedisKeys {
  readonly value: string
  readonly lease: string
  /** How many leases there were. */
  readonly count: string
  readonly channel: string
}

/** Longer ones belong hashed: Redis keeps them in every key, and a command says them again. */
const longest = 512

/**
 * All keys of one value have the same hash tag, so that a script finds them on one node of a cluster. The name is
 * escaped, because a brace in it would end the tag.
 */
export function redisKeys(prefix: string, key: string): RedisKeys {
  if (typeof key !== 'string' || key.length === 0 || key.length > longest || !key.isWellFormed()) {
    throw new OptionsError('key', `a shared value wants a key of 1 to ${longest} characters`)
  }
  const name = `${prefix}:{${encodeURIComponent(key)}}`
  return { value: `${name}:value`, lease: `${name}:lease`, count: `${name}:leases`, channel: `${name}:changed` }
}
