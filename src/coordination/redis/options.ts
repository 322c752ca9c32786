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
