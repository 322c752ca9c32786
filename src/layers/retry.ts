import { type Backoff, backoffMs, type Jitter } from '../core/backoff.ts'
import type { Budget } from '../core/budget.ts'
import { type BreakwaterError, isBreakwaterError } from '../core/error.ts'
import { contextOf, type Guard } from '../core/guard.ts'
import type { Call, Context, Layer } from '../core/layer.ts'
import { countOrInfinity, duration, oneOf, type Rules, resolve } from '../core/options.ts'
import { type Judge, plainJudge, type Verdict } from '../core/outcome.ts'
import { pass } from '../core/pass.ts'
import type { Runtime } from '../core/runtime.ts'

export interface RetryOptions {
  /**
   * Attempts in total, the first one included. 1 never retries; `Infinity` leaves it to the budget and the deadline.
   * @default 3
   */
  attempts: number
  /**
   * The widest wait before the first retry, in ms; it doubles with each one. 0 retries at once.
   * @default 50
   */
  baseMs: number
  /**
   * The same after an answer that says that there is too much to do (429, 503), in ms.
   * @default 1000
   */
  throttleBaseMs: number
  /**
   * The widest wait of all, in ms, applied before the draw.
   * @default 20000
   */
  capMs: number
  /**
   * How a wait is drawn: `full`, `equal`, `decorrelated` or `none`.
   * @default 'full'
   */
  jitter: Jitter
}

export const retryDefaults: Readonly<RetryOptions> = {
  attempts: 3,
  baseMs: 50,
  throttleBaseMs: 1_000,
  capMs: 20_000,
  jitter: 'full',
}

export const retryRules: Rules<RetryOptions> = {
  attempts: countOrInfinity(1),
  baseMs: duration,
  throttleBaseMs: duration,
  capMs: duration,
  jitter: oneOf('full', 'equal', 'decorrelated', 'none'),
}

/** How the attempt before ended: a value that was judged no success, or an error. */
export type Ending<Res> =
  | { readonly verdict: Verdict; readonly value: Res }
  | { readonly verdict: Verdict; readonly error: unknown }

/** What retry can be told about the requests it repeats. All of it is optional. */
export interface RetryNeeds<Req, Res> {
  judge?: Judge<Req, Res>
  /** Whether this request may be sent again after this ending. Absent: after anything but `success` and `neutral`. */
  repeatable?: (request: Req, ending: Ending<Res>, context: Context) => boolean | Promise<boolean>
  /** What pays for the extra attempts. Absent: nothing does, the count alone ends them. */
  budgetOf?: (request: Req) => Budget | undefined
  /** Why a further attempt would be refused below: then it is not worth giving up what we have. */
  refuse?: (request: Req, context: Context) => BreakwaterError | undefined
  /**
   * Whether the request was lost before the server could see it, for a reason that is over by now (it went out on a
   * connection that the server had just closed). It is sent again once, at once, and costs nothing.
   */
  unseen?: (request: Req, error: unknown) => boolean
  /** Frees what a refused value holds (a socket, for a response that is not read), before the wait. */
  discard?: (value: Res) => void
  /** The options of one request, where they differ. */
  optionsOf?: (request: Req) => Readonly<RetryOptions> | undefined
  /** What an event says of a request: names, never its content. */
  label?: (request: Req) => object
}

export type RetryEvent =
  | { readonly type: 'retry.scheduled'; readonly attempt: number; readonly delayMs: number; readonly verdict: Verdict }
  | {
      readonly type: 'retry.refused'
      readonly attempt: number
      readonly verdict: Verdict
      readonly reason: RetryRefusal
    }

/** Why no further attempt was made although one was left: the budget, the deadline, or the code of who refused. */
type RetryRefusal = 'budget' | BreakwaterError['code']

/**
 * Tries again when that can help, pays for it, and otherwise hands up what it has: the last value as it came, or the
 * very error. A wait ends at once with the caller's abort. A try that could not start before the deadline is not
 * waited for.
 */
