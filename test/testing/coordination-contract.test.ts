import { describe, expect, it } from 'vitest'
import { awaitChange } from '../../src/coordination/await-change.ts'
import type { Coordination, Lease, Version } from '../../src/coordination/coordination.ts'
import { MemoryPlace, memoryCoordination } from '../../src/coordination/memory.ts'
import { coordinationContract } from '../../src/testing/index.ts'
import { type World, world } from '../support/world.ts'

/** What a broken coordination does otherwise than the one in memory. */
type Fault = (good: Coordination, runtime: World) => Partial<Coordination>

/** The clauses that a pair with this fault breaks. */
async function broken(fault: Fault): Promise<string[]> {
  const open = async () => {
    const runtime = world()
    const place = new MemoryPlace()
    const [a, b] = [0, 1].map(() => {
      const good = memoryCoordination({ leaseMs: 900, place, runtime })
      return { ...good, ...fault(good, runtime) }
    })
    if (a === undefined || b === undefined) throw new Error('there are two')
    return { a, b, pass: (ms: number) => runtime.clock.advance(ms), end: () => Promise.all([a.close(), b.close()]) }
  }
  const failed: string[] = []
  for (const { name, run } of coordinationContract(open)) {
    await run().catch(() => failed.push(name))
  }
  return failed
}

const withLease =
  (change: (lease: Lease, good: Coordination) => Lease): Fault =>
  (good) => ({
    tryLead: async (key) => {
      const lease = await good.tryLead(key)
      return lease && change(lease, good)
    },
  })

const never = new AbortController().signal

describe('the coordination contract', () => {
  it('finds nothing wrong with the one in memory', async () => {
    expect(await broken(() => ({}))).toEqual([])
  })

  it.each<[fault: string, fault: Fault, clause: string]>([
    [
      'a commit that compares nothing',
      (good) => ({
        commit: async (key, write) => good.commit(key, { ...write, expected: (await good.read(key))?.version }),
      }),
      'commits only on the version that is there',
    ],
    [
      'a commit in two steps',
      (good, { clock }) => {
        const values = new Map<string, { version: Version; value: string }>()
        let count = 0
        return {
          read: async (key) => values.get(key) ?? good.read(key),
          commit: async (key, { value, expected }) => {
            if (values.get(key)?.version.number !== expected?.number) return undefined
            await clock.sleep(1)
            const version = { epoch: 'e', number: ++count }
            values.set(key, { version, value })
            return version
          },
        }
      },
      'lets one of all be first',
    ],
    [
      'values that are tidied up',
      (good) => ({ commit: (key, write) => good.commit(key, { ...write, value: write.value.trim() || 'null' }) }),
      'gives every text back to the letter, to everybody',
    ],
    [
      'values that do not end',
      (good) => ({ commit: (key, write) => good.commit(key, { ...write, expiresInMs: Infinity }) }),
      'forgets a value when its time is over',
    ],
    [
      'values that always end',
      (good) => ({ commit: (key, write) => good.commit(key, { ...write, expiresInMs: 250 }) }),
      'keeps a value without an end',
    ],
    [
      'an age in seconds',
      (good) => ({
        read: async (key) => {
          const stored = await good.read(key)
          return stored && { ...stored, ageMs: (stored.ageMs ?? 0) / 1_000 }
        },
      }),
      'tells how old a value is, if it tells',
    ],
    [
      'keys without case',
      (good) => ({
        read: (key) => good.read(key.toLowerCase()),
        commit: (key, write) => good.commit(key.toLowerCase(), write),
      }),
      'keeps keys apart, whatever they are called',
    ],
    ['no hints', () => ({ watch: () => () => {} }), 'hints after a commit and a release, by whomever'],
    [
      'a watch that goes on',
      (good) => ({
        watch: (key, hint) => {
          good.watch(key, hint)
          return () => {}
        },
      }),
      'hints after a commit and a release, by whomever',
    ],
    [
      'a lease for everybody',
      () => ({
        tryLead: async () => ({ version: { epoch: 'e', number: 1 }, lost: never, release: async () => {} }),
      }),
      'lets one lead',
    ],
    [
      'leases of one version',
      withLease((lease) => ({ ...lease, version: { epoch: 'e', number: 1 } })),
      'never gives a lease version twice',
    ],
    [
      'a lease that is not renewed',
      (good, { clock }) => ({
        tryLead: async (key) => {
          const lease = await good.tryLead(key)
          if (lease) clock.setTimer(900, () => lease.release())
          return lease
        },
      }),
      'renews a lease until it is released',
    ],
    [
      'a release that does nothing',
      withLease((lease) => ({ ...lease, release: async () => {} })),
      'is free again after a release, which may come twice',
    ],
    [
      'a wait that only listens',
      (good) => ({
        awaitChange: (key, since, wait) =>
          new Promise((resolve) => {
            const unwatch = good.watch(key, () => {
              unwatch()
              void good.awaitChange(key, since, wait).then(resolve)
            })
          }),
      }),
      'says at once that a version has changed',
    ],
    [
      'a wait that never says that nobody leads',
      (good, runtime) => ({
        awaitChange: (key, since, wait) => {
          const look = async () =>
            (await good.read(key))?.version.number === since?.number ? undefined : ('changed' as const)
          return awaitChange({ watch: (hint) => good.watch(key, hint), look, closed: never }, wait, runtime)
        },
      }),
      'ends a wait when the leader lets go',
    ],
    [
      'a wait that no abort ends',
      (good) => ({ awaitChange: (key, since, { timeoutMs }) => good.awaitChange(key, since, { timeoutMs }) }),
      'ends a wait at once with the reason of an abort',
    ],
    [
      'a wait without patience',
      (good) => ({ awaitChange: (key, since) => good.awaitChange(key, since, { timeoutMs: 0 }) }),
      'ends a wait when the version changes',
    ],
    [
      'a close that does nothing',
      () => ({ close: async () => {} }),
      'gives leases back and ends waits when it is closed',
    ],
  ])('finds %s', async (_what, fault, clause) => {
    expect(await broken(fault)).toContain(clause)
  })
})
