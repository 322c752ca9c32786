import { type Clock, systemClock } from './clock.ts'
import { callback, duration, number, OptionsError, object, type Rules, resolve } from './options.ts'
import { type Random, systemRandom } from './random.ts'

export interface EveryOptions {
  /**
   * How much each interval differs from the one asked for, as a share of it, to both sides; the mean stays.
   * @default 0.1
   */
  jitter?: number | undefined
  /**
   * Where in the interval the first run comes, from 0 to 1; drawn if absent, so that a fleet which starts together never
   * runs in step.
   */
  phase?: number | undefined
  /** Ends it. */
  signal?: AbortSignal | undefined
  random?: Random | undefined
  clock?: Clock | undefined
  /** Hears what a run throws; without it the failure is not caught. The next run comes all the same. */
  onError?: ((error: unknown) => void) | undefined
}

export const everyDefaults = { jitter: 0.1 } as const

const rules: Rules<EveryOptions> = {
  jitter: number(0, 1),
  phase: number(0, 1),
  signal: object,
  random: callback,
  clock: object,
  onError: callback,
}

/**
 * Runs a task again and again, never two runs at a time, at moments that a fleet does not share. Each instance keeps a
 * rhythm of its own, whatever its runs take: were the next run counted from the end of the last, a server that held up a
 * whole fleet would release it in step. Runs that fall into a longer one are left out, and after a sleep of the machine
 * missed ones are not made up for; the one that then comes late is spread over what it is late by, at most one interval.
 *
 * @returns a function that ends it
 * @throws OptionsError for an interval that is not a finite number above 0, a share outside 0 to 1, an unknown option
 */
export function every(
  intervalMs: number,
  task: (signal: AbortSignal) => unknown,
  options: EveryOptions = {},
): () => void {
  if (!duration.holds(intervalMs) || intervalMs === 0 || intervalMs === Infinity) {
    throw new OptionsError('intervalMs', `every wants an interval of finite ms above 0, got ${String(intervalMs)}`)
  }
  const resolved = resolve<EveryOptions>('every', everyDefaults, rules, options)
  const { jitter = everyDefaults.jitter, signal, random = systemRandom, clock = systemClock, onError } = resolved
  const { phase = random() } = resolved
  const controller = new AbortController()
  let cancel: (() => void) | undefined

  const stop = () => {
    cancel?.()
    signal?.removeEventListener('abort', stop)
    controller.abort(signal?.reason)
  }
  let dueAt = clock.now() + intervalMs * phase
  const arm = (waitMs: number, then: (lateByMs: number) => unknown) => {
    if (!controller.signal.aborted) cancel = clock.setTimer(waitMs, then)
  }
  const due = (lateByMs: number) => {
    if (lateByMs <= intervalMs * jitter) return run()
    // Whatever held us up may have held up others, and let go of all at once. No second look: a throttled timer is
    // always late.
    return arm(random() * Math.min(lateByMs, intervalMs), run)
  }
  const run = async () => {
    try {
      await task(controller.signal)
    } catch (error) {
      if (onError === undefined) throw error
      onError(error)
    } finally {
      dueAt += intervalMs * (1 + jitter * (2 * random() - 1))
      const missed = Math.max(0, Math.ceil((clock.now() - dueAt) / intervalMs))
      dueAt += missed * intervalMs
      arm(dueAt - clock.now(), due)
    }
  }

  if (signal?.aborted) return () => {}
  signal?.addEventListener('abort', stop, { once: true })
  arm(intervalMs * phase, due)
  return stop
}
