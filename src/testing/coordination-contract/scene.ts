import type { Coordination, Lease, Version } from '../../coordination/coordination.ts'

/** Two coordinations for one clause. */
export interface CoordinationPair {
  /** Both share one place, as two processes or two tabs would; nobody else uses it. */
  readonly a: Coordination
  readonly b: Coordination
  /** Lets time pass: moves the clock that was handed to them, or waits where their time is real. */
  readonly pass: (ms: number) => Promise<unknown>
  /** Closes both and what is under them. */
  readonly end: () => Promise<unknown>
}

/** What the clauses are written with. */
export interface CoordinationScene extends CoordinationPair {
  readonly leaseMs: number
  /** The result of something for which time may have to pass. */
  readonly done: <T>(work: Promise<T>) => Promise<T>
  /** Commits on `a` unless told otherwise, and expects to be first. */
  readonly put: (value: string, expected?: Version, by?: Coordination) => Promise<Version>
  /** Leads on `a` unless told otherwise, and expects to. */
  readonly lead: (by?: Coordination) => Promise<Lease>
  /** Time passes until `until` is true; false if it is not within `ms`. */
  readonly soon: (until: () => boolean, ms?: number) => Promise<boolean>
}

/** The one key of most clauses. */
export const key = 'key'

const stepMs = 5

/** How long anything may take in real time before its clause fails; a store has a few seconds for each method. */
const patienceMs = 10_000

export function setCoordinationScene(pair: CoordinationPair): CoordinationScene {
  const { a, pass } = pair
  const soon = async (until: () => boolean, ms = patienceMs) => {
    for (let passed = 0; passed < ms && !until(); passed += stepMs) await pass(stepMs)
    return until()
  }
  const done = async <T>(work: Promise<T>): Promise<T> => {
    let settled = false
    const settle = () => {
      settled = true
    }
    work.then(settle, settle)
    if (!(await soon(() => settled))) throw new Error(`it has not settled within ${patienceMs} ms`)
    return work
  }
  return {
    ...pair,
    leaseMs: a.leaseMs,
    done,
    soon,
    put: async (value, expected, by = a) => {
      const version = await done(by.commit(key, { value, expected, expiresInMs: Infinity }))
      if (version === undefined) throw new Error('a commit on the version that is there was refused')
      return version
    },
    lead: async (by = a) => {
      const lease = await done(by.tryLead(key))
      if (lease === undefined) throw new Error('nobody leads, and yet no lease was granted')
      return lease
    },
  }
}

export function check(holds: boolean, complaint: string): void {
  if (!holds) throw new Error(complaint)
}

export function same(a: Version | undefined, b: Version | undefined): boolean {
  return a?.epoch === b?.epoch && a?.number === b?.number
}

/** What it is rejected with; fails where it is not. */
export async function rejection({ done }: CoordinationScene, work: Promise<unknown>, what: string): Promise<unknown> {
  const settled = await done(
    work.then(
      () => undefined,
      (error: unknown) => ({ error }),
    ),
  )
  if (settled === undefined) throw new Error(`${what} was not rejected`)
  return settled.error
}

/** Work that goes on while a clause looks elsewhere: if that fails first, nobody hears of how this one ends. */
export function meanwhile<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}
