import { onAbort } from './abort.ts'

export type Start<T> = (signal: AbortSignal, flight: Flight<T>) => Promise<T>

/**
 * One piece of work shared by every caller who asks for it while it runs.
 *
 * A caller who aborts leaves alone and gets its own reason; when the last one has left, the work is aborted. A failure
 * goes to those who waited and is not remembered. A caller without a signal cannot leave.
 */
export class Flight<T> {
  readonly #controller = new AbortController()
  readonly #work: Promise<T>
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
    const land = () => this.#end()
    this.#work.then(land, land)
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
    if (signal?.aborted) return Promise.reject(signal.reason)
    this.#callers++
    this.#deadlineAt = Math.max(this.#deadlineAt, deadlineAt)
    if (signal === undefined) return this.#work
    return new Promise((resolve, reject) => {
      const leave = onAbort(signal, () => {
        reject(signal.reason)
        if (--this.#callers === 0 && !this.#over) this.abort(signal.reason)
      })
      this.#work.then(
        (value) => {
          leave()
          resolve(value)
        },
        (error) => {
          leave()
          reject(error)
        },
      )
    })
  }

  /** Aborts the signal of the work even after its end: what it brought home may still hang on it, as a stream does. */
  abort(reason: unknown): void {
    this.#end()
    this.#controller.abort(reason)
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#onOver()
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

  has(key: string): boolean {
    return this.#flights.has(key)
  }

  /** Joins the flight of this key, or starts it. */
  join(key: string, start: Start<T>, signal?: AbortSignal, deadlineAt = Infinity): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    let flight = this.#flights.get(key)
    if (flight === undefined) {
      const over = () => {
        if (this.#flights.get(key) === started) this.#flights.delete(key)
      }
      const started: Flight<T> = new Flight(start, over, deadlineAt)
      flight = started
      this.#flights.set(key, flight)
    }
    return flight.join(signal, deadlineAt)
  }
}
