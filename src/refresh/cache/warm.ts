import { OptionsError } from '../../core/options.ts'
import type { Runtime } from '../../core/runtime.ts'

export interface WarmOptions {
  /** Keys that are begun in a second. */
  perSecond: number
  /** Ends it; what was begun goes on. */
  signal?: AbortSignal | undefined
}

/** How many keys were loaded, were there already, or could not be loaded. */
export interface Warmed {
  readonly loaded: number
  readonly known: number
  readonly failed: number
}

/**
 * Loads keys one after the other at a steady pace, from a moment of its own on: a fleet that is deployed together and
 * warms up at full speed is the herd that the cache is there to prevent.
 *
 * @throws OptionsError for a pace that is not above 0
 */
export async function warmUp(
  keys: Iterable<string>,
  { perSecond, signal }: WarmOptions,
  { clock, random }: Runtime,
  load: (key: string) => Promise<unknown> | undefined,
): Promise<Warmed> {
  if (!(perSecond > 0))
    throw new OptionsError('warm.perSecond', `warm.perSecond wants a number above 0, got ${perSecond}`)
  const intervalMs = 1_000 / perSecond
  const running: Promise<unknown>[] = []
  const count = { loaded: 0, known: 0, failed: 0 }
  let waitMs = random() * intervalMs
  for (const key of keys) {
    await clock.sleep(waitMs, signal)
    const loading = load(key)
    waitMs = loading ? intervalMs : 0
    if (loading) running.push(loading.then(() => count.loaded++).catch(() => count.failed++))
    else count.known++
  }
  await Promise.all(running)
  return count
}
