import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { clients } from '../support/redis-clients.ts'
import { startRedis } from '../support/redis-server.ts'
import { redis } from '../support/services.ts'

it.skipIf(redis.path === undefined).each(Object.keys(clients))(
  '%s: a watch, a lease and its renewals keep no process alive',
  async (kind) => {
    const server = await startRedis()
    const child = fork(new URL('../support/redis-watcher.ts', import.meta.url), [kind, server.url], { execArgv: [] })
    try {
      const gone = once(child, 'exit')
      await once(child, 'message')
      const doneAt = performance.now()
      const [code] = await gone
      expect(code).toBe(0)
      expect(performance.now() - doneAt).toBeLessThan(2_000)
    } finally {
      child.kill('SIGKILL')
      await server.stop()
    }
  },
  20_000,
)
