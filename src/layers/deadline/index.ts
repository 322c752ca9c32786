import { Link } from '../../core/chain.ts'
import { deadlinesOf } from '../../core/deadlines.ts'
import { type Guard, halted } from '../../core/guard.ts'
import type { Layer } from '../../core/layer.ts'
import { duration, type Rules, resolve as resolveOptions } from '../../core/options.ts'
import { pass } from '../../core/pass.ts'
import { reportFailure } from '../../core/report.ts'
import { isOver, reasonOf } from '../../core/scope.ts'
import { DeadlineError } from './error.ts'
import { type Ongoing, Patience } from './patience.ts'

export { DeadlineError } from './error.ts'
export type { Ongoing } from './patience.ts'

export interface DeadlineOptions {
  /**
   * How long a call may take, in ms. `Infinity` never ends it; 0 ends it at once.
   * @default 30000
   */
  ms: number
}

export const deadlineDefaults: Readonly<DeadlineOptions> = { ms: 30_000 }

const rules: Rules<DeadlineOptions> = { ms: duration }

/** What a deadline can be told about the requests it guards. All of it is optional. */
export interface DeadlineNeeds<Req, Res> {
  /** Whether this is the patience of the caller or of one attempt; the error says so. `'call'` if absent. */
  scope?: 'call' | 'attempt'
  /** The limit of one request, in ms, where it differs. */
  msOf?: (request: Req) => number
  /** The time starts when this settles: a long upload is not the server's slowness. */
  startsAfter?: (request: Req) => Promise<unknown> | undefined
  /** Settles when a value is over too, where the limit covers that: until then it can still abort the signal below. */
  covers?: (value: Res) => Promise<unknown> | undefined
  /** A value is not always the end: as long as its body streams, the caller's abort must still reach it. */
  linger?: (value: Res, release: () => void) => void
  /** Gets a value that came after the end, to free what it holds. */
  discard?: (value: Res) => void
  /** Holds the calls that wait, for whoever must be able to end them all. */
  ongoing?: Ongoing
}

/**
 * Ends a call when its time is up, even if what runs below never looks at its signal. The signal below is aborted with
 * the same error that the caller gets, and never after a value has been handed up.
 *
 * Never `AbortSignal.timeout` (no test clock moves it, React Native lacks it) nor `AbortSignal.any`: each costs more than
 * all of our layers. However many calls wait, one timer is set; see `Deadlines` for what that means for their precision.
 *
 * @throws DeadlineError
 */
export function deadline<Req, Res>(
  options: Partial<DeadlineOptions> = {},
  needs: DeadlineNeeds<Req, Res> = {},
): Layer<Req, Res> {
  const { ms } = resolveOptions('deadline', deadlineDefaults, rules, options)
  const { scope = 'call', msOf, startsAfter, covers, linger, discard, ongoing } = needs
  return (next, runtime) => {
    let deadlines = deadlinesOf(runtime.clock)
    const free = (value: Res) => {
      try {
        discard?.(value)
      } catch (error) {
        // Nobody waits for it any more, and those above have had their end.
        reportFailure(error)
      }
    }
    const guard: Guard<Req, Res, Patience> = {
      enter: (request, context, now, passing, at) => {
        const limitMs = msOf?.(request) ?? ms
        const delay = startsAfter && limitMs > 0 && !isOver(context) ? startsAfter(request) : undefined
        // Behind what is not ours: that may have ended it.
        if (isOver(context)) throw reasonOf(context)
        // A timer of 0 would come too late: the request would be out, and an answer that is there already would win.
        if (limitMs <= 0) throw new DeadlineError(scope, limitMs)
        if (!deadlines.stand) deadlines = deadlinesOf(runtime.clock)
        const { deadlineAt } = context
        const endsAt = delay ? deadlineAt : Math.min(deadlineAt, now + limitMs)
        const patience = new Patience(scope, limitMs, context, endsAt, deadlines, passing, at)
        if (ongoing) patience.seat = ongoing.add(new Link(patience))
        if (delay) {
          const start = () => patience.start(runtime.clock.now())
          delay.then(start, start)
        } else patience.start(now)
        return patience
      },
      below: (patience) => patience.below,
      value: (value, _request, _context, patience) => {
        if (patience.over) {
          free(value)
          return halted
        }
        try {
          patience.finish(covers?.(value))
          if (linger) linger(value, () => patience.unlink())
          else patience.unlink()
          return undefined
        } catch (error) {
          patience.finish()
          patience.unlink()
          return Promise.reject(error)
        }
      },
      error: (_error, _request, _context, patience) => {
        if (patience.over) return halted
        patience.finish()
        patience.unlink()
        return undefined
      },
    }
    return pass(guard, next, runtime)
  }
}
