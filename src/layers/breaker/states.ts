import { type CircuitState, circuitBreaker, handleAll } from '#cockatiel'

export type Phase = 'closed' | 'open' | 'half-open' | 'isolated'

/** In the order in which cockatiel numbers them. */
const phases: Readonly<Record<CircuitState, Phase>> = ['closed', 'open', 'half-open', 'isolated']

/**
 * cockatiel's circuit state machine, as the keeper of states and of what follows what, and nothing else.
 *
 * It never wraps a caller's promise: it counts an aborted probe as a success, parks callers in half-open, lets a late
 * result of an earlier phase move the present one and reads the wall clock. Our permits decide on our clock and then
 * tell it, one verdict after the other, because it takes a verdict only from a settled promise.
 */
export class States<About> {
  readonly #policy
  readonly #signal = new AbortController().signal
  #told: Promise<unknown> = Promise.resolve()
  #about: About | undefined
  #probe: { readonly settle: (verdict: 'success' | 'failure') => void; readonly over: Promise<unknown> } | undefined
  #hold: { dispose: () => void } | undefined

  /** @param onChange gets each new phase, with what was told along with the verdict that led to it */
  constructor(probes: number, onChange: (phase: Phase, about: About | undefined) => void) {
    this.#policy = circuitBreaker(handleAll, {
      // Whatever it is told has been decided already.
      breaker: { state: undefined, success() {}, failure: () => true },
      // Never a reason to wait: when we tell it of a probe, our clock has said that it is time.
      halfOpenAfter: { next: openForever },
      halfOpenSampling: { calls: Math.min(probes, Number.MAX_SAFE_INTEGER), threshold: 0 },
    })
    this.#policy.onStateChange((state) => onChange(phases[state], this.#about))
  }

  /** Its phase, once it has heard everything that it was told. */
  async settled(): Promise<Phase> {
    await this.#told
    return phases[this.#policy.state]
  }

  /** A probe is out. One that says nothing in the end is not told: the next one takes its place. */
  probing(): void {
    this.#next(() => {
      if (this.#probe) return
      let settle: (verdict: 'success' | 'failure') => void = ignore
      const verdict = new Promise<'success' | 'failure'>((resolve) => {
        settle = resolve
      })
      this.#probe = { settle, over: this.#execute(verdict) }
    })
  }

  /** In closed a failure opens; in half-open this is how the probe ended. */
  tell(verdict: 'success' | 'failure', about?: About): void {
    this.#next(() => {
      this.#about = about
      const probe = this.#probe
      this.#probe = undefined
      if (probe === undefined) return this.#execute(Promise.resolve(verdict))
      probe.settle(verdict)
      return probe.over
    })
  }

  isolate(): void {
    this.#next(() => {
      this.#probe = undefined
      this.#hold ??= this.#policy.isolate()
    })
  }

  release(): void {
    this.#next(() => {
      this.#hold?.dispose()
      this.#hold = undefined
    })
  }

  #execute(verdict: Promise<'success' | 'failure'>): Promise<unknown> {
    const run = async () => {
      if ((await verdict) === 'failure') throw new Error('failure')
    }
    // The signal keeps cockatiel from using its module-wide one, which Workers do not share between requests.
    return this.#policy.execute(run, this.#signal).catch(ignore)
  }

  #next(step: () => unknown): void {
    // Whatever a listener throws, the next verdict must still be heard.
    this.#told = this.#told.then(step).catch(ignore)
  }
}

/** A backoff whose duration has always passed, even when somebody turns the wall clock back. */
function openForever() {
  return { duration: -Infinity, next: openForever }
}

function ignore(): void {}
