import type { Lease, Version } from '../../coordination/coordination.ts'
import { identifier } from '../../core/random.ts'
import type { Fresh, Load, LoadContext, LookAgain } from '../refreshable/index.ts'
import { recordOf, type Session } from './record.ts'
import { type ExclusiveNeeds, type Found, SessionReader, spentIn } from './session.ts'
import { lookAgain } from './together.ts'

/** A record outlives its value: who comes back after weeks must not present what was presented then. In ms, 90 days. */
const keptMs = 90 * 86_400_000

/**
 * Loads a value that only one may renew, because what it is bought with is used up by the purchase (a rotating refresh
 * token): presented twice, it is taken for stolen, and the whole session ends.
 *
 * Before anything is presented, a mark that says so is committed in the place of the very record that was read. Of all
 * who read that record one gets its mark in, and only that one presents. From then on nobody presents the same again,
 * until the outcome has taken the place of the mark. This holds without trust in leases or clocks: they only spare the
 * others the trouble. A mark without an outcome (a crash, a lost answer) is never guessed at.
 */
export function exclusively<Value>(needs: ExclusiveNeeds<Value>): Load<Value> {
  const exclusive = new Exclusive(needs)
  return (context) => exclusive.load(context)
}

/** What came of the one that was presented under a mark. */
interface Outcome<Value> {
  readonly id: string
  readonly session: Session
  readonly fresh: Fresh<Value>
}

class Exclusive<Value> {
  readonly #needs: ExclusiveNeeds<Value>
  readonly #sessions: SessionReader<Value>
  /** Marks of ours under which nothing was sent, though they may lie in the store. */
  readonly #unsent = new Set<string>()
  /** An outcome that could not be kept; nobody else can go on before it is. */
  #unsaved: Outcome<Value> | undefined

  constructor(needs: ExclusiveNeeds<Value>) {
    this.#needs = needs
    this.#sessions = new SessionReader(needs)
  }

  async load(context: LoadContext<Value>): Promise<Fresh<Value> | LookAgain> {
    const { coordination, key, runtime, patienceMs, failure } = this.#needs
    const waitsUntil = runtime.clock.now() + patienceMs
    for (;;) {
      context.signal.throwIfAborted()
      const found = await this.#look(context)
      if ('outcome' in found) return found.outcome
      const lease = await coordination.tryLead(key).catch((cause) => {
        throw failure('coordination', { cause })
      })
      if (lease) {
        const loaded = await this.#lead(context, lease)
        if (loaded) return loaded
      } else if (!context.awaited) {
        return lookAgain(context, runtime.random())
      } else {
        const wait = { timeoutMs: Math.max(0, waitsUntil - runtime.clock.now()), signal: context.signal }
        await coordination.awaitChange(key, found.expected, wait).catch((cause) => {
          throw failure('coordination', { cause })
        })
      }
      if (runtime.clock.now() >= waitsUntil) throw failure('coordination')
    }
  }

