import { number, OptionsError, object, type Rules, resolve } from '../../core/options.ts'
import { type RedisCoordinationOptions, redisCoordinationDefaults } from './options.ts'
import type { RedisClient } from './port.ts'

// Apart from the defaults, which every application gets with its client.
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
