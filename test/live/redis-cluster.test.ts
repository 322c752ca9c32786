import { randomUUID } from 'node:crypto'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import type { RedisClient } from '../../src/coordination/redis/index.ts'
import { redisCoordination } from '../../src/coordination/redis/redis.ts'
import { coordinationContract } from '../../src/testing/coordination-contract/index.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { redis } from '../support/services.ts'

/** Clients of a cluster. This one has a single node, which refuses keys of different slots as any cluster does. */
const clients: Readonly<Record<string, (port: number) => Promise<{ client: RedisClient; end(): void }>>> = {
  'node-redis': async (port) => {
    const client = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] })
    client.on('error', () => {})
    await client.connect()
    return { client, end: () => client.destroy() }
  },
  ioredis: async (port) => {
    const client = new Cluster([{ host: '127.0.0.1', port }])
    client.on('error', () => {})
    await new Promise<void>((resolve) => client.once('ready', () => resolve()))
    return { client, end: () => client.disconnect() }
  },
}

describe.skipIf(redis.path === undefined)('a cluster', () => {
  let server: RedisServer

  beforeAll(async () => {
    server = await startRedis('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
    await server.command('CLUSTER ADDSLOTSRANGE 0 16383')
    const serves = async () => (await server.command('SET probe 1')) === '+OK'
    await vi.waitUntil(serves, { timeout: 10_000 })
  })
  afterAll(() => server?.stop())

  describe.each(Object.entries(clients))('%s', (_name, connect) => {
    const open = async () => {
      const prefix = randomUUID()
      const opened = await Promise.all([connect(server.port), connect(server.port)])
      const [a, b] = opened.map(({ client }) => redisCoordination({ client, prefix, leaseMs: 2_000 }))
      if (a === undefined || b === undefined) throw new Error('there are two')
      return {
        a,
        b,
        pass: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
        end: async () => {
          await Promise.all([a.close(), b.close()])
          for (const { end } of opened) end()
        },
      }
    }
    for (const { name, run } of coordinationContract(open)) it.concurrent(name, run)
  })
})
