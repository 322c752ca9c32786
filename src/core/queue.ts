import { onAbort } from './abort.ts'
import type { Context, Priority } from './layer.ts'

/** From the first to be served to the last. */
const ranks: Readonly<Record<Priority, number>> = { critical: 0, high: 1, normal: 2, low: 3, background: 4 }

interface Waiter {
  readonly go: () => void
  readonly fail: (reason: unknown) => void
}

/**
 * Callers who wait for their turn: the more important first, the earlier first among equals. A caller who aborts (a
 * deadline aborts too) leaves the queue at that moment. Waking one is a hand-over: nobody who comes later can take its
 * turn.
 */
export class WaitQueue {
  /** One for each rank, and none before somebody waits. A Set keeps its order and forgets any member in one step. */
  #levels: readonly Set<Waiter>[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Resolves at this caller's turn; rejects with the signal's reason, or with that of `failAll`. */
  wait(context: Context): Promise<void> {
    return new Promise((resolve, reject) => {
      if (context.signal.aborted) {
        reject(context.signal.reason)
        return
      }
      if (this.#levels.length === 0) this.#levels = Object.values(ranks).map(() => new Set())
      const level = this.#levels[ranks[context.priority]] as Set<Waiter>
      const forget = () => {
        if (level.delete(waiter)) this.#size--
        leave()
      }
      const waiter: Waiter = {
        go: () => {
          forget()
          resolve()
        },
        fail: (reason) => {
          forget()
          reject(reason)
        },
      }
      level.add(waiter)
      this.#size++
      const leave = onAbort(context.signal, () => waiter.fail(context.signal.reason))
    })
  }

  /** Wakes the next one; false if nobody waits. */
  wake(): boolean {
    for (const level of this.#levels) {
      for (const waiter of level) {
        waiter.go()
        return true
      }
    }
    return false
  }

  /** Sends everybody away, each with its own reason. */
  failAll(reason: () => unknown): void {
    for (const level of this.#levels) for (const waiter of [...level]) waiter.fail(reason())
  }
}
