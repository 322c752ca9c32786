import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { fleetCoordination, redisCoordination } from '../../src/coordination/redis/redis.ts'
import { coordinationContract } from '../../src/testing/coordination-contract/index.ts'
import { clients } from '../support/redis-clients.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { redis } from '../support/services.ts'

describe.skipIf(redis.path === undefined).concurrent('a real Redis', () => {
  let server: RedisServer

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server?.stop())

  const kinds = {
    'as a fleet': { build: fleetCoordination, encrypt: undefined },
    'with a process in front, sealed': { build: redisCoordination, encrypt: { key: randomBytes(32) } },
  }
  for (const [clientName, connect] of Object.entries(clients)) {
    for (const [kind, { build, encrypt }] of Object.entries(kinds)) {
      describe(`${clientName}, ${kind}`, () => {
        const open = async () => {
          const prefix = randomUUID()
          const opened = await Promise.all([connect(server.url), connect(server.url)])
          const [a, b] = opened.map(({ client }) => build({ client, prefix, leaseMs: 2_000, encrypt }))
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
    }
  }
})
