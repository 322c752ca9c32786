import { identifier } from '../../core/random.ts'
import type { Runtime } from '../../core/runtime.ts'
import type { Version } from '../coordination.ts'
import type { Board } from './board.ts'

/** The right to lead, as it hangs on the board. */
export interface BoardLease {
  readonly version: Version
  /** Shows that its tab is alive; false if another one leads by now. */
  renew(): Promise<boolean>
  release(): Promise<void>
}

/** A leader that hangs on the board: which one in the row, and its sign of life, which is never the same again. */
interface Leader {
  readonly place: number
  readonly pulse: string
}

/**
 * Who leads, by names on a board. A tab that is frozen keeps its name for as long as it is frozen, and nobody takes it
 * away. So a leader hangs up a new pulse after each third of its lease, and one whose pulse stood still for a whole lease
 * is passed by: the next leader takes the next place in the row.
 */
export class Leading {
  readonly #board: Board
  readonly #runtime: Runtime
  readonly #leaseMs: number
  readonly #epoch = identifier()
  #leases = 0
  /** Since when we know a leader with the very same pulse, by what both begin with. */
  readonly #seen = new Map<string, Map<number, { pulse: string; since: number }>>()

  constructor(board: Board, runtime: Runtime, leaseMs: number) {
    this.#board = board
    this.#runtime = runtime
    this.#leaseMs = leaseMs
  }

  /** Whether somebody leads, of whom there was a sign of life within one lease. */
  async isLed(start: string): Promise<boolean> {
    return this.#alive(start, await this.#leaders(start)).length > 0
  }

  async tryLead(start: string): Promise<BoardLease | undefined> {
    const before = await this.#leaders(start)
    if (this.#alive(start, before).length > 0) return undefined
    const place = Math.max(0, ...before.map((leader) => leader.place + 1))
    const letGo = await this.#board.hold(nameOf(start, place), 'alone')
    if (letGo === undefined) return undefined
    const version = { epoch: this.#epoch, number: ++this.#leases }
    let beats = 0
    const beat = () => this.#board.hold(nameOf(start, place, `${this.#epoch}.${version.number}.${++beats}`), 'together')
    let pulse = await beat()
    const leave = async () => {
      await Promise.all([pulse?.(), letGo()])
    }
    // Somebody who saw other leaders than we did may have taken another place. Both withdraw.
    const others = (await this.#leaders(start)).filter((leader) => leader.place !== place)
    if (this.#alive(start, others).length > 0) {
      await leave()
      return undefined
    }
    return {
      version,
      renew: async () => {
        if ((await this.#leaders(start)).some((leader) => leader.place > place)) return false
        const next = await beat()
        void pulse?.()
        pulse = next
        return true
      },
      release: leave,
    }
  }

  async #leaders(start: string): Promise<Leader[]> {
    const pulses = new Map<number, string[]>()
    for (const name of await this.#board.names(`${start}lead|`)) {
      const [place = '', pulse = ''] = name.slice(start.length).split('|').slice(1)
      if (/^\d{1,9}$/.test(place)) pulses.set(Number(place), [...(pulses.get(Number(place)) ?? []), pulse])
    }
    // While it changes there are two.
    return [...pulses].map(([place, all]) => ({ place, pulse: all.sort().join() }))
  }

  #alive(start: string, leaders: readonly Leader[]): Leader[] {
    const now = this.#runtime.clock.now()
    const seen = this.#seen.get(start) ?? new Map<number, { pulse: string; since: number }>()
    const gone = new Set(seen.keys())
    const alive = leaders.filter(({ place, pulse }) => {
      gone.delete(place)
      const known = seen.get(place)
      if (known?.pulse !== pulse) seen.set(place, { pulse, since: now })
      return known?.pulse !== pulse || now - known.since < this.#leaseMs
    })
    for (const place of gone) seen.delete(place)
    if (seen.size > 0) this.#seen.set(start, seen)
    else this.#seen.delete(start)
    return alive
  }
}

function nameOf(start: string, place: number, pulse?: string): string {
  return pulse === undefined ? `${start}lead|${place}` : `${start}lead|${place}|${pulse}`
}
