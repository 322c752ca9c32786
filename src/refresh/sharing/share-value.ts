import type { Fresh } from '../refreshable/index.ts'
import { recordOf } from './record.ts'
import type { ShareNeeds } from './together.ts'

/** How long it is known that a value was taken away, in ms: until then every reader sees a record without one. */
const emptyMs = 60_000

/** Others may write at the same time; the last word is ours if we have it within so many tries. */
const mostTries = 5

/**
 * Puts a value in the place of whatever is shared, or takes that away, because its owner says so.
 *
 * @throws what the store throws
 */
export async function shareValue<Value>(needs: ShareNeeds<Value>, fresh: Fresh<Value> | undefined): Promise<void> {
  const { coordination, key, runtime, encode } = needs
  const { clock } = runtime
  for (let tries = 0; tries < mostTries; tries++) {
    const expected = (await coordination.read(key))?.version
    if (fresh === undefined && expected === undefined) return
    const leftMs = fresh ? fresh.lifetimeMs - (clock.now() - fresh.issuedAt) : emptyMs
    const value = recordOf(fresh, encode, {}, clock)
    if (await coordination.commit(key, { value, expected, expiresInMs: Math.max(1, leftMs) })) return
  }
}
