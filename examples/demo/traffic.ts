import type { Scenario } from './scenario.ts'

/** One call to be made: by whom, and when, in ms from the start. */
export interface Due {
  readonly client: number
  readonly atMs: number
}

/**
 * When each client calls, whatever became of its earlier calls: people do not stop clicking because a server is slow.
 * Each client has a pace of its own that starts anywhere and wavers, so that the sum is even and nothing is in step.
 */
export function traffic({ clients, callsPerSecond, runMs, seed }: Scenario): Due[] {
  const random = seeded(seed)
  const everyMs = (1_000 * clients) / callsPerSecond
  const due: Due[] = []
  for (let client = 0; client < clients; client++) {
    const firstMs = everyMs * ((client + random()) / clients)
    for (let beat = firstMs; beat < runMs; beat += everyMs) due.push({ client, atMs: beat + random() * everyMs * 0.25 })
  }
  return due.filter(({ atMs }) => atMs < runMs).sort((a, b) => a.atMs - b.atMs)
}

/** mulberry32 (public domain): small, and good enough to spread arrivals. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
