export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The least and the most of all rounds. */
export function range(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`
}

/**
 * The median of what two series gave in the same rounds: a round in which the machine was slow was slow for both.
 */
export function medianOfRounds(
  some: readonly number[],
  others: readonly number[],
  combine: (one: number, other: number) => number,
): number {
  return median(some.map((one, round) => combine(one, others[round]!)))
}
