import type { Version } from '../../coordination/coordination.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import type { Fresh, LoadContext } from '../refreshable/index.ts'
import { freshOf, parseRecord, type ReadRecord, type Session } from './record.ts'
import type { ShareNeeds } from './together.ts'

/** What no process may guess: which token was presented last. */
const forgotten = 'the store has forgotten what was presented; only a new sign-in, in a new process, can go on'

export interface ExclusiveNeeds<Value> extends ShareNeeds<Value> {
  /** The refresh token that this sign-in began with; undefined if only its maker knows. */
  readonly seed: string | undefined
  /** For so long after it was first presented the provider takes the same refresh token once more, in ms. 0: it does not. */
  readonly reuseLeewayMs: number
  /** Presents the refresh token of `previous`, or that of the sign-in. */
  present(context: LoadContext<Value>): Promise<Fresh<Value>>
  refreshTokenOf(value: Value): string | undefined
  /** Whether what was presented was certainly not used up. */
  wasNotUsed(error: unknown): boolean
  /** The provider's last word, if this was it. */
  endedBy(error: unknown): string | undefined
  failure(
    reason: 'coordination' | 'unknown-outcome' | 'replaced' | 'ended',
    about?: { word?: string; cause?: unknown },
  ): unknown
}

/** What lies there, as far as it is of this sign-in. */
export interface Found<Value> {
  /** What the next commit replaces. */
  readonly expected: Version | undefined
  readonly session: Session
  /** The value in the record, good or not: the refresh token in it is the current one. */
  readonly last: Fresh<Value> | undefined
  /** How long ago the one was presented whose outcome is not known, in ms. */
  readonly presentedMs: number | undefined
}

/** Fingerprints that are kept: a process that starts with an old refresh token of the same sign-in is known by it. */
const mostSpent = 64

/** Follows one sign-in through the records that all who share it leave to each other. */
export class SessionReader<Value> {
  readonly #needs: ExclusiveNeeds<Value>
  readonly #family: string
  /** The newest version that was seen here: a store that shows an older one has forgotten something. */
  #seen: Version | undefined

  constructor(needs: ExclusiveNeeds<Value>) {
    this.#needs = needs
    this.#family = needs.seed === undefined ? '' : fingerprint(needs.seed)
  }

  /**
   * What lies there now.
   *
   * @throws what `failure` makes of a store that cannot be asked or has forgotten, and of another session's record
   */
  async read(): Promise<Found<Value> & { readonly read: ReadRecord | undefined }> {
    const { coordination, key, runtime, failure, decode } = this.#needs
    const { clock } = runtime
    const stored = await coordination.read(key).catch((cause) => {
      throw failure('coordination', { cause })
    })
    const read = stored && parseRecord(stored, clock)
    const session = read?.record.session
    if ((stored && session === undefined) || this.#hasForgotten(stored?.version)) {
      throw failure('coordination', { cause: new Error(forgotten) })
    }
    if (!read || !session || !this.#isOurs(session, read)) {
      // A newer sign-in has taken the place of ours. Its tokens are another session's, perhaps another person's.
      if (this.#seen) throw failure('replaced')
      const begun: Session = { family: this.#family, spent: [] }
      return { read, expected: stored?.version, session: begun, last: undefined, presentedMs: undefined }
    }
    this.#seen = stored?.version
    const { presented } = session
    const presentedMs = presented && presented.ageMs + read.sinceMs
    // Also one that has ended: its refresh token is what counts.
    const last = freshOf(read, decode, clock, true)
    return { read, expected: stored?.version, session, last, presentedMs }
  }

  /** A version of ours: from now on the store must know it, or a later one. */
  wrote(version: Version): void {
    this.#seen = version
  }

  #hasForgotten(version: Version | undefined): boolean {
    const seen = this.#seen
    if (seen === undefined) return false
    return version === undefined || (version.epoch === seen.epoch && version.number < seen.number)
  }

  #isOurs({ family, spent }: Session, read: ReadRecord): boolean {
    if (family === this.#family || spent.includes(this.#family)) return true
    const value = this.#needs.decode(read.record.value, 0)
    const current = value === undefined ? undefined : this.#needs.refreshTokenOf(value)
    return current !== undefined && fingerprint(current) === this.#family
  }
}

/** A session whose current refresh token was presented and did its work. */
export function spentIn(session: Session, refreshToken: string | undefined): Session {
  const { family, spent } = session
  if (refreshToken === undefined) return { family, spent }
  const mark = fingerprint(refreshToken)
  return { family, spent: [...spent.filter((one) => one !== mark), mark].slice(-mostSpent) }
}
