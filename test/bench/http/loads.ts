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
  /** Client processes, one after the other, which share the rounds: each happens to be compiled differently. */
  readonly processes: number
}

/** All contenders in one client process, in interleaved rounds: what the process happens to be is the same for all. */
export async function measureLoads(
  names: readonly string[],
  { url, atOnce, rounds, forMs, processes }: LoadPlan,
): Promise<Loads> {
  const loads = new Map<string, Load[]>(names.map((name) => [name, []]))
  for (let index = 0; index < processes; index++) {
    const child = new Child(new URL('./client-child.ts', import.meta.url), [], ['--expose-gc'])
    const sample = (name: string) => child.ask<Load>({ name, url, atOnce, forMs } satisfies LoadQuestion)
    try {
      // Not counted: code is loaded and compiled.
      for (const name of names) await sample(name)
      await inRounds(names, Math.ceil(rounds / processes), async (name) => {
        loads.get(name)!.push(await sample(name))
      })
    } finally {
      child.stop()
    }
  }
  return loads
}
