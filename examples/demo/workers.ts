import type { ServerResponse } from 'node:http'
import type { ServerPlan } from '../server.ts'

/** What a timer is late by on a machine that is merely busy. */
const latestTimerMs = 5

/** Workers behind a bounded queue. Nothing leaves the queue but through a worker. */
export class Workers {
  readonly #plan: ServerPlan
  readonly #queue: ServerResponse[] = []
  readonly #held: ServerResponse[] = []
  #idle: number
  #frozen = false

  constructor(plan: ServerPlan) {
    this.#plan = plan
    this.#idle = plan.workers
  }

  /** False when there is no room. */
  take(response: ServerResponse): boolean {
    if (this.#idle > 0 && !this.#frozen) this.#work(response, performance.now())
    else if (this.#queue.length < this.#plan.queue) this.#queue.push(response)
    else return false
    return true
  }

  freeze(): void {
    this.#frozen = true
  }

  thaw(): void {
    this.#frozen = false
    const now = performance.now()
    for (const response of this.#held.splice(0)) this.#finish(response, now)
    while (this.#idle > 0 && this.#queue.length > 0) this.#work(this.#queue.shift()!, now)
  }

  #work(response: ServerResponse, startAt: number): void {
    this.#idle--
    // Reckoned from when it was due, not from now: late timers would make the server slower than its plan says. No
    // more than that is made up for: after a stall of the whole machine it would be faster than its plan says.
    const endAt = Math.max(startAt, performance.now() - latestTimerMs) + this.#plan.serviceMs
    setTimeout(() => this.#finish(response, endAt), Math.max(0, endAt - performance.now()))
  }

  #finish(response: ServerResponse, endAt: number): void {
    if (this.#frozen) {
      this.#held.push(response)
      return
    }
    // Only here, with the work done, does it notice that a client has left: that is why abandoned work costs as much.
    if (!response.destroyed) response.end('done\n')
    this.#idle++
    const next = this.#queue.shift()
    if (next) this.#work(next, endAt)
  }
}
