import type { Context, Layer } from '../../core/layer.ts'
import { type Judge, plainJudge, type Verdict } from '../../core/outcome.ts'
import { Hedger, type HedgerRefusal } from './hedger.ts'
import type { HedgeOptions } from './options.ts'
import { Race } from './race.ts'

export { Hedger } from './hedger.ts'
export { type HedgeOptions, hedgeDefaults } from './options.ts'

/** Why a hedge was not sent: by its own figures, or in the words of whoever else was asked. */
type HedgeRefusal = HedgerRefusal | 'circuit' | 'gate' | 'limit' | 'retry-budget'

export interface HedgeNeeds<Req, Res> {
  judge?: Judge<Req, Res>
  /** Whether a second copy of this request does no harm. Absent: any may be hedged. */
  hedgeable?: (request: Req) => boolean
  /** What is known of the server a request goes to. Absent: one for all, made by the layer. */
  hedgerOf?: (request: Req) => Hedger | undefined
  /** Why the server must not get more than it has. */
  refuse?: (request: Req) => HedgeRefusal | undefined
  /** Frees what a value holds that came too late. */
  discard?: (value: Res) => void
  /** A value is not always the end: as long as its body streams, the caller's abort must still reach it. */
  linger?: (value: Res, release: () => void) => void
  /** What an event says of a request: names, never its content. */
  label?: (request: Req) => object
}

export type HedgeEvent =
  | { readonly type: 'hedge.sent'; readonly delayMs: number }
  | { readonly type: 'hedge.won'; readonly durationMs: number }
  | { readonly type: 'hedge.refused'; readonly reason: HedgeRefusal }

/**
 * Sends a slow call a second time and takes the first good answer (Dean and Barroso, "The Tail at Scale", 2013). Only
 * first attempts are hedged, never a retry. The loser is aborted and what it holds is freed; the winner is left alone.
 */
export function hedge<Req, Res>(
  options: Partial<HedgeOptions> = {},
  needs: HedgeNeeds<Req, Res> = {},
): Layer<Req, Res> {
  const own = new Hedger(options)
  const { judge = plainJudge, hedgeable, hedgerOf = () => own, refuse, discard, linger, label } = needs
  return (next, runtime) => {
    const { clock } = runtime
    const tell = (event: HedgeEvent, request: Req) => runtime.emit?.({ ...event, ...label?.(request) })

    /** How long a primary took that answered in some way, or ran until its time was up. */
    const learner = (hedger: Hedger) => {
      const startedAt = clock.now()
      return (verdict: Verdict) => {
        if (verdict === 'success' || verdict === 'timeout') hedger.observe(clock.now() - startedAt)
      }
    }

    /** One copy, no race: but what it takes is worth knowing. */
    const watch = (hedger: Hedger, request: Req, context: Context) => {
      const learn = learner(hedger)
      return next(request, context).then(
        (value) => {
          learn(judge.value(value, request))
          return value
        },
        (error) => {
          learn(judge.error(error, request, context))
          throw error
        },
      )
    }

    const race = (hedger: Hedger, delayMs: number, request: Req, context: Context) =>
      new Promise<Res>((resolve, reject) => {
        const startedAt = clock.now()
        const learn = learner(hedger)
        let primaryRuns = true
        let stop: (() => void) | undefined
        const lanes = new Race<Res>(context, {
          send: async (below) => next(request, below),
          judge: (end, lane) => {
            const verdict = 'error' in end ? judge.error(end.error, request, context) : judge.value(end.value, request)
            if (lane === 0) {
              primaryRuns = false
              learn(verdict)
            }
            return verdict
          },
          discard,
          linger,
          over: (ending, lane, verdict) => {
            stop?.()
            if (lane > 0 && verdict === 'success') {
              tell({ type: 'hedge.won', durationMs: clock.now() - startedAt }, request)
              // A primary that was overtaken took at least this long; without it the next hedges would come too early.
              if (primaryRuns) learn(verdict)
            }
            if ('error' in ending) reject(ending.error)
            else resolve(ending.value)
          },
        })
        const arm = () => {
          // The caller may have left while a copy was on its way out.
          if (lanes.closed) return
          stop = clock.setTimer(delayMs, () => {
            if (lanes.closed) return
            const reason = refuse?.(request) ?? hedger.spend()
            if (reason) return tell({ type: 'hedge.refused', reason }, request)
            tell({ type: 'hedge.sent', delayMs }, request)
            lanes.start()
            if (lanes.started <= hedger.options.maxExtra) arm()
          })
        }
        lanes.start()
        arm()
      })

    return (request, context) => {
      const hedger = hedgerOf(request)
      if (hedger === undefined || context.attempt > 1) return next(request, context)
      if (context.signal.aborted) return Promise.reject(context.signal.reason)
      const delayMs = hedger.begin()
      if (delayMs === undefined || hedgeable?.(request) === false) return watch(hedger, request, context)
      return race(hedger, delayMs, request, context)
    }
  }
}
