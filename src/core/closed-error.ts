import { BreakwaterError } from './error.ts'

/** It was closed: a client, a token source, a cache. */
export class ClosedError extends BreakwaterError {
  static readonly code = 'closed'
  override readonly name = 'ClosedError'

  constructor(what = 'the client') {
    super('closed', `${what} is closed`)
  }
}
