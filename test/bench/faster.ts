import type { FasterPeer } from './section.ts'

/** A column in which less is better. */
export interface CostColumn {
  readonly at: string
  readonly costOf: (name: string) => number
}

/** Everybody who costs less than `ours` in any of the columns. */
export function fasterThan(
  ours: string,
  peers: readonly string[],
  columns: readonly CostColumn[],
  whyOf: Readonly<Record<string, string>>,
): FasterPeer[] {
  const found: FasterPeer[] = []
  for (const peer of peers) {
    for (const { at, costOf } of columns) {
      // What it adds can come out a little under nothing.
      const ratio = Math.max(0, costOf(peer) / costOf(ours))
      if (ratio >= 1) continue
      const why = whyOf[peer]
      if (why === undefined) throw new Error(`nobody has said why ${peer} is faster`)
      found.push({ peer, at, ratio, why })
    }
  }
  return found
}
