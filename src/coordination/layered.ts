import { onAbort } from '../core/abort.ts'
import type { Coordination, Lease, Stored } from './coordination.ts'

/**
 * Coordination in two steps: those who are near each other elect one, and only that one contends with the rest of the
 * world. Values live outside alone, so there is one truth; what is near saves the world reads and contenders.
 *
 * @param near for those of this process
 * @param wide for all of them; its word counts
 */
export function layeredCoordination(near: Coordination, wide: Coordination): Coordination {
  const readOnce = sharedReads((key) => wide.read(key))

  const tryLead = async (key: string): Promise<Lease | undefined> => {
    const here = await near.tryLead(key)
    if (here === undefined) return undefined
    let there: Lease | undefined
    try {
      there = await wide.tryLead(key)
    } finally {
      if (there === undefined) await here.release()
    }
    return there && bothHeld(here, there)
  }

  return {
    leaseMs: wide.leaseMs,
    read: readOnce,
    commit: (key, write) => wide.commit(key, write),
    watch: (key, hint) => wide.watch(key, hint),
    tryLead,
    awaitChange: (key, since, wait) => wide.awaitChange(key, since, wait),
    close: async () => {
      await Promise.all([near.close(), wide.close()])
    },
  }
}

/** Over as soon as one of them is. */
function bothHeld(here: Lease, there: Lease): Lease {
  const lost = new AbortController()
  const links: (() => void)[] = []
  const leave = async () => {
    for (const end of links) end()
    await Promise.all([there.release(), here.release()])
  }
  for (const one of [here, there]) {
    const lose = () => {
      lost.abort(one.lost.reason)
      // What is left of it would hold up the others.
      void leave()
    }
    links.push(onAbort(one.lost, lose))
  }
  return { version: there.version, lost: lost.signal, release: leave }
}

/**
 * Reads that are asked for at the same time are one. A read that has begun may already have seen what was there before,
 * so nobody joins it: whoever comes later shares the one after it.
 */
function sharedReads(read: (key: string) => Promise<Stored | undefined>): (key: string) => Promise<Stored | undefined> {
  interface Reads {
    readonly running: Promise<unknown>
    next?: Promise<Stored | undefined>
  }
  const reads = new Map<string, Reads>()

  const start = (key: string): Promise<Stored | undefined> => {
    const result = read(key)
    const own: Reads = { running: result.catch(() => undefined) }
    reads.set(key, own)
    own.running.then(() => {
      if (own.next === undefined) reads.delete(key)
    })
    return result
  }
  return async (key) => {
    const before = reads.get(key)
    if (before === undefined) return start(key)
    before.next ??= before.running.then(() => start(key))
    return before.next
  }
}
