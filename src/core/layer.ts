import { never } from './abort.ts'
import { createRuntime, type Runtime } from './runtime.ts'

/** How much a call matters when there is not room for all; the first to be shed is `background`. */
export type Priority = 'critical' | 'high' | 'normal' | 'low' | 'background'

/** What travels with one call through every layer. Derive a new one to change it; never write to it. */
export interface Context {
  /** Ends the call when it is aborted; its reason is what the caller gets. */
  readonly signal: AbortSignal
  /** Which try of the call this is, counted from 1. */
  readonly attempt: number
  /** When the caller's patience ends, on the clock's monotonic time; `Infinity` is never. */
  readonly deadlineAt: number
  readonly priority: Priority
}

/**
 * The context of a call that nobody has said anything about: no signal that could abort, the first attempt, no deadline,
 * `normal`. What is given takes the place of that.
 */
export function createContext(given?: Partial<Context>): Context {
  if (given === undefined) return { signal: never(), attempt: 1, deadlineAt: Infinity, priority: 'normal' }
  return {
    signal: given.signal ?? never(),
    attempt: given.attempt ?? 1,
    deadlineAt: given.deadlineAt ?? Infinity,
    priority: given.priority ?? 'normal',
  }
}

/** One asynchronous operation: a request, a socket dial, or a token refresh. */
export type Call<Req, Res> = (request: Req, context: Context) => Promise<Res>

/**
 * Adds one behaviour around a Call.
 *
 * State made in the function that returns the layer is shared by whoever holds that layer; state made when the layer
 * is given its `next` belongs to one stack.
 */
export type Layer<Req, Res> = (next: Call<Req, Res>, runtime: Runtime) => Call<Req, Res>

/**
 * Puts layers around a call. It reads top to bottom: the first layer is the outermost, the last one stands next to
 * the call. Without a runtime they get the platform's clock and randomness, and nobody listens.
 */
export function stack<Req, Res>(
  layers: readonly Layer<Req, Res>[],
  call: Call<Req, Res>,
  runtime: Runtime = createRuntime(),
): Call<Req, Res> {
  return layers.reduceRight((next, layer) => layer(next, runtime), call)
}
