import { onAbort } from '../core/abort.ts'
import { type Flight, Flights, type Start } from '../core/flight.ts'
import type { Context, Layer } from '../core/layer.ts'

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

/**
 * Lets callers who ask for the same thing at the same time share one call. Followers cost no attempt and no budget. Each
 * may leave on its own, and the work ends with the last of them; its patience is that of the most patient. A failure is
 * shared with those who waited, and forgotten. With a single caller nothing is copied.
 */
export function singleFlight<Req, Res>(needs: SingleFlightNeeds<Req, Res>): Layer<Req, Res> {
  const { keyOf, share, joined, label } = needs
  return (next, runtime) => {
    const flights = new Flights<Landed<Req, Res>>()
    // Where all get the same value and nobody wants to know whose it is, those who cannot leave hold the work itself.
    const plain = share || joined ? undefined : new Flights<Res>()
    const told = (request: Req) => runtime.emit?.({ type: 'flight.joined', ...label?.(request) } as FlightEvent)

    const joinPlain = (all: Flights<Res>, key: string, request: Req, context: Context) => {
      const { signal, deadlineAt } = context
      const known = all.get(key)
      if (known === undefined) {
        const fly: Start<Res> = (own, flight) => next(request, patient(context, own, flight))
        return all.join(key, fly, signal, deadlineAt)
      }
      if (runtime.emit) told(request)
      return known.join(signal, deadlineAt)
    }

    const joinLanding = async (key: string, request: Req, context: Context) => {
      const { signal, deadlineAt } = context
      const follows = flights.get(key) !== undefined
      if (follows && runtime.emit) told(request)
      const fly: Start<Landed<Req, Res>> = async (own, flight) => {
        const value = await next(request, patient(context, own, flight))
        const shared = !share ? { copy: () => value } : flight.callers > 1 ? await share(value) : { one: value }
        if ('copy' in shared) return { leader: request, ...shared }
        return { leader: request, take: once(shared.one), abort: (reason) => flight.abort(reason) }
      }
      const landed = await flights.join(key, fly, signal, deadlineAt)
      if (follows) joined?.(request, landed.leader)
      if ('copy' in landed) return landed.copy()
      const taken = landed.take()
      if (taken === undefined) return next(request, context)
      needs.linger?.(
        taken.value,
        onAbort(signal, () => landed.abort(signal.reason)),
      )
      return taken.value
    }

    return (request, context) => {
      try {
        const key = keyOf(request)
        if (key === undefined) return next(request, context)
        return plain ? joinPlain(plain, key, request, context) : joinLanding(key, request, context)
      } catch (error) {
        return Promise.reject(error)
      }
    }
  }
}

/** What a flight brings home: copies for all, or one value for one. */
type Landed<Req, Res> = { readonly leader: Req } & (
  | { readonly copy: () => Res }
  | { readonly take: () => { readonly value: Res } | undefined; readonly abort: Flight<unknown>['abort'] }
)

/** The context of the work. Its deadline is read at the time of each wait: somebody more patient may have joined. */
function patient(context: Context, signal: AbortSignal, flight: { readonly deadlineAt: number }): Context {
  const deadlineAt = { get: () => flight.deadlineAt, enumerable: true }
  return Object.defineProperty({ ...context, signal }, 'deadlineAt', deadlineAt)
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
