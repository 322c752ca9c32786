import type { World } from './world.ts'

interface PendingCall {
  readonly startedAt: number
}

/** Goodput counts as back when so many seconds in a row are good. */
const steadySeconds = 5

/**
 * What became of the calls of a fleet. A call belongs to the second in which it began, whenever it ends: so a second is
 * good if who asked in it was served in the end, and a backlog of old answers does not look like recovery.
 */
export class Goodput {
  readonly #world: World
  #fromMs = Infinity
  #untilMs = Infinity
  readonly #wanted: number[] = []
  readonly #succeeded: number[] = []
  readonly #pending = new Set<PendingCall>()
  #worstMs = 0

  constructor(world: World) {
    this.#world = world
  }

  /** The trouble begins: calls count from now on. */
  begin(): void {
    this.#fromMs = this.#world.clock.now()
  }

  /** Later calls do not count; those that have begun may end. */
  end(): void {
    this.#untilMs = this.#world.clock.now()
  }

  /** A call begins. The function returned is told how it ended. */
  call(): (ok: boolean) => void {
    const startedAt = this.#world.clock.now()
    if (startedAt < this.#fromMs || startedAt >= this.#untilMs) return ignored
    const second = Math.floor((startedAt - this.#fromMs) / 1_000)
    const call = { startedAt }
    this.#pending.add(call)
    this.#wanted[second] = (this.#wanted[second] ?? 0) + 1
    return (ok) => {
      this.#pending.delete(call)
      this.#worstMs = Math.max(this.#worstMs, this.#world.clock.now() - startedAt)
      if (ok) this.#succeeded[second] = (this.#succeeded[second] ?? 0) + 1
    }
  }

  /** Calls that have not ended. */
  get pending(): number {
    return this.#pending.size
  }

  /** Calls that count. */
  get wanted(): number {
    return sum(this.#wanted)
  }

  /** The share of them that failed or has not ended, from 0 to 1; 0 where nothing was wanted. */
  get lost(): number {
    const { wanted } = this
    return wanted === 0 ? 0 : 1 - sum(this.#succeeded) / wanted
  }

  /** The longest that anybody waited or still waits, whatever came of it, in ms. */
  get worstWaitMs(): number {
    const [oldest] = this.#pending
    const waitingMs = oldest === undefined ? 0 : this.#world.clock.now() - oldest.startedAt
    return Math.round(Math.max(this.#worstMs, waitingMs))
  }

  /** For each second, the share of the calls begun in it that succeeded. A second without calls lost none. */
  get curve(): number[] {
    return Array.from({ length: this.#wanted.length }, (_, second) => round(this.#shareOf(second)))
  }

  /**
   * From the beginning of the trouble until a share of the calls of every second succeeds, and does so for 5 s, in ms,
   * to the second. Not sooner than the trouble is over, except for a fleet that never fell below that share: then it is
   * 0. `null` where it does not come.
   */
  backAfterMs(share: number, troubleMs: number): number | null {
    // Those at the end in which nobody called are good as well: a fleet that hardly calls lost nothing in them.
    const untilMs = Math.min(this.#world.clock.now(), this.#untilMs)
    const seconds = Math.max(this.#wanted.length, Math.ceil((untilMs - this.#fromMs) / 1_000))
    const good = Array.from({ length: seconds }, (_, second) => this.#shareOf(second) >= share)
    if (seconds >= steadySeconds && good.every(Boolean)) return 0
    for (let at = Math.ceil(troubleMs / 1_000); at + steadySeconds <= seconds; at++) {
      if (good.slice(at, at + steadySeconds).every(Boolean)) return at * 1_000
    }
    return null
  }

  #shareOf(second: number): number {
    const wanted = this.#wanted[second] ?? 0
    return wanted === 0 ? 1 : (this.#succeeded[second] ?? 0) / wanted
  }
}

function ignored(): void {}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + (count ?? 0), 0)
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000
}