export function retry<Req, Res>(
  options: Partial<RetryOptions> = {},
  needs: RetryNeeds<Req, Res> = {},
): Layer<Req, Res> {
  const resolved = resolve('retry', retryDefaults, retryRules, options)
  const judge = needs.judge ?? plainJudge
  return (next, runtime) => {
    const again = repeat(next, runtime, resolved, needs)
    const guard: Guard<Req, Res> = {
      value: (value, request, context) => {
        const verdict = judge.value(value, request)
        if (verdict !== 'success') return again(request, context, { verdict, value })
        needs.budgetOf?.(request)?.earn()
        return undefined
      },
      error: (error, request, context) =>
        again(request, context, { verdict: judge.error(error, request, context), error }),
    }
    return pass(guard, next, runtime)
  }
}

/** What follows a first attempt that was no success. */
function repeat<Req, Res>(
  next: Call<Req, Res>,
  runtime: Runtime,
  resolved: Readonly<RetryOptions>,
  needs: RetryNeeds<Req, Res>,
) {
  const { judge = plainJudge, budgetOf, refuse, discard, label } = needs
  const repeatable = needs.repeatable ?? ((_request, { verdict }) => verdict !== 'success' && verdict !== 'neutral')

  const send = async (request: Req, context: Context): Promise<Ending<Res>> => {
    try {
      const value = await next(request, context)
      return { verdict: judge.value(value, request), value }
    } catch (error) {
      return { verdict: judge.error(error, request, context), error }
    }
  }

  return async (request: Req, above: Context, first: Ending<Res>): Promise<Res> => {
    const context = contextOf(above)
    const options = needs.optionsOf?.(request) ?? resolved
    const budget = budgetOf?.(request)
    let ending = first
    let delayMs = 0
    let free = 0
    for (let attempt = context.attempt; attempt < options.attempts + free; attempt++) {
      if (context.signal.aborted || !(await repeatable(request, ending, { ...context, attempt }))) break
      const { verdict } = ending
      if (free === 0 && 'error' in ending && needs.unseen?.(request, ending.error)) {
        free = 1
        runtime.emit?.({ type: 'retry.scheduled', ...label?.(request), attempt, delayMs: 0, verdict } as RetryEvent)
        ending = await send(request, { ...context, attempt: attempt + 1 })
        continue
      }
      const refusedBecause = (reason: RetryRefusal) =>
        runtime.emit?.({ type: 'retry.refused', ...label?.(request), attempt, verdict, reason } as RetryEvent)

      delayMs = backoffMs(waitAfter(verdict, options), attempt - context.attempt - free, runtime.random, delayMs)
      const refusal = refuse?.(request, context)
      if (refusal) {
        refusedBecause(refusal.code)
        break
      }
      if (runtime.clock.now() + delayMs >= context.deadlineAt) {
        refusedBecause('deadline')
        break
      }
      const cost = budget?.cost(verdict === 'timeout') ?? 0
      if (budget && !budget.spend(cost)) {
        refusedBecause('budget')
        break
      }

      if ('value' in ending) discard?.(ending.value)
      runtime.emit?.({ type: 'retry.scheduled', ...label?.(request), attempt, delayMs, verdict } as RetryEvent)
      try {
        await runtime.clock.sleep(delayMs, context.signal)
      } catch (reason) {
        budget?.refund(cost)
        throw reason
      }
      ending = await send(request, { ...context, attempt: attempt + 1 })
      // An attempt that we refused below has cost the server nothing; one whose caller left may have.
      if (ending.verdict === 'success' || isRefusal(ending)) budget?.refund(cost)
    }
    if ('error' in ending) throw ending.error
    return ending.value
  }
}

function waitAfter(verdict: Verdict, options: Readonly<RetryOptions>): Backoff {
  const { baseMs, throttleBaseMs, capMs, jitter } = options
  return { baseMs: verdict === 'throttled' || verdict === 'overload' ? throttleBaseMs : baseMs, capMs, jitter }
}

function isRefusal(ending: Ending<unknown>): boolean {
  return 'error' in ending && isBreakwaterError(ending.error) && ending.error.code !== 'deadline'
}
