import { refreshAfterMs, retryAfterFailureMs, sharedFailureMs } from '../../src/refresh/refresh-time.ts'
import {
  type Fresh,
  type LoadContext,
  type LookAgain,
  type Plan,
  Refreshable,
} from '../../src/refresh/refreshable/index.ts'
import { type World, world } from '../support/world.ts'

type Answer = (outcome: string | Error | LookAgain, given?: Partial<Fresh<string>>) => void

interface Loaded {
  readonly context: LoadContext<string>
  /** Ends this load with a value of the usual lifetime, an error or a deferral. */
  readonly answer: Answer
}

export const lifetimeMs = 100_000

export class Refusal extends Error {
  readonly retryAfterMs: number | undefined
  readonly isFinal: boolean
  constructor(retryAfterMs?: number, isFinal = false) {
    super('refused')
    this.retryAfterMs = retryAfterMs
    this.isFinal = isFinal
  }
}

/** A `Refreshable` whose loads are answered by hand, with the plan that token sources use. */
export function refreshable(given: Partial<Plan<string>> = {}, at: World = world(0.5)) {
  const loads: Loaded[] = []
  const changes: string[] = []
  const failures: [reason: string, retryInMs: number][] = []
  const hintOf = (error: unknown) => (error instanceof Refusal ? error.retryAfterMs : undefined)
  const final = (error: unknown) => error instanceof Refusal && error.isFinal
  const plan: Plan<string> = {
    timeoutMs: 30_000,
    timed: true,
    keepFresh: false,
    graceMs: 0,
    refreshAfterMs: (fresh) =>
      refreshAfterMs(fresh.lifetimeMs, { window: [0.7, 0.9], hardMs: 60_000 }, at.random(), fresh.refreshInMs),
    retryMs: (life, left, error) =>
      final(error) ? Infinity : retryAfterFailureMs(life, left, at.random, hintOf(error)),
    failureMs: (error) => (final(error) ? Infinity : sharedFailureMs(at.random, hintOf(error))),
    changed: (value) => changes.push(value),
    failed: (_error, reason, retryInMs) => failures.push([reason, retryInMs]),
    ...given,
  }
  const load = (context: LoadContext<string>) =>
    new Promise<Fresh<string> | LookAgain>((resolve, reject) => {
      const issuedAt = at.clock.now()
      const answer: Answer = (outcome, more) => {
        if (outcome instanceof Error) reject(outcome)
        else if (typeof outcome === 'string') resolve({ value: outcome, issuedAt, lifetimeMs, ...more })
        else resolve(outcome)
      }
      loads.push({ context, answer })
    })
  const value = new Refreshable<string>(load, plan, at)
  return {
    ...at,
    value,
    loads,
    changes,
    failures,
    last: () => loads[loads.length - 1] as Loaded,
    /** Has it hold `text` from now on. */
    async hold(text: string, more?: Partial<Fresh<string>>) {
      const got = value.get()
      ;(loads[loads.length - 1] as Loaded).answer(text, more)
      await got
    },
  }
}
