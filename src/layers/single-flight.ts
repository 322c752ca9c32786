import { onAbort } from '../core/abort.ts'
import { type Flight, Flights, type Start } from '../core/flight.ts'
import type { Layer } from '../core/layer.ts'

export interface SingleFlightNeeds<Req, Res> {
  /** What makes two requests the same; undefined for one that must not be shared. */
  keyOf: (request: Req) => string | undefined
  /**
   * Makes copies of a value, for several callers. Where it cannot be copied it is given back: then one caller gets it, and
   * each of the others makes its own call. Absent: all get the same value.
   */
  share?: (value: Res) => Promise<Shared<Res>>
  /** A value that only one has is not always the end: as long as its body streams, its caller's abort must reach it. */
  linger?: (value: Res, release: () => void) => void
  /** A caller joined the call of another. */
  joined?: (request: Req, leader: Req) => void
  /** What an event says of a request: names, never its content. */
  label?: (request: Req) => object
}

/** A value for all, or for one. */
export type Shared<Res> = { readonly copy: () => Res } | { readonly one: Res }

export interface FlightEvent {
  readonly type: 'flight.joined'
}

/** What a flight brings home: copies for all, or one value for one. */
type Landed<Req, Res> = { readonly leader: Req } & (
  | { readonly copy: () => Res }
  | { readonly take: () => { readonly value: Res } | undefined; readonly abort: Flight<unknown>['abort'] }
)

/**
 * Lets callers who ask for the same thing at the same time share one call. Followers cost no attempt and no budget. Each
 * may leave on its own, and the work ends with the last of them; its patience is that of the most patient. A failure is
 * shared with those who waited, and forgotten. With a single caller nothing is copied.
 */
export function singleFlight<Req, Res>(needs: SingleFlightNeeds<Req, Res>): Layer<Req, Res> {
  const { keyOf, share = same, linger, joined, label } = needs
  return (next, runtime) => {
    const flights = new Flights<Landed<Req, Res>>()
    return async (request, context) => {
      const key = keyOf(request)
      if (key === undefined) return next(request, context)
      const follows = flights.has(key)
      if (follows && runtime.emit) runtime.emit({ type: 'flight.joined', ...label?.(request) } as FlightEvent)
      const fly: Start<Landed<Req, Res>> = async (signal, flight) => {
        // Read at the time of each wait: somebody more patient may have joined.
        const patience = { get: () => flight.deadlineAt, enumerable: true }
        const below = Object.defineProperty({ ...context, signal }, 'deadlineAt', patience)
        const value = await next(request, below)
        const shared = flight.callers > 1 ? await share(value) : { one: value }
        if ('copy' in shared) return { leader: request, ...shared }
        return { leader: request, take: once(shared.one), abort: (reason) => flight.abort(reason) }
      }
      const landed = await flights.join(key, fly, context.signal, context.deadlineAt)
      if (follows) joined?.(request, landed.leader)
      if ('copy' in landed) return landed.copy()
      const taken = landed.take()
      if (taken === undefined) return next(request, context)
      linger?.(
        taken.value,
        onAbort(context.signal, () => landed.abort(context.signal.reason)),
      )
      return taken.value
    }
  }
}

async function same<Res>(value: Res): Promise<Shared<Res>> {
  return { copy: () => value }
}

/** For a value that only one can have. */
function once<Res>(value: Res): () => { readonly value: Res } | undefined {
  let left: { readonly value: Res } | undefined = { value }
  return () => {
    const taken = left
    left = undefined
    return taken
  }
}
