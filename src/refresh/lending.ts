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

/** Lends to a source. The function returned takes it back. */
export function lend(source: TokenSource & Borrower, lender: Lender): () => void {
  return source[lending]?.(lender) ?? (() => {})
}
