import { onAbort } from '../core/abort.ts'
import type { Call, Context } from '../core/layer.ts'

/** What one call of a script does: give a value, throw an `Error`, or whatever a function does. */
export type Step<Req, Res> = Res | Error | ((request: Req, context: Context) => Res | Promise<Res>)

export interface Script<Req, Res> extends Call<Req, Res> {
  /** What it was called with, in order. */
  readonly requests: readonly Req[]
  readonly contexts: readonly Context[]
  /** Steps that have not been played. */
  readonly left: number
}

/**
 * The other side of a test, as a script: each call plays the next step. A call beyond the last one is an error that says
 * so, because a test that does not know how often it is called knows nothing.
 */
export function script<Req, Res>(...steps: Step<Req, Res>[]): Script<Req, Res> {
  const requests: Req[] = []
  const contexts: Context[] = []
  const call = async (request: Req, context: Context): Promise<Res> => {
    requests.push(request)
    contexts.push(context)
    if (requests.length > steps.length) throw new Error(`the script has ${steps.length} steps; this was one call more`)
    const step = steps[requests.length - 1] as Step<Req, Res>
    if (step instanceof Error) throw step
    return typeof step === 'function' ? (step as (request: Req, context: Context) => Res)(request, context) : step
  }
  return Object.defineProperties(call, {
    requests: { value: requests },
    contexts: { value: contexts },
    left: { get: () => Math.max(0, steps.length - requests.length) },
  }) as unknown as Script<Req, Res>
}

/** A step that never answers and only ends with its signal, as a hung server does. */
export function hang<Req, Res>(): (request: Req, context: Context) => Promise<Res> {
  return (_request, { signal }) => new Promise((_resolve, reject) => onAbort(signal, () => reject(signal.reason)))
}
