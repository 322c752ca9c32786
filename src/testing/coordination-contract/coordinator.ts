import type { Version } from '../../coordination/coordination.ts'
import { type CoordinationScene, check, key, meanwhile, rejection, same } from './scene.ts'

/** What a `Coordinator` promises, and the end of both. */
export const coordinatorClauses: Readonly<Record<string, (scene: CoordinationScene) => Promise<void>>> = {
  'lets one lead': async ({ a, b, lead, done }) => {
    const lease = await lead(a)
    check((await done(b.tryLead(key))) === undefined, 'two lead')
    check((await done(a.tryLead(key))) === undefined, 'one leads twice')
    check((await done(b.tryLead('another'))) !== undefined, 'the lease of one key keeps another')
    check(!lease.lost.aborted, 'it is lost already')
  },

  'lets one of all lead': async ({ a, b, done }) => {
    const asked = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? a : b).tryLead(key))
    const leases = (await done(Promise.all(asked))).filter((lease) => lease !== undefined)
    // Those who withdraw for each other may all have withdrawn.
    check(leases.length <= 1, `${leases.length} lead`)
  },

  'is free again after a release, which may come twice': async ({ a, b, lead, done }) => {
    const first = await lead(a)
    await done(first.release())
    const second = await lead(b)
    await done(first.release())
    check((await done(a.tryLead(key))) === undefined, 'a lease took another one with it')
    check(!second.lost.aborted && !first.lost.aborted, 'a release is no loss')
  },

  'never gives a lease version twice': async ({ a, b, lead, done }) => {
    const seen: Version[] = []
    for (let round = 0; round < 6; round++) {
      const lease = await lead(round % 2 === 0 ? a : b)
      check(!seen.some((before) => same(before, lease.version)), 'it did')
      seen.push(lease.version)
      await done(lease.release())
    }
  },

  'renews a lease until it is released': async ({ b, lead, done, pass, leaseMs }) => {
    const lease = await lead()
    for (let part = 0; part < 5; part++) {
      await pass(leaseMs / 2)
      check((await done(b.tryLead(key))) === undefined, 'somebody else got it meanwhile')
    }
    check(!lease.lost.aborted, 'it was lost')
    await done(lease.release())
    await lead(b)
  },

  'says at once that a version has changed': async (scene) => {
    const { b, put, done } = scene
    const first = await put('1')
    const wait = { timeoutMs: 5_000 }
    check((await done(b.awaitChange(key, undefined, wait))) === 'changed', 'not where nothing was expected')
    await put('2', first)
    check((await done(b.awaitChange(key, first, wait))) === 'changed', 'not where an old version was known')
  },

  'says at once that nobody leads': async ({ b, put, done }) => {
    check((await done(b.awaitChange(key, undefined, { timeoutMs: 5_000 }))) === 'free', 'not where nothing is')
    const version = await put('1')
    check((await done(b.awaitChange(key, version, { timeoutMs: 0 }))) === 'free', 'not where a value is')
  },

  'waits no longer than it may': async ({ b, put, lead, done }) => {
    await lead()
    check((await done(b.awaitChange(key, undefined, { timeoutMs: 0 }))) === 'timeout', 'not with 0, where nothing is')
    check((await done(b.awaitChange(key, undefined, { timeoutMs: 150 }))) === 'timeout', 'not where nothing is')
    const version = await put('1')
    check((await done(b.awaitChange(key, version, { timeoutMs: 150 }))) === 'timeout', 'not where a value is')
  },

  'ends a wait when the version changes': async ({ a, b, put, lead, pass, done }) => {
    await lead()
    const version = await put('1')
    for (const waiter of [b, a]) {
      const current = await done(waiter.read(key))
      const wait = meanwhile(waiter.awaitChange(key, current?.version, { timeoutMs: 8_000 }))
      await pass(50)
      await put('2', current?.version)
      check((await done(wait)) === 'changed', 'it did not')
    }
    check(version !== undefined, 'there was no version')
  },

  'ends a wait when the leader lets go': async ({ b, lead, pass, done }) => {
    const lease = await lead()
    const wait = meanwhile(b.awaitChange(key, undefined, { timeoutMs: 8_000 }))
    await pass(50)
    await done(lease.release())
    check((await done(wait)) === 'free', 'it did not')
  },

  'ends a wait at once with the reason of an abort': async (scene) => {
    const { b, lead, pass } = scene
    await lead()
    const controller = new AbortController()
    const wait = meanwhile(b.awaitChange(key, undefined, { timeoutMs: 8_000, signal: controller.signal }))
    await pass(20)
    const reason = { why: 'the caller left' }
    controller.abort(reason)
    check((await rejection(scene, wait, 'the wait')) === reason, 'it ended with something else')
    const late = b.awaitChange(key, undefined, { timeoutMs: 8_000, signal: controller.signal })
    check((await rejection(scene, late, 'a wait that was aborted before')) === reason, 'it ended with something else')
  },

  'gives leases back and ends waits when it is closed': async (scene) => {
    const { a, b, lead, pass, done, put } = scene
    const lease = await lead(a)
    const version = await put('kept')
    const wait = meanwhile(a.awaitChange(key, version, { timeoutMs: 8_000 }))
    await pass(20)
    await done(a.close())
    await done(a.close())
    check(lease.lost.aborted, 'the lease was not lost')
    const write = { value: 'late', expected: version, expiresInMs: Infinity }
    const calls = [
      wait,
      a.read(key),
      a.commit(key, write),
      a.tryLead(key),
      a.awaitChange(key, version, { timeoutMs: 0 }),
    ]
    for (const call of calls) meanwhile<unknown>(call)
    for (const call of calls) {
      const error = (await rejection(scene, call, 'a call to what is closed')) as { code?: unknown }
      check(error.code === 'closed', `a call to what is closed ended with ${String(error)}`)
    }
    await lead(b)
  },
}
