import { Child } from '../child.ts'
import { inRounds } from '../rounds.ts'
import type { Load, LoadQuestion } from './client-child.ts'

/** The loads of each contender, one for each round. */
export type Loads = ReadonlyMap<string, readonly Load[]>

export interface LoadPlan {
  readonly url: string
  readonly atOnce: number
  readonly rounds: number
  readonly forMs: number
  /** Client processes of each contender, one after the other, which share the rounds: each happens to be compiled differently. */
  readonly processes: number
}

/**
 * Each contender in a client process of its own, in interleaved rounds. In one process they would collect each other's
 * garbage: what Node's `fetch` registers for a signal is finalised long after the request, on the time of whoever is next.
 */
export async function measureLoads(
  names: readonly string[],
  { url, atOnce, rounds, forMs, processes }: LoadPlan,
): Promise<Loads> {
  const loads = new Map<string, Load[]>(names.map((name) => [name, []]))
  for (let index = 0; index < processes; index++) {
    const children = new Map<string, Child>()
    for (const name of names) {
      children.set(name, new Child(new URL('./client-child.ts', import.meta.url)))
    }
    const sample = (name: string) => children.get(name)!.ask<Load>({ name, url, atOnce, forMs } satisfies LoadQuestion)
    try {
      // Not counted: code is loaded and compiled.
      for (const name of names) await sample(name)
      await inRounds(names, Math.ceil(rounds / processes), async (name) => {
        loads.get(name)!.push(await sample(name))
      })
    } finally {
      for (const child of children.values()) child.stop()
    }
  }
  return loads
}
