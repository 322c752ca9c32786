import { randomUUID } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createClient } from 'redis'
import { afterEach, describe, expect, it } from 'vitest'
import type { Version } from '../../src/coordination/coordination.ts'
import { CoordinationError } from '../../src/coordination/error.ts'
import { fleetCoordination } from '../../src/coordination/redis/redis.ts'
import { clients } from '../support/redis-clients.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { redis } from '../support/services.ts'

const leaseMs = 1_200
const kept = (value: string, expected?: Version) => ({ value, expected, expiresInMs: Infinity })
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

async function server(...args: string[]): Promise<RedisServer> {
  const started = await startRedis(...args)
  ending.push(() => started.stop())
  return started
}

async function raw(url: string) {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  ending.push(() => client.destroy())
  return client
}

describe.skipIf(redis.path === undefined).each(Object.entries(clients))(
  '%s and a Redis in trouble',
  (_name, connect) => {
    async function member(url: string, prefix = randomUUID()) {
      const { client, end } = await connect(url)
      const coordination = fleetCoordination({ client, prefix, leaseMs })
      ending.push(end, () => coordination.close())
      return { coordination, end, prefix }
    }

    it('never gives a version twice: emptied, restarted, gone back to a snapshot', async () => {
      const place = await server('--save', '3600 1')
      const { coordination } = await member(place.url)
      const leases = new Set<string>()
      const values = new Set<string>()
      const step = async () => {
        const lease = await coordination.tryLead('key')
        const expected = (await coordination.read('key'))?.version
        const version = await coordination.commit('key', kept(randomUUID(), expected))
        await lease?.release()
        for (const [given, seen] of [
          [lease?.version, leases],
          [version, values],
        ] as const) {
          const text = JSON.stringify(given)
          expect(given, 'is there').toBeDefined()
          expect(seen.has(text), `${text} was given before`).toBe(false)
          seen.add(text)
        }
      }
      await step()
      await step()
      await place.command('SAVE')
      // What comes now is in no snapshot.
      await step()
      await step()
      await place.kill()
      await place.start()
      await expect.poll(() => coordination.read('key').then((it) => it?.version.number)).toBe(2)
      await step()
      await step()
      await step()
      await place.command('FLUSHALL')
      await step()
      expect([leases.size, values.size]).toEqual([8, 8])
    })

    it('answers in time while Redis holds still, and leaves nothing that holds up the others', async () => {
      const place = await server()
      const { coordination, prefix } = await member(place.url)
      const other = await member(place.url, prefix)
      const version = await coordination.commit('key', kept('before'))
      place.freeze()
      const startedAt = performance.now()
      const calls = [
        coordination.read('key'),
        coordination.commit('key', kept('after', version)),
        coordination.tryLead('key'),
        coordination.tryLead('another'),
      ]
      const settled = await Promise.allSettled(calls)
      expect(performance.now() - startedAt).toBeLessThan(leaseMs)
      for (const call of settled) {
        expect(call.status === 'rejected' && call.reason).toBeInstanceOf(CoordinationError)
        expect(call.status === 'rejected' && call.reason.trouble).toBe('late')
      }
      expect(await coordination.awaitChange('key', version, { timeoutMs: 200 })).toBe('timeout')
      place.thaw()
      // The leases that were granted after we had given up are given back sooner than they would lapse.
      await later(leaseMs / 3)
      expect(await other.coordination.tryLead('key')).toBeDefined()
      expect(await other.coordination.tryLead('another')).toBeDefined()
    })

    it('fails at once while Redis is away, and goes on by itself when it is back', async () => {
      const place = await server()
      const { coordination } = await member(place.url)
      await coordination.commit('key', kept('before'))
      await place.kill()
      await coordination.read('key').catch(() => undefined)
      const startedAt = performance.now()
      for (let call = 0; call < 100; call++) {
        await expect(coordination.tryLead('key')).rejects.toMatchObject({ code: 'coordination' })
      }
      expect(performance.now() - startedAt).toBeLessThan(100)
      await place.start()
      await expect.poll(() => coordination.tryLead('key').catch(() => 'away'), { timeout: 5_000 }).not.toBe('away')
    })

    it('refuses what a full Redis cannot keep, reads what is there, and lets go of a lease', async () => {
      const place = await server('--maxmemory-policy', 'noeviction')
      const { coordination } = await member(place.url)
      const lease = await coordination.tryLead('key')
      const version = await coordination.commit('key', kept('before'))
      await place.command('CONFIG SET maxmemory 1')
      const full = { code: 'coordination', trouble: 'refused', message: expect.stringContaining('OOM') }
      await expect(coordination.commit('key', kept('after', version))).rejects.toMatchObject(full)
      await expect(coordination.tryLead('another')).rejects.toMatchObject(full)
      expect(await coordination.read('key')).toMatchObject({ value: 'before', version })
      await lease?.release()
      expect(await coordination.awaitChange('key', version, { timeoutMs: 0 })).toBe('free')
      await place.command('CONFIG SET maxmemory 0')
      expect(await coordination.commit('key', kept('after', version))).toBeDefined()
    })

    it('hears of what happened while it could not listen', async () => {
      const place = await server()
      const { coordination, prefix } = await member(place.url)
      const other = await member(place.url, prefix)
      await other.coordination.tryLead('key')
      const version = await other.coordination.commit('key', kept('1'))
      let hints = 0
      coordination.watch('key', () => hints++)
      const wait = coordination.awaitChange('key', version, { timeoutMs: 10_000 })
      await later(100)
      const before = hints
      await place.command('CLIENT KILL TYPE pubsub')
      await other.coordination.commit('key', kept('2', version))
      expect(await wait).toBe('changed')
      await expect.poll(() => hints, { timeout: 3_000 }).toBeGreaterThan(before)
      // And it listens again.
      await later(1_100)
      const again = hints
      await other.coordination.commit('key', kept('3', (await other.coordination.read('key'))?.version))
      await expect.poll(() => hints, { timeout: 1_000, interval: 10 }).toBeGreaterThan(again)
    })

    it('is held up by a leader who died for one lease and no longer', async () => {
      const place = await server()
      const { coordination, end, prefix } = await member(place.url)
      const other = await member(place.url, prefix)
      const lease = await coordination.tryLead('key')
      expect(lease).toBeDefined()
      end()
      const startedAt = performance.now()
      expect(await other.coordination.awaitChange('key', undefined, { timeoutMs: 5_000 })).toBe('free')
      const heldUpMs = performance.now() - startedAt
      expect(heldUpMs).toBeGreaterThan(leaseMs / 2)
      // A poll comes at most a second later.
      expect(heldUpMs).toBeLessThan(leaseMs + 1_100)
      expect(await other.coordination.tryLead('key')).toBeDefined()
    })

    it('tells a leader who cannot renew that it leads no more, before anybody else can', async () => {
      const place = await server()
      const { coordination, prefix } = await member(place.url)
      const other = await member(place.url, prefix)
      const lease = await coordination.tryLead('key')
      const startedAt = performance.now()
      // A process that the machine holds up notices later, and how long that was is not ours.
      const stall = monitorEventLoopDelay({ resolution: 5 })
      stall.enable()
      place.freeze()
      await expect.poll(() => lease?.lost.aborted, { interval: 5, timeout: 3_000 }).toBe(true)
      expect(performance.now() - startedAt - stall.max / 1e6).toBeLessThan(leaseMs)
      stall.disable()
      place.thaw()
      const next = () => other.coordination.tryLead('key').catch(() => undefined)
      await expect.poll(next, { timeout: 3_000 }).toBeDefined()
      // Somebody else holds it now, and giving back what was lost takes nothing away.
      await lease?.release()
      expect(await coordination.tryLead('key')).toBeUndefined()
    })

    it('loses its lease when Redis forgets it', async () => {
      const place = await server()
      const { coordination } = await member(place.url)
      const lease = await coordination.tryLead('key')
      await place.command('FLUSHALL')
      await expect.poll(() => lease?.lost.aborted, { timeout: leaseMs }).toBe(true)
    })

    it('says nothing of a value: no message, no error', async () => {
      const place = await server()
      const { coordination } = await member(place.url)
      const listener = await raw(place.url)
      const heard: string[] = []
      await listener.pSubscribe('*', (message, channel) => heard.push(`${channel} ${message}`))
      coordination.watch('key', () => {})
      const lease = await coordination.tryLead('key')
      const version = await coordination.commit('key', kept('canary'))
      await lease?.release()
      await expect.poll(() => heard.length).toBeGreaterThanOrEqual(2)
      expect(heard.join('\n')).not.toContain('canary')
      expect(heard[0]).toContain(`${version?.epoch}:${version?.number} `)
      await place.command('CONFIG SET maxmemory 1')
      const error = await coordination.commit('key', kept('canary', version)).catch((reason: unknown) => reason)
      const { inspect } = await import('node:util')
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary')
    })
  },
)
