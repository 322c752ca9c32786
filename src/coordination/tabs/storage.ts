import { identifier } from '../../core/random.ts'
import type { Runtime } from '../../core/runtime.ts'
import { type Stored, sameVersion, type Version, type Write } from '../coordination.ts'
import { CoordinationError } from '../error.ts'
import type { Board } from './board.ts'
import type { TabValues } from './copies.ts'
import { type Copy, isCopy, maxLength } from './messages.ts'

/** Where values outlive the tabs: `localStorage`, or anything of its shape, whose methods may give promises. */
export interface TabsStorage {
  getItem(key: string): string | null | Promise<string | null>
  setItem(key: string, value: string): unknown
}

/**
 * Values in a storage that all tabs share. A turn on the board makes read, compare and write one step, because a storage
 * promises that to no two tabs.
 */
export class StoredValues implements TabValues {
  readonly #storage: TabsStorage
  readonly #board: Board
  readonly #runtime: Runtime
  readonly #epoch = identifier()

  constructor(storage: TabsStorage, board: Board, runtime: Runtime) {
    this.#storage = storage
    this.#board = board
    this.#runtime = runtime
  }

  async version(_key: string, start: string): Promise<Version | undefined> {
    return (await this.#load(start))?.version
  }

  async read(_key: string, start: string): Promise<Stored | undefined> {
    const copy = await this.#load(start)
    const ageMs = copy && Math.max(0, this.#runtime.clock.wallNow() - copy.committedAt)
    return copy && { version: copy.version, value: copy.value, ageMs }
  }

  commit(_key: string, start: string, { value, expected, expiresInMs }: Write): Promise<Version | undefined> {
    if (value.length > maxLength) throw new CoordinationError('the storage', 'too-large')
    return this.#board.inTurn(`${start}turn`, async () => {
      const current = await this.#load(start)
      if (!sameVersion(current?.version, expected)) return undefined
      const committedAt = this.#runtime.clock.wallNow()
      // The time of the commit, so that a number does not come back after a value has expired.
      const number = Math.max(Math.floor(committedAt), (current?.version.number ?? 0) + 1)
      const version = { epoch: this.#epoch, number }
      // Infinity is no JSON.
      const expiresAt = Math.min(Number.MAX_VALUE, committedAt + expiresInMs)
      const copy: Copy = { version, value, committedAt, expiresAt }
      try {
        await this.#storage.setItem(start, JSON.stringify(copy))
      } catch {
        // Full, or forbidden. What the platform says of it may hold the value.
        throw new CoordinationError('the storage', 'refused')
      }
      return version
    })
  }

  close(): void {}

  async #load(start: string): Promise<Copy | undefined> {
    let text: string | null
    try {
      text = await this.#storage.getItem(start)
    } catch {
      throw new CoordinationError('the storage', 'unreachable')
    }
    if (text === null) return undefined
    const copy = parsed(text)
    if (!isCopy(copy)) throw new CoordinationError('the storage', 'invalid')
    return copy.expiresAt > this.#runtime.clock.wallNow() ? copy : undefined
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
