import { number, OptionsError, object, type Rules, resolve } from '../../core/options.ts'
import type { Runtime } from '../../core/runtime.ts'
import type { RedisClient } from './port.ts'
import type { EncryptOptions } from './seal.ts'

export interface RedisCoordinationOptions {
  /**
   * A connected client of node-redis (`createClient`) or of ioredis. It stays yours: you listen to its errors and you
   * close it. For messages a `duplicate()` of it is opened once somebody waits.
   */
  client: RedisClient
  /**
   * What all keys and channels begin with. Those who share values have the same prefix, and no others have it.
   * @default 'breakwater'
   */
  prefix: string
  /**
   * How long the work of a leader who vanished can hold up the others, in ms. A command may take a quarter of it, and
   * at most 1 s.
   * @default 10000
   */
  leaseMs: number
  /**
   * Seals values with AES-256-GCM, so that Redis and its backups hold no secret in the clear. Give it from the start: a
   * value that is not sealed is refused. If absent, they are kept as they are.
   */
  encrypt: EncryptOptions | undefined
  /** Time and chance other than the platform's. */
  runtime: Partial<Runtime> | undefined
}

export const redisCoordinationDefaults: Readonly<Omit<RedisCoordinationOptions, 'client'>> = {
  prefix: 'breakwater',
  leaseMs: 10_000,
  encrypt: undefined,
  runtime: undefined,
}

const rules: Rules<RedisCoordinationOptions> = {
  client: {
    wants: 'a client of node-redis or ioredis, with eval and duplicate',
    holds: (value) => hasMethods(value, 'eval', 'duplicate'),
  },
  // Braces would move the hash tag, which keeps the keys of one value on one node of a cluster.
  prefix: {
    wants: 'a text of 1 to 200 characters without braces',
    holds: (value) => typeof value === 'string' && /^[^{}]{1,200}$/.test(value),
  },
  leaseMs: number(100, 2 ** 31 - 1),
  encrypt: object,
  runtime: object,
}

/** @throws OptionsError for a client that is none, an unknown option or a bad value */
export function resolveRedis(given: Partial<RedisCoordinationOptions>): Readonly<RedisCoordinationOptions> {
  const missing = { client: undefined as unknown as RedisClient }
  const resolved = resolve('redis', { ...redisCoordinationDefaults, ...missing }, rules, given)
  if (resolved.client === undefined) {
    throw new OptionsError('redis.client', `redis.client wants ${rules.client.wants}, got undefined`)
  }
  return resolved
}

function hasMethods(value: unknown, ...names: string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}
