import type { Random } from '../../core/random.ts'

/** What a client does when it hears that something has changed. */
export interface BroadcastFormula {
  readonly name: string
  readonly label: string
  /** How long it waits before it asks, in ms. */
  readonly delayMs: number
  /** And after its n-th request that failed, n from 1, before it asks again. */
  againMs(n: number, random: Random): number
}

/** What is written by hand as a rule: no published client stands for it. Each asks until it has the new value. */
export const broadcastFormulas: readonly BroadcastFormula[] = [
  { name: 'at-once', label: 'At once, and again after 1 s', delayMs: 0, againMs: () => 1_000 },
  { name: 'fixed-delay', label: 'After 5 s, and again after 5 s', delayMs: 5_000, againMs: () => 5_000 },
  {
    name: 'full-jitter',
    label: 'At once, and again by AWS full jitter, cap 60 s',
    delayMs: 0,
    againMs: (n, random) => random() * Math.min(60_000, 1_000 * 2 ** (n - 1)),
  },
]
