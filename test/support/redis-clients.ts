import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { RedisClient } from '../../src/coordination/redis/index.ts'

export interface OpenClient {
  readonly client: RedisClient
  /** Ends its connection without a word, as a process that dies does. */
  end(): void
}

/** The clients that are promised to work. Each opens a connection of its own. */
export const clients: Readonly<Record<string, (url: string) => Promise<OpenClient>>> = {
  'node-redis': async (url) => {
    const client = createClient({ url, socket: { reconnectStrategy: (retries) => Math.min(20 * 2 ** retries, 200) } })
    client.on('error', () => {})
    await client.connect()
    return { client, end: () => client.destroy() }
  },
  ioredis: async (url) => {
    const client = new Redis(url, { retryStrategy: (times) => Math.min(20 * 2 ** times, 200), lazyConnect: true })
    client.on('error', () => {})
    await client.connect()
    return { client, end: () => client.disconnect() }
  },
}
