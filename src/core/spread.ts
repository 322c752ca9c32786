import { type Clock, systemClock } from './clock.ts'
import { callback, duration, OptionsError, object, type Rules, resolve } from './options.ts'
import { type Random, systemRandom } from './random.ts'

export interface SpreadOptions {
  /** Where the moment is drawn from; the platform's randomness if absent. */
  random?: Random | undefined
  /** Ends the wait at once with its reason. */
  signal?: AbortSignal | undefined
  /** The platform's clock if absent. */
  clock?: Clock | undefined
}

const rules: Rules<SpreadOptions> = { random: callback, signal: object, clock: object }

/**
 * Waits for a moment drawn evenly from the next `windowMs`, so that a fleet which hears the same thing at once (a cache
 * invalidation, a changed feature flag, a push message) does not act on it at once.
 *
 * The window that a server needs is the number of clients over what it serves per second. 0 does not wait.
 *
 * @throws OptionsError for a window that is not a finite number of at least 0, or an unknown option
 */
export async function spread(windowMs: number, options: SpreadOptions = {}): Promise<void> {
  if (!duration.holds(windowMs) || windowMs === Infinity) {
    throw new OptionsError('windowMs', `spread wants a window of finite ms of at least 0, got ${String(windowMs)}`)
  }
  const { random = systemRandom, clock = systemClock, signal } = resolve<SpreadOptions>('spread', {}, rules, options)
  await clock.sleep(random() * windowMs, signal)
}
