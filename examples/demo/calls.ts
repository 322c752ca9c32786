import { setTimeout as sleep } from 'node:timers/promises'
import type { Fleet, Send } from './fleets.ts'
import type { Due } from './traffic.ts'

/** One call as its caller saw it, in ms from the start. */
export interface SettledCall {
  readonly startMs: number
  readonly endMs: number
  readonly ok: boolean
}

/** The calls of one run, made when they are due whether or not earlier ones have come back. */
export class Calls {
  readonly settled: SettledCall[] = []
  readonly #fleet: Fleet
  readonly #url: string
  readonly #over: AbortSignal
  readonly #open = new Set<Promise<void>>()
  #startedAt = performance.now()

  constructor(fleet: Fleet, url: string, over: AbortSignal) {
    this.#fleet = fleet
    this.#url = url
    this.#over = over
  }

  get now(): number {
    return performance.now() - this.#startedAt
  }

  async make(due: readonly Due[], forMs: number, stop: AbortSignal): Promise<void> {
    this.#startedAt = performance.now()
    for (const { client, atMs } of due) {
      await this.#until(atMs, stop)
      const call = this.#make(this.#fleet.clients[client]!, atMs)
      this.#open.add(call)
      call.finally(() => this.#open.delete(call))
    }
    await this.#until(forMs, stop)
  }

  async drain(graceMs: number): Promise<void> {
    const drained = new AbortController()
    await Promise.race([Promise.all(this.#open), sleep(graceMs, undefined, { signal: drained.signal })])
    drained.abort()
  }

  async #make(send: Send, startMs: number): Promise<void> {
    let ok = false
    try {
      const response = await send(this.#url, this.#over)
      await response.arrayBuffer()
      ok = response.ok
    } catch {
      // The figures count what came of a call, not why.
    }
    this.settled.push({ startMs, endMs: this.now, ok })
  }

  async #until(atMs: number, stop: AbortSignal): Promise<void> {
    stop.throwIfAborted()
    const left = atMs - this.now
    if (left > 0) await sleep(left, undefined, { signal: stop })
  }
}
