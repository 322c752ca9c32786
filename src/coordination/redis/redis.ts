import { ClosedError } from '../../core/closed-error.ts'
import { identifier } from '../../core/random.ts'
import { createRuntime } from '../../core/runtime.ts'
import { awaitChange } from '../await-change.ts'
import { type Coordination, type Lease, sameVersion } from '../coordination.ts'
import { CoordinationError } from '../error.ts'
import { type HeldLease, holdLease } from '../held-lease.ts'
import { layeredCoordination } from '../layered.ts'
import { memoryCoordination } from '../memory.ts'
import { Commands } from './commands.ts'
import { Hints } from './hints.ts'
import { type RedisKeys, redisKeys } from './keys.ts'
import type { RedisCoordinationOptions } from './options.ts'
import { redisPort } from './port.ts'
import { resolveRedis } from './resolve-options.ts'
import { leadScript, releaseScript, renewScript } from './scripts.ts'
import { aesSeal, noSeal } from './seal.ts'
import { commitValue, look, readValue, versionOf } from './store.ts'

/** How long the number of the last lease is remembered. After that a new epoch begins, which is as good. */
const countMs = 86_400_000

/**
 * Shares values over a fleet through Redis or Valkey: one instance renews, the others read what it got. Within a process
 * one of all contenders asks Redis.
 *
 * Redis may be away, slow or full: each command then fails in time, and whoever uses the values goes on by itself. A
 * server that forgot something (restarted, emptied, a replica that took over) goes on in a new epoch of versions.
 *
 * Redis 6.2 or newer, with `eval`, `hmget` and `publish`; with INFO allowed, versions go on counting. The scripts touch
 * only keys of one hash tag, so a cluster will do.
 *
 * @throws OptionsError for a client that is none, an unknown option or a bad value
 */
export function redisCoordination(
  options: Partial<RedisCoordinationOptions> & Pick<RedisCoordinationOptions, 'client'>,
): Coordination {
  const { leaseMs, runtime } = resolveRedis(options)
  return layeredCoordination(memoryCoordination({ leaseMs, runtime }), fleetCoordination(options))
}

/** The part of it that is Redis. */
export function fleetCoordination(
  options: Partial<RedisCoordinationOptions> & Pick<RedisCoordinationOptions, 'client'>,
): Coordination {
  const { client, prefix, leaseMs, encrypt, runtime: given } = resolveRedis(options)
  const runtime = createRuntime(given)
  const { clock } = runtime
  const port = redisPort(client)
  const commands = new Commands(port, clock, Math.min(1_000, leaseMs / 4))
  const hints = new Hints(port, runtime)
  const seal = encrypt === undefined ? noSeal : aesSeal(encrypt, prefix)
  const closing = new AbortController()
  const held = new Set<HeldLease>()

  const namesOf = (key: string): RedisKeys => {
    closing.signal.throwIfAborted()
    return redisKeys(prefix, key)
  }
  const giveBack = ({ lease, channel }: RedisKeys, owner: string) =>
    commands.run(releaseScript, [lease], [owner, channel])

  const tryLead = async (key: string): Promise<Lease | undefined> => {
    const names = namesOf(key)
    const owner = identifier()
    const askedAt = clock.now()
    // Granted after we have given up, as from a client's queue when Redis is back, or with an answer that was lost, it
    // would hold up everybody.
    const unwanted = () => void giveBack(names, owner).catch(() => undefined)
    const args = [owner, String(Math.ceil(leaseMs)), identifier(), String(countMs)]
    const reply = await commands.run(leadScript, [names.lease, names.count], args, unwanted).catch((error) => {
      unwanted()
      throw error
    })
    if (reply.length === 0) return undefined
    const version = versionOf(reply[0], reply[1])
    if (version === undefined) throw new CoordinationError('Redis', 'invalid')
    const lease = holdLease(
      {
        version,
        leaseMs,
        askedAt,
        renew: async () =>
          (await commands.run(renewScript, [names.lease], [owner, String(Math.ceil(leaseMs))]))[0] === '1',
        giveBack: () => giveBack(names, owner),
      },
      clock,
      () => held.delete(lease),
    )
    held.add(lease)
    // The coordination was closed while we asked.
    if (closing.signal.aborted) {
      await lease.end(closing.signal.reason)
      closing.signal.throwIfAborted()
    }
    return lease
  }

  return {
    leaseMs,
    read: async (key) => readValue(commands, seal, namesOf(key), key),
    commit: async (key, write) => commitValue(commands, seal, namesOf(key), key, write),
    watch: (key, hint) => hints.watch(redisKeys(prefix, key).channel, hint),
    tryLead,
    awaitChange: async (key, since, wait) => {
      const names = namesOf(key)
      const seen = async () => {
        const { version, led } = await look(commands, names)
        if (!sameVersion(version, since)) return 'changed'
        return led ? undefined : 'free'
      }
      const watch = (hint: () => void) => hints.watch(names.channel, hint)
      const hears = () => hints.hears(names.channel)
      return awaitChange({ watch, look: seen, hears, closed: closing.signal }, wait, runtime)
    },
    close: async () => {
      if (closing.signal.aborted) return
      closing.abort(new ClosedError('the coordination'))
      await Promise.all([...held].map((lease) => lease.end(closing.signal.reason)))
      hints.close()
    },
  }
}
