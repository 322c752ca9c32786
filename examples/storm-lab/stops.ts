import { isShare, type Numeric } from './quantity.ts'

const steps = [1, 1.5, 2, 3, 5, 7]
const seconds = [1, 2, 3, 5, 7, 10, 15, 20, 30, 45]
const shares = [0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]

const powers = Array.from({ length: 16 }, (_, index) => 10 ** (index - 6))
const numbers = powers.flatMap((power) => steps.map((step) => Number((step * power).toPrecision(3))))
const durations = [
  ...[1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700],
  ...seconds.map((count) => count * 1_000),
  ...seconds.map((count) => count * 60_000),
  ...[1, 2, 3, 6, 12, 24].map((count) => count * 3_600_000),
]

/** A slider about a duration that is 0 by default goes this far, in ms. */
const farMs = 600_000

/**
 * Where a slider stops: round numbers, so close to logarithmic that a step feels the same everywhere, from a hundredth to
 * ten times of what is usual. What is usual is a stop as well.
 */
export function stopsOf(parameter: Numeric, usual: number): readonly number[] {
  const { kind, least, most } = parameter
  const whole = kind === 'count' ? (value: number) => Number.isInteger(value) : () => true
  const all = isShare(parameter) ? shares : kind === 'duration' ? durations : numbers
  const [from, to] = isShare(parameter) ? [0, 1] : reach(kind, usual)
  const stops = all.filter((stop) => stop >= Math.max(from, least) && stop <= Math.min(to, most) && whole(stop))
  if (least === 0) stops.push(0)
  return [...new Set([...stops, usual])].sort((a, b) => a - b)
}

function reach(kind: string, usual: number): [number, number] {
  if (usual === 0) return kind === 'duration' ? [1_000, farMs] : [1, 100]
  return [usual / 100, usual * (kind === 'duration' ? 20 : 10)]
}

/** The stop that is nearest to a value, as its place among them. */
export function nearestStop(stops: readonly number[], value: number): number {
  let best = 0
  for (const [index, stop] of stops.entries()) {
    if (far(stop, value) < far(stops[best] ?? 0, value)) best = index
  }
  return best
}

function far(stop: number, value: number): number {
  return Math.abs(Math.log1p(stop) - Math.log1p(value))
}
