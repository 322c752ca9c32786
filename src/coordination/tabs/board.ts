import type { Clock } from '../../core/clock.ts'

/**
 * Names that tabs hold, for all to see. Whatever they agree on without storing anything is written in such names, and
 * they go with the tab that holds them.
 */
export interface Board {
  /** Holds a name until it is let go. Alone: undefined if somebody has it. Never waits for it. */
  hold(name: string, mode: 'alone' | 'together'): Promise<LetGo | undefined>
  /** The names that are held by anybody and begin so. */
  names(start: string): Promise<string[]>
  /** Runs `work` while nobody else runs theirs under this name. Whoever waited too long for that goes ahead. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>
  close(): void
}

/** Takes a name off the board. Resolves when it is off; a second call does nothing. */
export type LetGo = () => Promise<void>

/** How long a tab waits for its turn. A turn takes a few ms; one that takes longer is held by a tab that was frozen in it. */
export const turnMs = 1_000

/** By Web Locks: exact, also about a tab that is frozen. They are never stolen, and only a turn is ever waited for. */
export function lockBoard(locks: LockManager, clock: Clock): Board {
  const held = new Set<LetGo>()
  const closing = new AbortController()

  const take = (name: string, options: LockOptions): Promise<LetGo | undefined> =>
    new Promise((resolve, reject) => {
      const keep = async (lock: Lock | null) => {
        if (lock === null) {
          resolve(undefined)
          return
        }
        await new Promise<void>((end) => {
          const letGo = () => {
            held.delete(letGo)
            end()
            return over
          }
          held.add(letGo)
          if (closing.signal.aborted) end()
          resolve(letGo)
        })
      }
      // Another script of the page can steal a lock; then it is off the board as well.
      const over = locks.request(name, options, keep).then(
        () => {},
        (error) => reject(error),
      )
    })

  return {
    hold: (name, mode) =>
      take(name, mode === 'alone' ? { mode: 'exclusive', ifAvailable: true } : { mode: 'shared', ifAvailable: true }),
    names: async (start) => {
      const { held: all = [] } = await locks.query()
      return all.flatMap(({ name }) => (name?.startsWith(start) ? [name] : []))
    },
    inTurn: async (name, work) => {
      const patience = new AbortController()
      const cancel = clock.setTimer(turnMs, () => patience.abort(), true)
      // Only our patience ends the request; then we go ahead without it.
      const letGo = await take(name, { signal: patience.signal }).catch(() => undefined)
      cancel()
      try {
        return await work()
      } finally {
        await letGo?.()
      }
    },
    close: () => {
      closing.abort()
      for (const letGo of [...held]) void letGo()
    },
  }
}

/** The platform's locks, where there are any: pages served over plain http have none. */
export function platformLocks(): LockManager | undefined {
  if (typeof navigator !== 'object') return undefined
  const { locks } = navigator as { locks?: LockManager }
  return typeof locks?.request === 'function' && typeof locks.query === 'function' ? locks : undefined
}
