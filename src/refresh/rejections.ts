import type { Runtime } from '../core/runtime.ts'

/** A token that is refused so soon after its issue was never any good: the next one will hardly be better. In ms. */
const youngMs = 60_000

/** Renewals after such tokens, in a minute. */
const mostPerMinute = 3

/** The first pause of those that follow each other, which doubles, and the longest, in ms. */
const pauseMs = { first: 10_000, longest: 300_000 }

/**
 * Decides whether a token that a server refused is renewed. One that was in use and then refused was revoked, and is
 * renewed at once. One that is refused right after its issue points to a fault that no renewal mends (a wrong audience,
 * a clock, a server that has lost its keys), and a fleet that renews at every 401 takes the provider down as well.
 */
export class Rejections {
  readonly #runtime: Runtime
  /** When the last few renewals were allowed. */
  readonly #allowed: number[] = []
  /** Refused when they were young: that they have grown old since makes them no better. */
  readonly #neverGood = new WeakSet<object>()
  #inARow = 0
  #notBefore = -Infinity

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** @param ageMs how long ago the token was issued */
  allow(token: object, ageMs: number, lifetimeMs: number): boolean {
    const { clock, random } = this.#runtime
    if (ageMs >= Math.min(youngMs, lifetimeMs / 2) && !this.#neverGood.has(token)) {
      this.#inARow = 0
      return true
    }
    this.#neverGood.add(token)
    const now = clock.now()
    while ((this.#allowed[0] ?? Infinity) <= now - 60_000) this.#allowed.shift()
    if (now < this.#notBefore || this.#allowed.length >= mostPerMinute) return false
    this.#allowed.push(now)
    const pause = Math.min(pauseMs.longest, pauseMs.first * 2 ** this.#inARow++)
    this.#notBefore = now + pause * (0.5 + 0.5 * random())
    return true
  }
}
