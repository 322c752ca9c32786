import { BreakwaterError } from '../../core/error.ts'

/** No place was free and the queue was full. */
export class LimitError extends BreakwaterError {
  static readonly code = 'limit'
  override readonly name = 'LimitError'
  readonly inFlight: number
  readonly queued: number
  readonly limit: number

  constructor(seen: { inFlight: number; queued: number; limit: number }, upstream?: string) {
    super('limit', `${seen.inFlight} calls in flight of ${seen.limit} allowed, and ${seen.queued} waiting`, {
      upstream,
    })
    this.inFlight = seen.inFlight
    this.queued = seen.queued
    this.limit = seen.limit
  }
}
