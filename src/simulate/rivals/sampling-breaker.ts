import type { World } from '../world.ts'

/** What stands between a client's retries and the server. */
export interface Circuit {
  /** Runs an attempt now, when a probe has decided, or not at all. `run` tells how it ended. */
  enter(run: (ended: (ok: boolean) => void) => void, refused: () => void): void
}

export interface SamplingBreakerOptions {
  /** Share of failures above which it opens. */
  readonly threshold: number
  readonly durationMs: number
  readonly halfOpenAfterMs: number
}

interface Window {
  startedAt: number
  failures: number
  successes: number
}

type State =
  | { readonly name: 'closed' }
  | { readonly name: 'open'; readonly sinceMs: number }
  | { readonly name: 'half-open'; readonly waiting: (() => void)[]; probing: boolean }

/**
 * cockatiel's circuit with its `SamplingBreaker` (`CircuitBreakerPolicy.js`, `SamplingBreaker.js`), written anew by what
 * they do: one probe when half-open, everybody else waits for it without bound, and a window is rotated only when
 * something is counted.
 */
export function samplingBreaker(world: World, options: SamplingBreakerOptions): Circuit {
  const { threshold, durationMs, halfOpenAfterMs } = options
  const count = Math.max(5, Math.ceil(durationMs / 1_000))
  const windowMs = Math.round(durationMs / count)
  const windows = Array.from({ length: count }, (): Window => ({ startedAt: 0, failures: 0, successes: 0 }))
  // Without a `minimumRps` it guesses one: five failures per second must be possible before it opens.
  const leastCalls = (windowMs * count * 5) / (threshold * 1_000)
  let current = 0
  let state: State = { name: 'closed' }

  const counted = (ok: boolean) => {
    const now = world.clock.now()
    let window = windows[current] as Window
    if (now - window.startedAt >= windowMs) {
      current = (current + 1) % count
      window = { startedAt: now, failures: 0, successes: 0 }
      windows[current] = window
    }
    if (ok) window.successes++
    else window.failures++
  }
  const trips = () => {
    const failures = windows.reduce((sum, window) => sum + window.failures, 0)
    const total = windows.reduce((sum, window) => sum + window.successes, failures)
    return total >= leastCalls && failures > threshold * total
  }
  const open = () => {
    const before = state
    if (before.name === 'open') return
    state = { name: 'open', sinceMs: world.clock.now() }
    if (before.name === 'half-open') for (const wake of before.waiting) wake()
  }
  const probed = (ok: boolean, half: State) => {
    // A late failure of a call from before may have opened it again.
    if (state !== half || half.name !== 'half-open') return
    if (!ok) {
      counted(false)
      open()
      return
    }
    for (let at = 0; at < count; at++) windows[at] = { startedAt: 0, failures: 0, successes: 0 }
    counted(true)
    state = { name: 'closed' }
    for (const wake of half.waiting) wake()
  }
  const enter: Circuit['enter'] = (run, refused) => {
    if (state.name === 'open') {
      if (world.clock.now() - state.sinceMs < halfOpenAfterMs) {
        refused()
        return
      }
      state = { name: 'half-open', waiting: [], probing: false }
    }
    if (state.name === 'half-open') {
      const half = state
      if (half.probing) {
        half.waiting.push(() => enter(run, refused))
        return
      }
      half.probing = true
      run((ok) => probed(ok, half))
      return
    }
    run((ok) => {
      counted(ok)
      // It goes by the state of now: a failure that is late opens a circuit that is probing.
      if (!ok && trips()) open()
    })
  }
  return { enter }
}
