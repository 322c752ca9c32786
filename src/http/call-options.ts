import type { Priority } from '../core/layer.ts'
import { duration, oneOf, type Rules } from '../core/options.ts'
import { group } from './options.ts'
import type { HttpRetryOptions } from './retry-options.ts'

/** What one call may say for itself: `fetch(url, { breakwater: { … } })`, and the same key among ky's options. */
export interface CallOptions {
  /** As the client's `deadlineMs`. */
  deadlineMs?: number | undefined
  /** As the client's `attemptMs`. */
  attemptMs?: number | undefined
  /** Who goes first where there is not room for all. `'normal'` if absent. */
  priority?: Priority | undefined
  /** `true`: it may be repeated although its method says no. `false`: never, although its method says yes. */
  idempotent?: boolean | undefined
  /** `false`: this call is not hedged though the client hedges. An unsafe method is only where it is `idempotent`. */
  hedge?: boolean | undefined
  /** `false`: this call is not shared. */
  singleFlight?: boolean | undefined
  /** Changes to the client's retry options, or `false` for a single attempt. */
  retry?: Partial<HttpRetryOptions> | false | undefined
}

export const callRules: Rules<CallOptions> = {
  deadlineMs: duration,
  attemptMs: duration,
  priority: oneOf('critical', 'high', 'normal', 'low', 'background'),
  idempotent: oneOf(true, false),
  hedge: oneOf(true, false),
  singleFlight: oneOf(true, false),
  retry: group,
}
