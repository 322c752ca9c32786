import type { Verdict } from '../core/outcome.ts'
import { stamp } from '../core/stamp.ts'

/** One attempt on the wire. It names statuses, error names and codes; never a body, a header or a URL. */
export interface AttemptRecord {
  /** Counted from 1. */
  readonly attempt: number
  readonly verdict: Verdict
  /** From the start of the call to that of the attempt, in ms. */
  readonly startedAfterMs: number
  readonly durationMs: number
  readonly status?: number
  /** The error that ended it, and those behind it, the outermost first. */
  readonly causes?: readonly { readonly name: string; readonly code?: string }[]
}

const records = stamp<readonly AttemptRecord[]>()

/** The deepest chain that is followed: a chain can be a circle. */
const deepest = 5

/**
 * What was tried for this response or error, in order. Empty for what did not come from a Breakwater call, or was
 * refused before anything was sent.
 */
export function attemptsOf(responseOrError: unknown): readonly AttemptRecord[] {
  let at = responseOrError
  for (let depth = 0; isObject(at) && depth < deepest; depth++) {
    const known = records.read(at)
    if (known) return known
    // ky puts what it got into an error of its own: the response into HTTPError, the cause into NetworkError.
    const { response, cause } = at as { response?: unknown; cause?: unknown }
    at = response ?? cause
  }
  return []
}

/** Ties the attempts of a call to what its caller gets. A primitive reason of an abort cannot carry any. */
export function rememberAttempts(responseOrError: unknown, attempts: readonly AttemptRecord[]): void {
  if (isObject(responseOrError)) records.write(responseOrError, attempts)
}

/** Names and codes of an error and its causes; messages can hold URLs and stay out. */
export function causesOf(error: unknown): { name: string; code?: string }[] {
  const causes: { name: string; code?: string }[] = []
  for (let at = error; isObject(at) && causes.length < deepest; at = (at as { cause?: unknown }).cause) {
    const { name, code } = at as { name?: unknown; code?: unknown }
    causes.push({ name: typeof name === 'string' ? name : 'Error', ...(typeof code === 'string' && { code }) })
  }
  return causes.length > 0 ? causes : [{ name: typeof error }]
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
