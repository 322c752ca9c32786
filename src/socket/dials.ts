import type { Clock } from '../core/clock.ts'
import type { Context, Layer } from '../core/layer.ts'
import { WaitQueue } from '../core/queue.ts'
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

/**
 * The dials of this process to one upstream. It lets only so many through at a time (halved after a timeout, one more
 * for each success), and tells dials that hang when a later one got through.
 */
export class Dials {
  readonly #clock: Clock
  readonly #queue = new WaitQueue()
  readonly #underWay = new Map<Dialing, number>()
  #taken = 0
  #limit = most
  #cutAt = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Dials that wait for their turn. */
  get waiting(): number {
    return this.#queue.size
  }

  /** One place each, from here to the answer. */
  readonly layer: Layer<Dialing, Dialed> = (next) => async (dialing, context) => {
    if (this.#queue.size === 0 && this.#taken < this.#limit) this.#taken++
    else await this.#turn(context)
    const startedAt = this.#clock.now()
    this.#underWay.set(dialing, startedAt)
    try {
      const dialed = await next(dialing, context)
      this.#underWay.delete(dialing)
      this.#learn(dialed, startedAt)
      return dialed
    } finally {
      this.#underWay.delete(dialing)
      this.#taken--
      this.#admit()
    }
  }

  #turn(context: Context): Promise<void> {
    const turn = this.#queue.wait(context)
    this.#admit()
    return turn
  }

  /** Whoever is woken has its place already: nobody who comes in between can take it. */
  #admit(): void {
    while (this.#queue.size > 0 && this.#taken < this.#limit) {
      this.#taken++
      this.#queue.wake()
    }
  }

  #learn({ verdict }: Dialed, startedAt: number): void {
    const now = this.#clock.now()
    if (verdict === 'success') {
      this.#limit = Math.min(most, this.#limit + 1)
      for (const [dialing, since] of this.#underWay) if (since + overtakenMs <= startedAt) dialing.overtaken()
    } else if ((verdict === 'timeout' || verdict === 'overload') && now - this.#cutAt >= cutEveryMs) {
      this.#cutAt = now
      this.#limit = Math.max(least, Math.floor(this.#taken / 2))
    }
  }
}
