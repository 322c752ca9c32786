import { type BreakwaterError, isBreakwaterError } from '../core/error.ts'
import type { Call, Layer } from '../core/layer.ts'
import { type Judge, plainJudge, type Verdict } from '../core/outcome.ts'
import type { Hint as HeaderHint } from '../core/retry-after.ts'
import type { Runtime } from '../core/runtime.ts'
import { type Cause, causeOfStatus, failedDial, type Loss } from './classify.ts'
import type { Ended, Refusal, Refusals } from './transport.ts'

/** A dial, as the layers around it see it. */
export interface Dialing {
  /** A later dial of another socket got through: this one hangs. */
  overtaken(): void
}

/** What became of it. A refusal is an answer and no error: what it says is for all who want to dial. */
export interface Dialed {
  readonly verdict: Verdict
  readonly refusal?: Refusal | undefined
}

/** What a socket tells an upstream of its answers. */
export interface DialNeeds {
  readonly judge: Judge<Dialing, Dialed>
  readonly read: (dialed: Dialed) => HeaderHint | 'unhinted' | 'served' | undefined
  /** The limit on dials, to be put where a place is taken. */
  readonly limit: Layer<Dialing, Dialed>
  /** How long one dial may take at most, in ms. */
  readonly patienceMs: number
}

/** What a socket asks of the upstream that it dials. */
export interface DialUpstream {
  readonly authority: string
  /** The layers around every dial to it. */
  dialLayers(needs: DialNeeds): Layer<Dialing, Dialed>[]
}

/** The way to an upstream, with its layers put together. */
export interface DialRoute {
  readonly authority: string
  readonly call: Call<DialAttempt, Dialed>
}

/** A dial that runs itself when it is let in. */
export interface DialAttempt extends Dialing {
  dial(): Promise<Dialed>
}

export const dialJudge: Judge<unknown, Dialed> = {
  value: ({ verdict }) => verdict,
  error: plainJudge.error,
}

/** Reads what a refused upgrade says to all who want to dial there. */
export function readDialed({ clock }: Runtime, refusals: Refusals | undefined): DialNeeds['read'] {
  return ({ verdict, refusal }) => {
    if (verdict === 'success') return 'served'
    if (refusal === undefined || causeOfStatus(refusal.status) !== 'overload') return undefined
    return refusals?.read(refusal, clock.wallNow()) ?? (refusal.status === 429 ? 'unhinted' : undefined)
  }
}

/** What a connection that ended before it was open says about the server. */
export function verdictOf(cause: Cause): Verdict {
  if (cause === 'timeout' || cause === 'overload') return cause
  return cause === 'refused' || cause === 'drop' || cause === 'restart' ? 'failure' : 'neutral'
}

/** A dial that ended before its connection was open. */
export function lossOfDial(
  { failed, refusal, fault, error }: Ended,
  code: number,
  reason: string,
  refusals: Refusals | undefined,
  { clock }: Runtime,
): Loss {
  if (!refusal) return failedDial('refused', { code, reason, failed: failed || fault !== undefined, error })
  const { status } = refusal
  return failedDial(causeOfStatus(status), { status, floorMs: refusals?.read(refusal, clock.wallNow())?.afterMs })
}

/** A dial that was not made, or whose URL, protocols or token could not be had. */
export function lossOfError(error: unknown): Loss {
  if (!isBreakwaterError(error) || error.code === 'deadline') return failedDial('refused', { error })
  const { code, retryAfterMs, final } = error as BreakwaterError & { readonly final?: boolean }
  // No answer of the server that is dialed: another token may be had next time, unless there will never be one.
  if (code === 'token' && !final) return failedDial('refused', { error })
  // A token source that was closed gives none any more.
  if (code === 'token' || code === 'closed') return failedDial('fatal', { error })
  return failedDial('held', { floorMs: retryAfterMs, failed: false })
}
