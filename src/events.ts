import type { CircuitEvent } from './layers/breaker/index.ts'
import type { HedgeEvent } from './layers/hedge/index.ts'
import type { LimitEvent } from './layers/limit/index.ts'
import type { ObserveEvent } from './layers/observe.ts'
import type { PushbackEvent } from './layers/pushback/index.ts'
import type { RetryEvent } from './layers/retry.ts'
import type { FlightEvent } from './layers/single-flight.ts'
import type { ThrottleEvent } from './layers/throttle/index.ts'
import type { TokenEvent } from './refresh/token-events.ts'
import type { SocketEvent } from './socket/socket-event.ts'
import type { HerdEvent } from './telemetry/herd.ts'

/** What a request is called in the events of the layers that see requests. */
interface OfRequest {
  readonly upstream: string
  readonly method: string
}

/** Everything that a client tells. No event holds a credential, a query, a header or a body. */
export type BreakwaterEvent =
  | ((ObserveEvent | RetryEvent | HedgeEvent | FlightEvent) & OfRequest)
  | SocketEvent
  | ((CircuitEvent | LimitEvent | PushbackEvent | ThrottleEvent | HerdEvent) & { readonly upstream: string })
  // Of no upstream: whoever hears all events may ask each of them for its own.
  | (TokenEvent & { readonly upstream?: undefined })
