import { Child } from '../child.ts'
import { median, medianOfRounds } from '../median.ts'
import { inRounds } from '../rounds.ts'
import type { Allocation } from './allocation-child.ts'
import type { Group } from './contenders/index.ts'
import type { TimingQuestion } from './timing-child.ts'

interface Timed {
  /** Ns per call, a sample for each round. */
  readonly sequential: readonly number[]
  readonly atOnce: readonly number[]
}

export type Costs = ReadonlyMap<string, Timed & Allocation>

/** How many calls are under way together in the second sample of a round. */
export const together = 100

/** Room for what a sample allocates, in MB, so that nothing is collected within it. */
const youngMb = 512

const allocationFlags = ['--expose-gc', `--max-semi-space-size=${youngMb}`, `--min-semi-space-size=${youngMb}`]

/** One place where a contender is timed: who, with how many calls at once, and in which process if not in its own. */
export interface Spot {
  readonly name: string
  readonly atOnce: number
  readonly process?: string
}

/** Times every spot in interleaved rounds. */
export async function timeSpots(
  group: Group,
  spots: readonly Spot[],
  { rounds, forMs }: { rounds: number; forMs: number },
): Promise<Map<Spot, number[]>> {
  const children = new Map<string, Child>()
  const childOf = (key: string) => {
    const child = children.get(key) ?? new Child(new URL('./timing-child.ts', import.meta.url), [group, key])
    children.set(key, child)
    return child
  }
  const samples = new Map<Spot, number[]>(spots.map((spot) => [spot, []]))
  const sample = ({ name, atOnce, process = name }: Spot) => {
    const question: TimingQuestion = { name, forMs, atOnce }
    return childOf(process).ask<number>(question)
  }
  try {
    // Not counted: the first sample of each still runs code that the compiler has just exchanged.
    for (const spot of spots) await sample(spot)
    await inRounds(spots, rounds, async (spot) => void samples.get(spot)!.push(await sample(spot)))
  } finally {
    for (const child of children.values()) child.stop()
  }
  return samples
}

/** Everything about every contender of a group. */
export async function measure(
  group: Group,
  names: readonly string[],
  how: { rounds: number; forMs: number },
): Promise<Costs> {
  const spots = names.flatMap((name) => [1, together].map((atOnce) => ({ name, atOnce })))
  const samples = await timeSpots(group, spots, how)
  const costs = new Map<string, Timed & Allocation>()
  for (const name of names) {
    const [sequential = [], atOnce = []] = spots.filter((spot) => spot.name === name).map((spot) => samples.get(spot))
    const child = new Child(new URL('./allocation-child.ts', import.meta.url), [group, name], allocationFlags)
    const allocation = await child.ask<Allocation>({}).finally(() => child.stop())
    costs.set(name, { sequential, atOnce, ...allocation })
  }
  return costs
}

export type Mode = keyof Timed

/** Ns of one call. */
export function nsOf(costs: Costs, name: string, mode: Mode): number {
  return median(costs.get(name)![mode])
}

/** Ns that a contender adds to the bare call, from the same rounds. */
export function addedNs(costs: Costs, name: string, mode: Mode): number {
  return medianOfRounds(costs.get(name)![mode], costs.get('raw')![mode], (ns, raw) => ns - raw)
}

/** What one adds over what the other adds, from the same rounds. */
export function addedRatio(costs: Costs, name: string, other: string, mode: Mode): number {
  const raw = costs.get('raw')![mode]
  const added = (of: string) => costs.get(of)![mode].map((ns, round) => ns - raw[round]!)
  return medianOfRounds(added(name), added(other), (one, another) => one / another)
}

/** What one costs over what the other costs, from the same rounds. */
export function costRatio(costs: Costs, name: string, other: string, mode: Mode): number {
  return medianOfRounds(costs.get(name)![mode], costs.get(other)![mode], (one, another) => one / another)
}
