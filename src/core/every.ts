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
 * Runs a task again and again, never two runs at a time, at moments that a fleet does not share. A run that takes longer
 * than the interval is followed by a whole interval; after a sleep of the machine, missed runs are not made up for.
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
  const arm = (waitMs: number) => {
    if (!controller.signal.aborted) cancel = clock.setTimer(waitMs, run)
  }
  const run = async () => {
    try {
      await task(controller.signal)
    } catch (error) {
      if (onError === undefined) throw error
      onError(error)
    } finally {
      arm(intervalMs * (1 + jitter * (2 * random() - 1)))
    }
  }

  if (signal?.aborted) return () => {}
  signal?.addEventListener('abort', stop, { once: true })
  arm(intervalMs * phase)
  return stop
}
