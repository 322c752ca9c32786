import { isBreakwaterError } from './error.ts'
import type { Context } from './layer.ts'

/**
 * What an attempt says about the other side.
 *
 * - `success`: it answered; a 404 is an answer.
 * - `failure`: it could not be reached, broke off, or said that it is broken.
 * - `timeout`: it did not answer in time.
 * - `overload`: it says that it has too much to do (503).
 * - `throttled`: it says that we ask too much (429).
 * - `neutral`: nothing at all: our own refusal, or a caller who left.
 */
export type Verdict = 'success' | 'failure' | 'timeout' | 'overload' | 'throttled' | 'neutral'

/** Tells what an attempt says about the other side. Two methods, so that judging a success allocates nothing. */
export interface Judge<Req, Res> {
  value(value: Res, request: Req): Verdict
  error(error: unknown, request: Req, context: Context): Verdict
}

/** For calls of which nothing is known: every value is a success, every error but ours and the caller's a failure. */
export const plainJudge: Judge<unknown, unknown> = {
  value: () => 'success',
  error: (error, _request, context) => {
    if (context.signal.aborted) return 'neutral'
    if (isBreakwaterError(error)) return error.code === 'deadline' ? 'timeout' : 'neutral'
    return 'failure'
  },
}
