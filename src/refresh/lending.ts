import type { RuntimeEvent } from '../core/runtime.ts'
import type { TokenFetch, TokenSource } from './token.ts'

/** Registered, so that two installed copies of the package understand each other. */
export const lending: unique symbol = Symbol.for('breakwater.lending') as never

/** What a client lends to the token source that it uses. */
export interface Lender {
  /** Its `fetch`, with layers and upstreams, without a token. */
  readonly fetch: TokenFetch
  /** Tells its listeners, if there are any. */
  emit(event: RuntimeEvent): void
}

/** A source that borrows; one that somebody else has written need not. */
export interface Borrower {
  /** The function returned takes it back. */
  [lending]?(lender: Lender): () => void
}

/** A lender lives as long as what it lends for. */
const lentBy = new WeakMap<object, Lender>()

/**
 * Lends to a source, for as long as `owner` lives: a server may make a client for each of its requests, and a source
 * outlives them all. The function returned takes it back.
 */
export function lend(source: TokenSource & Borrower, lender: Lender, owner: object): () => void {
  lentBy.set(owner, lender)
  return source[lending]?.(lender) ?? (() => {})
}

/** Held weakly where that exists: Hermes does not always have it. */
interface Held {
  deref(): Lender | undefined
}

/** Those who lend to one source. */
export class Lenders {
  readonly #held = new Set<Held>()

  /** The function returned ends it. */
  add(lender: Lender): () => void {
    const held = hold(lender)
    this.#held.add(held)
    return () => this.#held.delete(held)
  }

  /** Those that are still there, the oldest first. */
  get all(): Lender[] {
    const all: Lender[] = []
    for (const held of this.#held) {
      const lender = held.deref()
      if (lender) all.push(lender)
      else this.#held.delete(held)
    }
    return all
  }
}

// A function of its own, because what one closure of a function holds, all of them hold.
function hold(lender: Lender): Held {
  return typeof WeakRef === 'undefined' ? { deref: () => lender } : new WeakRef(lender)
}
