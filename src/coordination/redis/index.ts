export type { Coordination, Coordinator, Lease, Store, Stored, Version, Wait, Write } from '../coordination.ts'
export { CoordinationError, type CoordinationTrouble } from '../error.ts'
export type { RedisCoordinationOptions } from './options.ts'
export type {
  IoRedisClient,
  IoRedisSubscriber,
  NodeRedisClient,
  NodeRedisSubscriber,
  RedisClient,
} from './port.ts'
export { redisCoordination } from './redis.ts'
export type { EncryptOptions } from './seal.ts'
