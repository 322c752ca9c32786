import type { CircuitEvent } from './layers/breaker/index.ts'
import type { LimitEvent } from './layers/limit/index.ts'
import type { ObserveEvent } from './layers/observe.ts'
import type { PushbackEvent } from './layers/pushback.ts'
import type { RetryEvent } from './layers/retry.ts'

/** What a request is called in the events of the layers that see requests. */
interface OfRequest {
  readonly upstream: string
  readonly method: string
}

/** Everything that a client tells. No event holds a credential, a query, a header or a body. */
export type BreakwaterEvent =
  | ((ObserveEvent | RetryEvent) & OfRequest)
  | ((CircuitEvent | LimitEvent | PushbackEvent) & { readonly upstream: string })