  /** What lies there, or what it spares us. */
  async #look(context: LoadContext<Value>): Promise<Found<Value> | { readonly outcome: Fresh<Value> }> {
    const { runtime, same, newerByMs, failure } = this.#needs
    await this.#saved()
    const found = await this.#sessions.read()
    const { session, last } = found
    const { previous, leftMs, issuedAt } = context
    const isNew =
      last && (previous === undefined || (!same(previous, last.value) && last.issuedAt >= issuedAt + newerByMs))
    if (isNew && last.lifetimeMs - (runtime.clock.now() - last.issuedAt) > leftMs) return { outcome: last }
    if (session.ended !== undefined) throw failure('ended', { word: session.ended })
    return found
  }

  /** Undefined: somebody else was faster. */
  async #lead(context: LoadContext<Value>, lease: Lease): Promise<Fresh<Value> | undefined> {
    try {
      // The one who led before us may have been done between our look and our lease.
      const found = await this.#look(context)
      if ('outcome' in found) return found.outcome
      const { session, presentedMs } = found
      const isOpen = presentedMs === undefined || this.#unsent.has(session.presented?.id ?? '')
      // Nobody leads, and yet there is a mark: its owner is gone, and what became of it nobody knows.
      if (!isOpen && presentedMs >= this.#needs.reuseLeewayMs) throw this.#needs.failure('unknown-outcome')
      return await this.#present(context, found, isOpen ? undefined : presentedMs)
    } finally {
      // It lapses by itself where the store is slow, and nobody should wait for that.
      void lease.release()
    }
  }

  /** @param againMs how long ago the same was first presented, where it was */
  async #present(
    context: LoadContext<Value>,
    found: Found<Value>,
    againMs?: number,
  ): Promise<Fresh<Value> | undefined> {
    const { runtime, present, failure, wasNotUsed, endedBy, refreshTokenOf, seed, reuseLeewayMs } = this.#needs
    const { clock } = runtime
    const { family, spent } = found.session
    const id = identifier()
    const [markedAt, markedWall] = [clock.now(), clock.wallNow()]
    const sinceMs = () => (againMs ?? 0) + Math.max(clock.now() - markedAt, clock.wallNow() - markedWall)
    if (againMs === undefined) this.#unsent.add(id)
    const version = await this.#write(
      found.expected,
      { family, spent, presented: { id, ageMs: sinceMs() } },
      found.last,
    )
    if (version === undefined) return undefined
    // A second time only within the leeway, however long this process was held up meanwhile.
    if (againMs !== undefined && sinceMs() >= reuseLeewayMs) throw failure('unknown-outcome')
    this.#unsent.clear()
    const token = found.last && refreshTokenOf(found.last.value)
    // Not the signal of the load: what is under way must not be cut off, or its outcome is lost.
    const { signal } = new AbortController()
    const { previous: _, ...rest } = context
    try {
      const fresh = await present({ ...rest, previous: found.last?.value, signal, awaited: true })
      const outcome = { id, fresh, session: spentIn(found.session, token ?? seed) }
      await this.#write(version, outcome.session, fresh).catch(() => this.#keepTrying(outcome, context.signal))
      return fresh
    } catch (cause) {
      if (!wasNotUsed(cause)) throw failure('unknown-outcome', { cause })
      const word = endedBy(cause)
      const open: Session = { family, spent, ...(word === undefined ? {} : { ended: word }) }
      // Of what was presented before, nobody knows more than before.
      const left = againMs === undefined ? open : { ...open, presented: { id, ageMs: sinceMs() } }
      if (againMs === undefined) this.#unsent.add(id)
      await this.#write(version, left, found.last).catch(() => {})
      throw cause
    }
  }

  /** An outcome that only we know: until the others know it as well, none of them can go on. */
  #keepTrying(outcome: Outcome<Value>, signal: AbortSignal): void {
    this.#unsaved = outcome
    const { clock, random } = this.#needs.runtime
    let ceilingMs = 1_000
    const again = () => {
      if (this.#unsaved !== outcome || signal.aborted) return
      clock.setTimer(ceilingMs * (0.5 + 0.5 * random()), () => this.#saved().then(again, again))
      ceilingMs = Math.min(60_000, ceilingMs * 2)
    }
    again()
  }

  /** Puts an outcome that could not be kept where its mark still lies. */
  async #saved(): Promise<void> {
    const unsaved = this.#unsaved
    if (unsaved === undefined) return
    const { expected, session } = await this.#sessions.read()
    if (session.presented?.id === unsaved.id) await this.#write(expected, unsaved.session, unsaved.fresh)
    if (this.#unsaved === unsaved) this.#unsaved = undefined
  }

  /** @throws what `failure` makes of a store that cannot be asked: then it may have been written. */
  async #write(expected: Version | undefined, session: Session, fresh: Fresh<Value> | undefined) {
    const { coordination, key, runtime, encode, failure } = this.#needs
    const value = recordOf(fresh, encode, { session }, runtime.clock)
    const version = await coordination.commit(key, { value, expected, expiresInMs: keptMs }).catch((cause) => {
      throw failure('coordination', { cause })
    })
    if (version) this.#sessions.wrote(version)
    return version
  }
}
