import type { Runtime } from '../core/runtime.ts'

/** Sends one; false where there is no room yet. */
export type SendSubscription = (t: 'sub' | 'unsub', key: string, data: string) => boolean

/**
 * What a socket is subscribed to. A server that has forgotten us gets all of it again, one by one at a jittered pace:
 * a fleet that repeats every subscription in the moment of its return is a second herd.
 */
export class Subscriptions {
  readonly #perSecond: number
  readonly #send: SendSubscription
  readonly #active = new Map<string, string>()
  /** Keys that the server has not been told the latest of. */
  readonly #pending = new Set<string>()
  #runtime: Runtime | undefined
  #cancel: (() => void) | undefined
  /** Whether what waits is sent one by one: the answer to a loss, and not to a caller. */
  #paced = false

  constructor(perSecond: number, send: SendSubscription) {
    this.#perSecond = perSecond
    this.#send = send
  }

  set(key: string, data: string): void {
    if (this.#active.get(key) === data) return
    this.#active.set(key, data)
    this.#pending.add(key)
    this.pump()
  }

  delete(key: string): void {
    if (!this.#active.delete(key)) return
    this.#pending.add(key)
    this.pump()
  }

  /** A connection is there. */
  resume(runtime: Runtime, forgotten: boolean): void {
    // Of the connection before it, where this one takes over: one pace is enough.
    this.pause()
    this.#runtime = runtime
    if (forgotten) {
      this.#pending.clear()
      for (const key of this.#active.keys()) this.#pending.add(key)
      this.#paced = this.#pending.size > 0
    }
    // The first one too: else every client of a fleet sends its first one at once.
    if (this.#paced) this.#wait(runtime)
    else this.pump()
  }

  pause(): void {
    this.#runtime = undefined
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Sends what waits: at once, or one by one at the pace of a return. */
  pump(): void {
    const runtime = this.#runtime
    if (runtime === undefined || this.#cancel) return
    for (const key of this.#pending) {
      const data = this.#active.get(key)
      if (!this.#send(data === undefined ? 'unsub' : 'sub', key, data ?? '')) return
      this.#pending.delete(key)
      if (this.#paced && this.#pending.size > 0) {
        this.#wait(runtime)
        return
      }
    }
    this.#paced = false
  }

  /** Twice a uniform share of the pace: the mean is the pace. */
  #wait({ clock, random }: Runtime): void {
    this.#cancel = clock.setTimer((2 * random() * 1_000) / this.#perSecond, () => {
      this.#cancel = undefined
      this.pump()
    })
  }
}
