import { ClosedError } from '../../core/closed-error.ts'
import { OptionsError } from '../../core/options.ts'
import { createRuntime } from '../../core/runtime.ts'
import { awaitChange } from '../await-change.ts'
import { type Coordination, type Lease, sameVersion } from '../coordination.ts'
import { type HeldLease, holdLease } from '../held-lease.ts'
import { layeredCoordination } from '../layered.ts'
import { memoryCoordination } from '../memory.ts'
import { lockBoard, platformLocks } from './board.ts'
import { Copies } from './copies.ts'
import { Leading } from './leading.ts'
import { openTalk } from './messages.ts'
import type { TabsCoordinationOptions } from './options.ts'
import { resolveTabs } from './resolve-options.ts'
import { spokenBoard } from './spoken-board.ts'
import { StoredValues } from './storage.ts'

/**
 * Shares values over the tabs and workers of one browser profile and origin: one renews, and the others ask it for what
 * it got. Nothing is stored unless you say where.
 *
 * Who leads hangs on Web Locks, which a tab that is closed or crashed gives up at once; a frozen one is passed by after
 * `leaseMs`. A lock is never stolen and never waited for while a value is read. Where Web Locks are missing the tabs agree by
 * messages, which is less exact; where BroadcastChannel is missing as well, each tab is on its own, but for what it finds in
 * `storage`.
 *
 * @throws OptionsError for an unknown option or a bad value
 */
export function tabsCoordination(options?: Partial<TabsCoordinationOptions>): Coordination {
  const { leaseMs, runtime } = resolveTabs(options)
  return layeredCoordination(memoryCoordination({ leaseMs, runtime }), profileCoordination(options))
}

/** The part of it that is the browser profile. */
export function profileCoordination(options?: Partial<TabsCoordinationOptions>): Coordination {
  const { name, leaseMs, storage, runtime: given } = resolveTabs(options)
  const runtime = createRuntime(given)
  const { clock } = runtime
  const talk = openTalk(name)
  const locks = platformLocks()
  const board = locks ? lockBoard(locks, clock) : spokenBoard(talk, runtime, leaseMs)
  const leading = new Leading(board, runtime, leaseMs)
  const values = storage ? new StoredValues(storage, board, runtime) : new Copies(board, talk, runtime, leaseMs)
  const closing = new AbortController()
  const held = new Set<HeldLease>()
  const hints = new Map<string, Set<() => void>>()

  /** What all names of one key begin with. */
  const startOf = (key: string): string => {
    closing.signal.throwIfAborted()
    if (typeof key !== 'string' || key.length === 0 || key.length > 512 || !key.isWellFormed()) {
      throw new OptionsError('key', 'a shared value wants a key of 1 to 512 characters')
    }
    return `${name}|${encodeURIComponent(key)}|`
  }
  const tell = (key: string) => {
    // Late, so that what a hint throws is its own affair.
    for (const hint of hints.get(key) ?? []) queueMicrotask(() => hints.get(key)?.has(hint) && hint())
  }
  const spread = (key: string) => {
    talk.post({ type: 'hint', key })
    tell(key)
  }
  talk.listen((message) => {
    if (message.type === 'hint') tell(message.key)
  })

  const watch = (key: string, hint: () => void): (() => void) => {
    const all = hints.get(key) ?? new Set()
    hints.set(key, all)
    const entry = () => hint()
    all.add(entry)
    return () => {
      all.delete(entry)
      if (all.size === 0 && hints.get(key) === all) hints.delete(key)
    }
  }
  const tryLead = async (key: string): Promise<Lease | undefined> => {
    const start = startOf(key)
    const askedAt = clock.now()
    const granted = await leading.tryLead(start)
    if (granted === undefined) return undefined
    const giveBack = async () => {
      await granted.release()
      spread(key)
    }
    const grant = { version: granted.version, leaseMs, askedAt, renew: granted.renew, giveBack }
    const lease = holdLease(grant, clock, () => held.delete(lease))
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
    read: async (key) => values.read(key, startOf(key)),
    commit: async (key, write) => {
      const version = await values.commit(key, startOf(key), write)
      if (version) spread(key)
      return version
    },
    watch,
    tryLead,
    awaitChange: async (key, since, wait) => {
      const start = startOf(key)
      const look = async () => {
        if (!sameVersion(await values.version(key, start), since)) return 'changed'
        return (await leading.isLed(start)) ? undefined : 'free'
      }
      return awaitChange({ watch: (hint) => watch(key, hint), look, closed: closing.signal }, wait, runtime)
    },
    close: async () => {
      if (closing.signal.aborted) return
      closing.abort(new ClosedError('the coordination'))
      await Promise.all([...held].map((lease) => lease.end(closing.signal.reason)))
      hints.clear()
      values.close()
      board.close()
      talk.close()
    },
  }
}
