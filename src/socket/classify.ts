import { type Hint, parseHint } from './hint.ts'
import type { Ended } from './transport.ts'

/**
 * Why a socket has no connection, which decides how long it waits.
 *
 * - `local`: it is us: offline, another network, a laptop that slept.
 * - `drop`: gone without a reason that tells anything.
 * - `restart`: the server comes back (1012).
 * - `overload`: the server has too much to do (1013, 4429, 4503; 429 and 503).
 * - `refused`: nobody there, or an answer that is no upgrade.
 * - `timeout`: no answer within our patience.
 * - `auth`: the token is not accepted (3000, 4401; 401).
 * - `held`: not tried: the circuit of the upstream is open, or its gate shut.
 * - `fatal`: trying again would change nothing.
 */
export type Cause = 'local' | 'drop' | 'restart' | 'overload' | 'refused' | 'timeout' | 'auth' | 'held' | 'fatal'

/** How a connection ended, or a dial that became none. */
export interface Loss {
  readonly cause: Cause
  /** As in the close frame; 1006 where there was none. */
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
  /** The answer to a refused upgrade, where the transport can tell (Node). */
  readonly status?: number | undefined
  /** The server's word in ms: nobody comes before. */
  readonly floorMs?: number | undefined
  readonly hint?: Hint | undefined
  /** Whether an `error` event comes before the `close` event. */
  readonly failed?: boolean | undefined
  /** What that event says of it, where somebody said something. */
  readonly error?: unknown
}

/** What a classification gets to see. */
export type Ending = Omit<Loss, 'cause' | 'failed' | 'hint' | 'error'>

/** Overrides the table: a cause, or undefined for what the table says. */
export type Classify = (ending: Ending) => Cause | undefined

/**
 * Close codes by their meaning in the IANA registry. Not in here, so that it is no end: a proxy that restarts says 1000
 * or 1001 too.
 */
const codes: Readonly<Record<number, Cause>> = {
  1002: 'fatal',
  1003: 'fatal',
  1007: 'fatal',
  1008: 'fatal',
  1009: 'fatal',
  1010: 'fatal',
  1012: 'restart',
  1013: 'overload',
  3000: 'auth',
  3003: 'fatal',
}

/** The word of the table for a close code. An application's own (from 4000 on) read as statuses: 4503 is a 503. */
export function causeOfCode(code: number): Cause {
  if (code < 4000) return codes[code] ?? 'drop'
  const cause = code < 4600 ? causeOfStatus(code - 4000) : 'fatal'
  // There was a connection.
  return cause === 'refused' ? 'drop' : cause
}

/** An upgrade that was refused ran no code of the application, so trying again is safe; a 4xx stays what it is. */
export function causeOfStatus(status: number): Cause {
  if (status === 401) return 'auth'
  if (status === 429 || status === 503) return 'overload'
  if (status >= 500 || status === 408 || status === 425) return 'refused'
  return 'fatal'
}

/** The table's word, or that of the application if it has one. */
export function decide(loss: Loss, classify: Classify | undefined): Loss {
  const { code, reason, wasClean, status, floorMs } = loss
  if (!classify || loss.cause === 'held') return loss
  let cause: Cause | undefined
  try {
    cause = classify({ code, reason, wasClean, status, floorMs })
  } catch (error) {
    // Reported as the platform reports a listener's; thrown here, it would leave the socket without a next step.
    queueMicrotask(() => {
      throw error
    })
  }
  // What was tried cannot be made one that was not: nobody would hear of it.
  return !cause || cause === 'held' ? loss : { ...loss, cause }
}

/** The loss of a connection that had been open. */
export function lossOf(code: number, reason: string, wasClean: boolean, { failed, fault, error }: Ended): Loss {
  return { cause: causeOfCode(fault ?? code), code, reason, wasClean, failed, error, hint: parseHint(reason) }
}

/** Nothing was wrong with the server. */
export const ourOwn: Loss = { cause: 'local', code: 1006, reason: '', wasClean: false }

/** Left on purpose. */
export const parting: Loss = { ...ourOwn, code: 1000, wasClean: true }

/** A dial that failed, in the words of the close event that a plain WebSocket would fire. */
export function failedDial(cause: Cause, more?: Partial<Loss>): Loss {
  return { ...ourOwn, cause, failed: true, ...more }
}
