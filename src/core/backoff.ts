import type { Random } from './random.ts'

/**
 * How a wait is drawn from its ceiling `c = min(capMs, baseMs · 2 ** n)`:
 *
 * - `full`: anywhere in [0, c). The least work and the shortest completion of the three.
 * - `equal`: half of it fixed: [c/2, c). Never at once, at the price of a narrower spread.
 * - `decorrelated`: anywhere in [baseMs, 3 · previous), at most capMs; before the first, previous is baseMs.
 * - `none`: exactly c. For tests and for callers who are alone; a fleet comes back in step.
 *
 * Formulas: M. Brooker, "Exponential Backoff And Jitter", AWS 2015.
 */
export type Jitter = 'full' | 'equal' | 'decorrelated' | 'none'

export interface Backoff {
  readonly baseMs: number
  readonly capMs: number
  readonly jitter: Jitter
}

/**
 * The wait before extra attempt number `retry`, counted from 0. The cap is applied before the draw: after it, every
 * client past the cap would wait exactly the cap.
 *
 * @param previousMs the wait drawn last, for `decorrelated`
 */
export function backoffMs(backoff: Backoff, retry: number, random: Random, previousMs = 0): number {
  const { baseMs, jitter } = backoff
  // Nothing below may become Infinity: times 0 or less itself, it is not a number.
  const capMs = Math.min(backoff.capMs, Number.MAX_VALUE)
  if (jitter === 'decorrelated') {
    const low = Math.min(baseMs, capMs)
    const high = Math.min(capMs, Math.max(baseMs, previousMs) * 3)
    return low + random() * (high - low)
  }
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(retry, 1000))
  if (jitter === 'full') return random() * ceiling
  if (jitter === 'equal') return ceiling / 2 + (random() * ceiling) / 2
  return ceiling
}
