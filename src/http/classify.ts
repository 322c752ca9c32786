import { isBreakwaterError } from '../core/error.ts'
import type { Context } from '../core/layer.ts'
import type { Judge, Verdict } from '../core/outcome.ts'
import { DeadlineError } from '../layers/deadline/index.ts'
import type { Ending } from '../layers/retry.ts'
import type { Exchange } from './exchange.ts'

/** What an attempt says of the server's health: circuit, limit and figures go by it. */
export const healthJudge: Judge<Exchange, Response> = {
  value: (response) => verdictOf(response.status),
  error: (error, exchange, context) => {
    if (error instanceof DeadlineError) return verdictOfTimeout(error, exchange)
    if (context.signal.aborted || isBreakwaterError(error)) return 'neutral'
    return isRefusedHere(error) || exchange.malformed() ? 'neutral' : 'failure'
  },
}

/** What retry goes by: it counts an answer that is worth another attempt as no success, whoever's fault it is. */
export const retryJudge: Judge<Exchange, Response> = {
  value: (response, exchange) => {
    if (response.status < 400) return 'success'
    const verdict = verdictOf(response.status)
    if (verdict !== 'success') return verdict
    const { retry } = exchange
    return retry.statuses.includes(response.status) || retry.shouldRetry ? 'failure' : 'success'
  },
  error: healthJudge.error,
}

/** Whether this request may be sent again after this ending. */
export async function repeatable(exchange: Exchange, ending: Ending<Response>, context: Context): Promise<boolean> {
  const { retry } = exchange
  if (ending.verdict === 'neutral' || exchange.refusesRepeat) return false
  const said = retry.shouldRetry ? await ask(exchange, ending, context) : undefined
  const worth = !('value' in ending) || retry.statuses.includes(ending.value.status)
  return (said === undefined ? exchange.repeats && worth : said !== false) && exchange.body.replayable()
}

async function ask(exchange: Exchange, ending: Ending<Response>, context: Context): Promise<boolean | undefined> {
  const { method, url } = exchange
  const { attempt } = context
  const about = 'value' in ending ? { response: ending.value } : { error: ending.error }
  try {
    return await exchange.retry.shouldRetry?.({ method, url: url.href, attempt, ...about })
  } catch {
    return undefined
  }
}

/**
 * Whether Node's platform itself refused what it was asked or answered (a redirect where none is allowed, too many of
 * them, a blocked port), or the caller's own stream broke. It throws what it throws for a network that is down; only its
 * cause, an error without a code, tells the two apart.
 */
function isRefusedHere(error: unknown): boolean {
  if (!(error instanceof TypeError) || error.message !== 'fetch failed') return false
  const { cause } = error
  return cause instanceof Error && !('code' in cause)
}

function verdictOf(status: number): Verdict {
  if (status === 429) return 'throttled'
  if (status < 500 || status === 501) return 'success'
  return status === 503 ? 'overload' : 'failure'
}

/**
 * An attempt that the whole call's deadline cut short says that the server is slow only if it was given a fair time:
 * one that came last, after long waits, was not.
 */
function verdictOfTimeout(error: DeadlineError, exchange: Exchange): Verdict {
  if (error.scope === 'attempt') return 'timeout'
  const ranMs = exchange.now() - exchange.attemptAt
  return ranMs >= Math.min(exchange.attemptMs, exchange.deadlineMs) / 2 ? 'timeout' : 'neutral'
}
