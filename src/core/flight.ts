import { type Follower, follow, isNever, unfollow } from './abort.ts'
import type { Chain } from './chain.ts'

export type Start<T> = (signal: AbortSignal, flight: Flight<T>) => Promise<T>

/** So many who have left may be kept beside those who wait. */
const mostLeft = 64

/**
 * One piece of work shared by every caller who asks for it while it runs.
 *
 * A caller who aborts leaves alone and gets its own reason; when the last one has left, the work is aborted. A failure
 * goes to those who waited and is not remembered. A caller without a signal cannot leave.
 */
export class Flight<T> {
  readonly #controller = new AbortController()
  readonly #work: Promise<T>
  /** Those who may leave. The others hold the work itself, and are only counted. */
  #waiters: Waiter<T>[] = []
  #callers = 0
  #over = false
  #deadlineAt: number
  readonly #onOver: () => void

  /**
   * @param start begins the work; its signal belongs to no caller, and the flight tells who waits for it
   * @param onOver the work has settled or was abandoned: whoever asks from now on needs a new flight
   * @param deadlineAt the patience of the caller who will join first: the work begins before that, and may ask for it
   */
  constructor(start: Start<T>, onOver: () => void, deadlineAt = -Infinity) {
    this.#onOver = onOver
    this.#deadlineAt = deadlineAt
    this.#work = begin(start, this.#controller.signal, this)
    this.#work.then(
      (value) => {
        this.#end()
        this.#land((waiter) => waiter.resolve(value))
      },
      (error) => {
        this.#end()
        this.#land((waiter) => waiter.reject(error))
      },
    )
  }

  /** Those who wait. */
  get callers(): number {
    return this.#callers
  }

  /** When the most patient of its callers stops waiting, on the clock's monotonic time. */
  get deadlineAt(): number {
    return this.#deadlineAt
  }

  join(signal?: AbortSignal, deadlineAt = Infinity): Promise<T> {
    const stays = signal === undefined || isNever(signal)
    if (!stays && signal.aborted) return Promise.reject(signal.reason)
    this.#callers++
    if (deadlineAt > this.#deadlineAt) this.#deadlineAt = deadlineAt
    if (stays) return this.#work
    return new Promise((resolve, reject) => {
      this.#waiters.push(new Waiter(this, signal, resolve, reject))
    })
  }

  /** For a waiter. */
  left(reason: unknown): void {
    const { length } = this.#waiters
    // Work that hangs while callers come and go must not keep them all.
    if (length >= 2 * this.#callers + mostLeft) this.#waiters = this.#waiters.filter(({ chain }) => chain !== undefined)
    if (--this.#callers === 0 && !this.#over) this.abort(reason)
  }

  /** Aborts the signal of the work even after its end: what it brought home may still hang on it, as a stream does. */
  abort(reason: unknown): void {
    this.#end()
    this.#controller.abort(reason)
  }

  #land(settle: (waiter: Waiter<T>) => void): void {
    for (const waiter of this.#waiters.splice(0)) {
      waiter.unfollow()
      settle(waiter)
    }
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#onOver()
  }
}

/** A caller who may leave: a promise of its own, and no chain of others behind it. */
class Waiter<T> implements Follower {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
  previous: Follower | undefined = undefined
  next: Follower | undefined = undefined
  chain: Chain<never> | undefined = undefined
  readonly #flight: Flight<T>
  readonly #signal: AbortSignal

  constructor(flight: Flight<T>, signal: AbortSignal, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.resolve = resolve
    this.reject = reject
    this.#flight = flight
    this.#signal = signal
    follow(signal, this)
  }

  aborted(): void {
    this.reject(this.#signal.reason)
    this.#flight.left(this.#signal.reason)
  }

  unfollow(): void {
    unfollow(this.#signal, this)
  }
}

/** A `start` that throws at once fails its callers like one that rejects, and no sooner. */
function begin<T>(start: Start<T>, signal: AbortSignal, flight: Flight<T>): Promise<T> {
  try {
    return start(signal, flight)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Flights by key. */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>()

  get size(): number {
    return this.#flights.size
  }

  /** The flight of this key that is under way. */
  get(key: string): Flight<T> | undefined {
    return this.#flights.get(key)
  }

  /** Joins the flight of this key, or starts it. */
  join(key: string, start: Start<T>, signal?: AbortSignal, deadlineAt = Infinity): Promise<T> {
    if (signal && !isNever(signal) && signal.aborted) return Promise.reject(signal.reason)
    const flight = this.#flights.get(key) ?? this.#begin(key, start, deadlineAt)
    return flight.join(signal, deadlineAt)
  }

  #begin(key: string, start: Start<T>, deadlineAt: number): Flight<T> {
    const over = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    const flight: Flight<T> = new Flight(start, over, deadlineAt)
    this.#flights.set(key, flight)
    return flight
  }
}
