import type { Random } from '../../core/random.ts'

export interface StragglingOptions {
  /** What a request usually takes, in ms. */
  readonly medianMs: number
  /** How much that varies: the sigma of a lognormal distribution. */
  readonly sigma: number
  /** Share of requests that take half a second to one and a half, whatever they are. */
  readonly stragglers: number
}

const leastMs = 500
const mostMs = 1_500

/**
 * Times of service as in the comparison of hedges that the field knows: lognormal, and a few requests that meet a
 * garbage collection, a cold cache or a bad disk.
 */
export function stragglingMs({ medianMs, sigma, stragglers }: StragglingOptions, random: Random): () => number {
  // Box and Muller's transform. The argument of the logarithm is never 0.
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return () => (random() < stragglers ? leastMs + random() * (mostMs - leastMs) : medianMs * Math.exp(sigma * normal()))
}

/** What a request takes on average, in ms. */
export function meanStragglingMs({ medianMs, sigma, stragglers }: StragglingOptions): number {
  return (1 - stragglers) * medianMs * Math.exp(sigma ** 2 / 2) + (stragglers * (leastMs + mostMs)) / 2
}
