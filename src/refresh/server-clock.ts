import type { Clock } from '../core/clock.ts'
import { parseHttpDate } from '../core/http-date.ts'

/** Answers that are remembered: of an odd number the median is one of them, and a single slow one does not count. */
const remembered = 5

/** Clocks that differ by less are the same clock, in ms. */
const tolerableMs = 5_000

/**
 * How far a server's clock is ahead of ours, by the `Date` header of its answers: that against the middle between
 * sending and receiving, which is off by at most half of the time between them, and half a second of rounding.
 */
export class ServerClock {
  readonly #clock: Clock
  readonly #skews: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Undefined before the first answer that says the time. */
  get skewMs(): number | undefined {
    return [...this.#skews].sort((a, b) => a - b)[this.#skews.length >> 1]
  }

  /** Runs a request and looks at the clock of its answer. */
  async watch(request: () => Promise<Response>): Promise<Response> {
    const sentAt = this.#clock.wallNow()
    const response = await request()
    const gotAt = this.#clock.wallNow()
    const date = parseHttpDate(response.headers.get('date') ?? '', gotAt)
    if (date === undefined) return response
    const skew = date + 500 - (sentAt + gotAt) / 2
    const doubt = Math.abs(gotAt - sentAt) / 2 + 500
    this.#skews.push(Math.abs(skew) > Math.max(tolerableMs, doubt) ? skew : 0)
    if (this.#skews.length > remembered) this.#skews.shift()
    return response
  }
}
