import { onAbort } from '../core/abort.ts'
import type { Clock } from '../core/clock.ts'
import type { Context, Layer } from '../core/layer.ts'
import type { Dialed, Dialing } from './dial.ts'

/** Dials of one process to one upstream at a time: a server's handshakes are dear, and its sockets in one process many. */
const most = 64

/** Fewer than these make a server that is back wait for us. */
const least = 4

/** A stall is seen by every dial that is under way, and cuts the limit once, in ms. */
const cutEveryMs = 1_000

/**
 * A dial that began this much before one that succeeded has been forgotten by the server or the network, in ms. Less
 * would take the slower of two that began together for lost.
 */
const overtakenMs = 1_000

/** The dials of this process to one upstream. */
export interface Dials {
  /** One place each, from here to the answer. */
  readonly layer: Layer<Dialing, Dialed>
  /** Dials that wait for their turn. */
  waiting(): number
}

/**
 * Lets only so many dials through at a time (halved after a timeout, one more for each success), and tells dials that
 * hang when a later one got through.
 */
export function limitDials(clock: Clock): Dials {
  /** Those who wait for their turn, in order: dials have no ranks, so this is less than the queue of the layers. */
  const queue = new Set<() => void>()
  const underWay = new Map<Dialing, number>()
  let taken = 0
  let limit = most
  let cutAt = -Infinity

  function turn({ signal }: Context): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        leave()
        resolve()
      }
      queue.add(go)
      const leave = onAbort(signal, () => {
        queue.delete(go)
        reject(signal.reason)
      })
    })
  }

  /** Whoever is woken has its place already: nobody who comes in between can take it. */
  function admit(): void {
    for (const go of queue) {
      if (taken >= limit) return
      taken++
      queue.delete(go)
      go()
    }
  }

  function learn({ verdict }: Dialed, startedAt: number): void {
    const now = clock.now()
    if (verdict === 'success') {
      limit = Math.min(most, limit + 1)
      for (const [dialing, since] of underWay) if (since + overtakenMs <= startedAt) dialing.overtaken()
    } else if ((verdict === 'timeout' || verdict === 'overload') && now - cutAt >= cutEveryMs) {
      cutAt = now
      limit = Math.max(least, Math.floor(taken / 2))
    }
  }

  const layer: Layer<Dialing, Dialed> = (next) => async (dialing, context) => {
    if (queue.size === 0 && taken < limit) taken++
    else await turn(context)
    const startedAt = clock.now()
    underWay.set(dialing, startedAt)
    try {
      const dialed = await next(dialing, context)
      underWay.delete(dialing)
      learn(dialed, startedAt)
      return dialed
    } finally {
      underWay.delete(dialing)
      taken--
      admit()
    }
  }
  return { layer, waiting: () => queue.size }
}
