import type { Clock } from '../core/clock.ts'
import { ClosedError } from '../core/closed-error.ts'

/** The calls of a client that have not settled, so that it can be closed without cutting them short. */
export class InFlight {
  readonly #calls = new Set<AbortController>()
  #closed = false
  readonly #emptied: (() => void)[] = []

  get size(): number {
    return this.#calls.size
  }

  /** Until the function returned is called. @throws ClosedError */
  enter(controller: AbortController): () => void {
    if (this.#closed) throw new ClosedError()
    this.#calls.add(controller)
    return () => {
      this.#calls.delete(controller)
      if (this.#calls.size === 0) for (const resolve of this.#emptied.splice(0)) resolve()
    }
  }

  /** Lets no further call in, gives those inside some time, and then ends them with a `ClosedError`. */
  async close(drainMs: number, clock: Clock): Promise<void> {
    this.#closed = true
    const end = () => {
      for (const controller of [...this.#calls]) controller.abort(new ClosedError())
    }
    if (drainMs === 0) end()
    if (this.#calls.size === 0) return
    // Somebody waits for the end, and perhaps nothing else keeps the process alive until then.
    const cancel = clock.setTimer(drainMs, end, true)
    await new Promise<void>((resolve) => this.#emptied.push(resolve))
    cancel()
  }
}
