import { ClosedError } from '../core/closed-error.ts'
import { number, object, type Rules, resolve } from '../core/options.ts'
import { identifier } from '../core/random.ts'
import { createRuntime, type Runtime } from '../core/runtime.ts'
import { awaitChange } from './await-change.ts'
import {
  type Coordination,
  type Lease,
  type Stored,
  sameVersion,
  type Version,
  type Wait,
  type Write,
} from './coordination.ts'

export interface MemoryCoordinationOptions {
  /**
   * How long the work of a leader who vanished can hold up the others, in ms. In one process only a machine that slept
   * makes one vanish.
   * @default 10000
   */
  leaseMs: number
  /** Shared by those who are to meet; a place of its own if absent. */
  place: MemoryPlace | undefined
  /** Time and chance other than the platform's. */
  runtime: Partial<Runtime> | undefined
}

export const memoryCoordinationDefaults: Readonly<MemoryCoordinationOptions> = {
  leaseMs: 10_000,
  place: undefined,
  runtime: undefined,
}

const rules: Rules<MemoryCoordinationOptions> = {
  // Marked, so that who takes only the defaults takes no rule along.
  leaseMs: /* @__PURE__ */ number(1, 2 ** 31 - 1),
  place: object,
  runtime: object,
}

interface Ending {
  readonly version: Version
  /** On the monotonic clock. */
  endsAt: number
}

/** Below this many keys nobody looks for values whose time is over. */
const sweepFrom = 64

/** What several coordinations of one process share. */
export class MemoryPlace {
  readonly #epoch = identifier()
  #count = 0
  #sweepAt = sweepFrom
  readonly values = new Map<string, Ending & { readonly value: string; readonly committedAt: number }>()
  readonly leases = new Map<string, Ending>()
  readonly #hints = new Map<string, Set<() => void>>()

  /** A version that was never given before. */
  next(): Version {
    return { epoch: this.#epoch, number: ++this.#count }
  }

  /** Forgets what is over, now and then, so that keys which nobody asks for again do not pile up. */
  sweep(now: number): void {
    if (this.values.size < this.#sweepAt) return
    for (const [key, { endsAt }] of this.values) if (endsAt <= now) this.values.delete(key)
    this.#sweepAt = Math.max(sweepFrom, 2 * this.values.size)
  }

  hint(key: string): void {
    for (const tell of [...(this.#hints.get(key) ?? [])]) tell()
  }

  watch(key: string, hint: () => void): () => void {
    const hints = this.#hints.get(key) ?? new Set()
    this.#hints.set(key, hints)
    // After the commit, never inside it, and whatever a hint throws is its own affair.
    const tell = () => queueMicrotask(() => hints.has(tell) && hint())
    hints.add(tell)
    return () => {
      hints.delete(tell)
      if (hints.size === 0 && this.#hints.get(key) === hints) this.#hints.delete(key)
    }
  }
}

/**
 * Coordination inside one process, as long as it lives. Give several the same `place` and their users meet there, each
 * with a `close` of its own.
 *
 * @throws OptionsError for an unknown option or a bad value
 */
export function memoryCoordination(given?: Partial<MemoryCoordinationOptions>): Coordination {
  const { leaseMs, place = new MemoryPlace(), ...options } = resolve('memory', memoryCoordinationDefaults, rules, given)
  const runtime = createRuntime(options.runtime)
  const { clock } = runtime
  const closing = new AbortController()
  const open = new Set<() => void>()

  const current = (key: string): ReturnType<typeof place.values.get> => {
    const known = place.values.get(key)
    if (known === undefined || known.endsAt > clock.now()) return known
    place.values.delete(key)
    return undefined
  }
  const holder = (key: string): Ending | undefined => {
    const held = place.leases.get(key)
    return held && held.endsAt > clock.now() ? held : undefined
  }
  const read = async (key: string): Promise<Stored | undefined> => {
    closing.signal.throwIfAborted()
    const known = current(key)
    return known && { version: known.version, value: known.value, ageMs: clock.now() - known.committedAt }
  }
  const commit = async (key: string, { value, expected, expiresInMs }: Write): Promise<Version | undefined> => {
    closing.signal.throwIfAborted()
    if (!sameVersion(current(key)?.version, expected)) return undefined
    const now = clock.now()
    place.sweep(now)
    const version = place.next()
    place.values.set(key, { version, value, committedAt: now, endsAt: now + expiresInMs })
    place.hint(key)
    return version
  }
  const watch = (key: string, hint: () => void): (() => void) => {
    const unwatch = place.watch(key, hint)
    const end = () => {
      open.delete(end)
      unwatch()
    }
    open.add(end)
    return end
  }
  const tryLead = async (key: string): Promise<Lease | undefined> => {
    closing.signal.throwIfAborted()
    if (holder(key)) return undefined
    const held: Ending = { version: place.next(), endsAt: clock.now() + leaseMs }
    place.leases.set(key, held)
    return lease(key, held)
  }

  function lease(key: string, held: Ending): Lease {
    const lost = new AbortController()
    let cancel: (() => void) | undefined
    const renew = () => {
      if (holder(key) !== held) lose(new Error('the lease has lapsed'))
      else {
        held.endsAt = clock.now() + leaseMs
        cancel = clock.setTimer(leaseMs / 3, renew)
      }
    }
    const giveBack = () => {
      cancel?.()
      open.delete(end)
      if (place.leases.get(key) !== held) return
      place.leases.delete(key)
      place.hint(key)
    }
    const lose = (reason: unknown) => {
      giveBack()
      lost.abort(reason)
    }
    const end = () => lose(closing.signal.reason)
    open.add(end)
    cancel = clock.setTimer(leaseMs / 3, renew)
    return { version: held.version, lost: lost.signal, release: async () => giveBack() }
  }

  return {
    leaseMs,
    read,
    commit,
    watch,
    tryLead,
    awaitChange: (key, since, wait: Wait) => {
      const look = async () => {
        if (!sameVersion((await read(key))?.version, since)) return 'changed'
        return holder(key) ? undefined : 'free'
      }
      return awaitChange({ watch: (hint) => watch(key, hint), look, closed: closing.signal }, wait, runtime)
    },
    close: async () => {
      if (closing.signal.aborted) return
      closing.abort(new ClosedError('the coordination'))
      for (const end of [...open]) end()
    },
  }
}
