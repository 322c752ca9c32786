import { identifier } from '../../core/random.ts'
import type { Runtime } from '../../core/runtime.ts'
import { type Stored, sameVersion, type Version, type Write } from '../coordination.ts'
import { CoordinationError } from '../error.ts'
import type { Board, LetGo } from './board.ts'
import { type Copy, maxLength, type Talk } from './messages.ts'

/** Where the tabs keep their values. */
export interface TabValues {
  /** Which version is there, as far as one can tell without asking anybody for it. */
  version(key: string, start: string): Promise<Version | undefined>
  read(key: string, start: string): Promise<Stored | undefined>
  commit(key: string, start: string, write: Write): Promise<Version | undefined>
  close(): void
}

/** How long a tab that holds a value has to hand it over; one that is alive does so in a few ms. */
const answerMs = 1_000

/** Tabs that could answer as well wait up to this, and keep silent if somebody else was faster. */
const politeMs = 20

/** A name on the board says: this tab has that version of the value. */
interface Claimed extends Version {
  readonly expiresAt: number
}

/**
 * Values that nobody stores. A tab that has one hangs its version up on the board, and hands it over to whoever asks. It
 * is gone with the last tab that has it.
 *
 * A version's number is the time of its commit, or one more than the version before: a tab that wakes after hours with
 * what it knew then is not taken for the newest.
 */
export class Copies implements TabValues {
  readonly #board: Board
  readonly #talk: Talk
  readonly #runtime: Runtime
  readonly #leaseMs: number
  readonly #epoch = identifier()
  readonly #copies = new Map<string, Copy & { letGo: LetGo | undefined }>()
  /** Since when a version was asked for that hangs there, and nobody hands it over. */
  readonly #silent = new Map<string, { readonly version: Version; readonly since: number }>()
  readonly #unlisten: () => void

