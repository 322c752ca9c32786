import { onAbort } from '../core/abort.ts'
import type { Runtime } from '../core/runtime.ts'
import type { Wait } from './coordination.ts'

/** What a wait can ask about the key that it waits for. */
export interface Watched {
  /** Calls `hint` when it may be worth looking; the function returned ends it. */
  watch(hint: () => void): () => void
  /** Whether the wait is over, and why. */
  look(): Promise<'changed' | 'free' | undefined>
  /** A hint reaches everybody at the same moment; each looks within this time of it. 0: at once. */
  hintSpreadMs?: number
  /** Whether a hint would come: then looking is only for those that are lost. False if absent. */
  hears?(): boolean
  /** Aborted when the coordination is closed, with the error that its waits end with. */
  closed: AbortSignal
}

/**
 * The bounds of the wait between two looks, where no hint came. While hints can be heard it is the longest from the start:
 * a fleet that waits for its first value would otherwise ask its store a dozen times a second, each of them.
 */
const pollMs = { first: 100, most: 1_000 }

/** `Coordinator.awaitChange`, for any coordinator that can watch and look. */
export function awaitChange(
  { watch, look, hintSpreadMs = 0, hears = () => false, closed }: Watched,
  { timeoutMs, signal }: Wait,
  { clock, random }: Runtime,
): Promise<'changed' | 'free' | 'timeout'> {
  for (const ended of [closed, signal]) if (ended?.aborted) return Promise.reject(ended.reason)
  return new Promise((resolve, reject) => {
    const endsAt = clock.now() + timeoutMs
    let pause = pollMs.first
    let over = false
    let looking = false
    /** A hint that came while we looked: what we saw may be older than it. */
    let hinted = false
    let cancel: (() => void) | undefined

    const end = (settle: () => void) => {
      if (over) return
      over = true
      cancel?.()
      unwatch()
      unclose()
      unlink?.()
      settle()
    }
    const lookIn = (ms: number) => {
      cancel?.()
      // Somebody waits for the answer: a process must not end before it.
      cancel = clock.setTimer(Math.min(ms, endsAt - clock.now()), check, true)
    }
    const heed = () => (hintSpreadMs > 0 ? lookIn(random() * hintSpreadMs) : void check())
    const check = async () => {
      cancel?.()
      looking = true
      hinted = false
      // A store that cannot be asked is waited out.
      const seen = await look().catch(() => undefined)
      looking = false
      if (over) return
      if (seen) end(() => resolve(seen))
      else if (clock.now() >= endsAt) end(() => resolve('timeout'))
      else if (hinted) heed()
      else {
        // Half of it is fixed: full jitter would now and then look twice in a row.
        const told = hears()
        lookIn((told ? pollMs.most : pause) * (0.5 + 0.5 * random()))
        if (!told) pause = Math.min(pollMs.most, pause * 2)
      }
    }
    // Before the first look, so that nothing falls in between.
    const unwatch = watch(() => {
      if (over || hinted) return
      hinted = true
      if (!looking) heed()
    })
    const unclose = onAbort(closed, () => end(() => reject(closed.reason)))
    const unlink = signal && onAbort(signal, () => end(() => reject(signal.reason)))
    check()
  })
}
