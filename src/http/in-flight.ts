import { Chain } from '../core/chain.ts'
import type { Clock } from '../core/clock.ts'
import { ClosedError } from '../core/closed-error.ts'
import type { Ongoing } from '../layers/deadline/index.ts'

/** The calls of a client that have not settled, so that it can be closed without cutting them short. */
export class InFlight {
  readonly calls: Ongoing = new Chain()
  #closed = false
  readonly #emptied: (() => void)[] = []

  get size(): number {
    return this.calls.size
  }

  /** @throws ClosedError once it is closed */
  check(): void {
    if (this.#closed) throw new ClosedError()
  }

  /** One has settled. */
  settled(): void {
    if (this.#closed && this.calls.size === 0) for (const resolve of this.#emptied.splice(0)) resolve()
  }

  /** Lets no further call in, gives those inside some time, and then ends them with a `ClosedError`. */
  async close(drainMs: number, clock: Clock): Promise<void> {
    this.#closed = true
    const end = () => {
      for (let call = this.calls.first; call !== undefined; call = this.calls.first) {
        call.leave()
        call.value.end(new ClosedError())
      }
    }
    if (drainMs === 0) end()
    if (this.calls.size === 0) return
    // Somebody waits for the end, and perhaps nothing else keeps the process alive until then.
    const cancel = clock.setTimer(drainMs, end, true)
    await new Promise<void>((resolve) => this.#emptied.push(resolve))
    cancel()
  }
}
