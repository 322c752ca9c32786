import type { StormTrace } from './run.ts'
import { queueMs, type Storm } from './scenario.ts'

export interface StormFigures {
  readonly sockets: number
  /** How many were back at the end of the run. */
  readonly back: number
  /** From the kill until all were back; null where they were not within the run. */
  readonly allBackMs: number | null
  /** When a fleet that wastes nothing would all be back. */
  readonly lowerBoundMs: number
  /** Handshakes asked for in the server's busiest second, over what it can make in one. The second may start at any bucket. */
  readonly busiestOverCapacity: number
  /** Dials for each client, those that found nobody included. */
  readonly attemptsPerClient: number
  /** Handshakes made for clients who had left. */
  readonly wasted: number
}

export function stormFigures(storm: Storm, { upAt, backAt, dials, arrivals, wasted }: StormTrace): StormFigures {
  const { sockets, handshakesPerSecond, bucketMs } = storm
  const width = 1_000 / bucketMs
  const seconds = Array.from({ length: Math.max(1, arrivals.length - width + 1) }, (_, start) =>
    arrivals.slice(start, start + width).reduce((total, count) => total + count, 0),
  )
  return {
    sockets,
    back: backAt.length,
    allBackMs: backAt.length === sockets ? Math.round(backAt.at(-1) ?? 0) : null,
    lowerBoundMs: Math.round(upAt + queueMs(storm)),
    busiestOverCapacity: round(Math.max(...seconds) / handshakesPerSecond),
    attemptsPerClient: round(dials / sockets),
    wasted,
  }
}

function round(number: number): number {
  return Math.round(number * 100) / 100
}
