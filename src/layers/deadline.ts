import { onAbort } from '../core/abort.ts'
import { BreakwaterError } from '../core/error.ts'
import type { Layer } from '../core/layer.ts'
import { duration, type Rules, resolve as resolveOptions } from '../core/options.ts'

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
}

/** The time was up. */
export class DeadlineError extends BreakwaterError {
  static readonly code = 'deadline'
  override readonly name = 'DeadlineError'
  /** Whose patience ended: the caller's for the whole call, or ours for one attempt. */
  readonly scope: 'call' | 'attempt'
  readonly limitMs: number

  constructor(scope: 'call' | 'attempt', limitMs: number) {
    super('deadline', `${scope === 'call' ? 'the call' : 'an attempt'} took longer than ${limitMs} ms`)
    this.scope = scope
    this.limitMs = limitMs
  }
}

/**
 * Ends a call when its time is up, even if what runs below never looks at its signal. The signal below is aborted with
 * the same error that the caller gets, and never after a value has been handed up.
 *
 * Never `AbortSignal.timeout` (no test clock moves it, React Native lacks it) nor `AbortSignal.any`.
 *
 * @throws DeadlineError
 */
export function deadline<Req, Res>(
  options: Partial<DeadlineOptions> = {},
  needs: DeadlineNeeds<Req, Res> = {},
): Layer<Req, Res> {
  const { ms } = resolveOptions('deadline', deadlineDefaults, rules, options)
  const { scope = 'call', msOf, startsAfter, covers, linger, discard } = needs
  return (next, { clock }) =>
    (request, context) => {
      if (context.signal.aborted) return Promise.reject(context.signal.reason)
      return new Promise<Res>((resolve, reject) => {
        const limitMs = msOf?.(request) ?? ms
        // A timer of 0 would come too late: the request would be out, and an answer that is there already would win.
        if (limitMs <= 0) {
          reject(new DeadlineError(scope, limitMs))
          return
        }
        const controller = new AbortController()
        let over = false
        let stop: (() => void) | undefined
        const end = (reason: unknown) => {
          if (over) return
          over = true
          stop?.()
          unlink()
          controller.abort(reason)
          reject(reason)
        }
        const unlink = onAbort(context.signal, () => {
          // After a value the caller's abort still reaches the body, but no longer the promise.
          if (over) controller.abort(context.signal.reason)
          else end(context.signal.reason)
        })

        const endsAt = clock.now() + limitMs
        const start = () => {
          // Even where an outer deadline comes first: a more patient caller may join the flight that this is part of.
          if (over) return
          // A caller waits for it, and perhaps nothing else does: a process must not end before its answer.
          const expire = () => {
            const error = new DeadlineError(scope, limitMs)
            if (over) controller.abort(error)
            else end(error)
          }
          stop = clock.setTimer(limitMs, expire, true)
        }
        const delay = startsAfter?.(request)
        if (delay === undefined) start()
        else delay.then(start, start)

        const below = {
          ...context,
          signal: controller.signal,
          deadlineAt: delay === undefined ? Math.min(context.deadlineAt, endsAt) : context.deadlineAt,
        }
        next(request, below).then(
          (value) => {
            if (over) {
              discard?.(value)
              return
            }
            over = true
            const covered = covers?.(value)
            const finish = () => stop?.()
            if (covered) covered.then(finish, finish)
            else finish()
            if (linger) linger(value, unlink)
            else unlink()
            resolve(value)
          },
          (error) => {
            if (over) return
            over = true
            stop?.()
            unlink()
            reject(error)
          },
        )
      })
    }
}