  constructor(board: Board, talk: Talk, runtime: Runtime, leaseMs: number) {
    this.#board = board
    this.#talk = talk
    this.#runtime = runtime
    this.#leaseMs = leaseMs
    this.#unlisten = talk.listen((message) => {
      if (message.type === 'ask') this.#answer(message.key)
    })
  }

  async version(key: string, start: string): Promise<Version | undefined> {
    const newest = await this.#newest(key, start)
    return newest && { epoch: newest.epoch, number: newest.number }
  }

  async read(key: string, start: string): Promise<Stored | undefined> {
    for (;;) {
      const newest = await this.#newest(key, start)
      if (newest === undefined) return undefined
      const copy = (await this.#own(key, newest)) ?? (await this.#ask(key, start, newest))
      if (copy) {
        this.#silent.delete(key)
        const ageMs = Math.max(0, this.#runtime.clock.wallNow() - copy.committedAt)
        return { version: copy.version, value: copy.value, ageMs }
      }
      const now = await this.#newest(key, start)
      if (sameVersion(now, newest)) {
        if (!sameVersion(this.#silent.get(key)?.version, newest)) {
          this.#silent.set(key, { version: newest, since: this.#runtime.clock.now() })
        }
        throw new CoordinationError('the tab that holds the value', 'late')
      }
    }
  }

  commit(key: string, start: string, { value, expected, expiresInMs }: Write): Promise<Version | undefined> {
    if (value.length > maxLength) throw new CoordinationError('a tab', 'too-large')
    return this.#board.inTurn(`${start}turn`, async () => {
      if (!sameVersion(await this.version(key, start), expected)) return undefined
      const { clock } = this.#runtime
      const hanging = (await this.#claimed(start)).map(({ number }) => number)
      const number = Math.max(Math.floor(clock.wallNow()), ...hanging.map((other) => other + 1))
      const committedAt = clock.wallNow()
      const version = { epoch: this.#epoch, number }
      await this.#keep(key, start, { version, value, committedAt, expiresAt: committedAt + expiresInMs })
      return version
    })
  }

  close(): void {
    this.#unlisten()
    this.#copies.clear()
  }

  /** Those that hang on the board, and whose time is not over. */
  async #claimed(start: string): Promise<Claimed[]> {
    const now = this.#runtime.clock.wallNow()
    return (await this.#board.names(`${start}has|`)).flatMap((name) => {
      const [epoch = '', number, expiresAt] = name.slice(start.length).split('|').slice(1)
      const claimed = { epoch, number: Number(number), expiresAt: Number(expiresAt) }
      return Number.isSafeInteger(claimed.number) && claimed.expiresAt > now ? [claimed] : []
    })
  }

  /** Of two of one moment, which only tabs that could not wait for each other commit, all take the same. */
  async #newest(key: string, start: string): Promise<Claimed | undefined> {
    const { version, since = Infinity } = this.#silent.get(key) ?? {}
    // A tab that does not hand over what it has is frozen; it holds up the others for one lease.
    const forgotten = this.#runtime.clock.now() - since >= this.#leaseMs
    return (await this.#claimed(start))
      .filter((claimed) => !(forgotten && sameVersion(claimed, version)))
      .reduce<Claimed | undefined>((best, one) => (best && compare(best, one) >= 0 ? best : one), undefined)
  }

  async #own(key: string, wanted: Claimed): Promise<Copy | undefined> {
    const copy = this.#copies.get(key)
    return copy && sameVersion(copy.version, wanted) ? copy : undefined
  }

  /** Asks for one that is at least as new. */
  #ask(key: string, start: string, wanted: Version): Promise<Copy | undefined> {
    if (!this.#talk.heard) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const end = (copy: Copy | undefined) => {
        cancel()
        unlisten()
        resolve(copy)
      }
      const cancel = this.#runtime.clock.setTimer(answerMs, () => end(undefined), true)
      const unlisten = this.#talk.listen((message) => {
        if (message.type !== 'value' || message.key !== key || compare(message.version, wanted) < 0) return
        const { version, value, committedAt, expiresAt } = message
        const copy: Copy = { version, value, committedAt, expiresAt }
        void this.#keep(key, start, copy).then(
          () => end(copy),
          () => end(copy),
        )
      })
      this.#talk.post({ type: 'ask', key })
    })
  }

  async #keep(key: string, start: string, copy: Copy): Promise<void> {
    const name = `${start}has|${copy.version.epoch}|${copy.version.number}|${copy.expiresAt}`
    const letGo = await this.#board.hold(name, 'together')
    const before = this.#copies.get(key)
    if (before && compare(before.version, copy.version) >= 0) await letGo?.()
    else {
      this.#copies.set(key, { ...copy, letGo })
      await before?.letGo?.()
    }
    this.#sweep()
  }

  #answer(key: string): void {
    const copy = this.#copies.get(key)
    if (copy === undefined) return
    const { clock, random } = this.#runtime
    const answer = () => {
      unlisten()
      const { version, value, committedAt, expiresAt } = copy
      if (expiresAt > clock.wallNow()) this.#talk.post({ type: 'value', key, version, value, committedAt, expiresAt })
    }
    // Whoever made it answers at once.
    const cancel = clock.setTimer(copy.version.epoch === this.#epoch ? 0 : random() * politeMs, answer)
    const unlisten = this.#talk.listen((message) => {
      if (message.type !== 'value' || message.key !== key || compare(message.version, copy.version) < 0) return
      cancel()
      unlisten()
    })
  }

  /** What is over is let go of with the next value that comes, at the latest. */
  #sweep(): void {
    const now = this.#runtime.clock.wallNow()
    for (const [key, { expiresAt, letGo }] of this.#copies) {
      if (expiresAt > now) continue
      this.#copies.delete(key)
      void letGo?.()
    }
  }
}

function compare(a: Version, b: Version): number {
  if (a.number !== b.number) return a.number - b.number
  return a.epoch === b.epoch ? 0 : a.epoch < b.epoch ? -1 : 1
}
