import type { Coordination } from '../../src/coordination/coordination.ts'
import { MemoryPlace, memoryCoordination } from '../../src/coordination/memory.ts'
import { seededRandom } from '../../src/core/random.ts'
import { describeGrant } from '../../src/refresh/grant.ts'
import type { FetchToken, TokenSource } from '../../src/refresh/token.ts'
import { TokenError } from '../../src/refresh/token-error.ts'
import { createTokenSource } from '../../src/refresh/token-source.ts'
import { type ManualClock, manualClock } from '../../src/testing/index.ts'

const lifeMs = 60_000

/** What happened to the refresh tokens of one sign-in. */
export interface Rotation {
  /** Refresh tokens that reached the provider more than once. */
  readonly twice: number
  /** The longest time from the first presentation of one to its last, in ms. */
  readonly longestMs: number
  readonly presented: number
  /** Tokens that tabs got. */
  readonly given: number
  /** Failures that tabs were told, by their reason. */
  readonly told: Readonly<Record<string, number>>
}

export interface RotationOptions {
  readonly mode?: 'exclusive' | 'efficiency'
  /** The share of steps at which something goes wrong; 0 is a good day. */
  readonly trouble?: number
  readonly reuseLeewayMs?: number
  /** Of half a lifetime each, on the average. */
  readonly steps?: number
}

interface Tab {
  readonly source: TokenSource
  /** It vanishes: nothing that it waits for ever comes, and nothing of it goes out any more. */
  readonly crash: () => void
}

/**
 * One profile with a few tabs over one provider that rotates, for some lifetimes, while timeouts, lost answers,
 * failing and late writes, crashes, new tabs and sleeps come as the seed has it.
 */
export async function rotate(seed: number, options: RotationOptions = {}): Promise<Rotation> {
  const { mode = 'exclusive', trouble = 0.15, reuseLeewayMs = 0, steps = 12 } = options
  const random = seededRandom(seed)
  const clock = manualClock()
  const place = new MemoryPlace()
  const seen = new Map<string, number>()
  const firstAt = new Map<string, number>()
  const told: Record<string, number> = {}
  let longestMs = 0
  let given = 0
  let serial = 0
  const goesWrong = () => random() < trouble

  const answer = async (): Promise<{ accessToken: string; expiresIn: number; refreshToken: string }> => {
    const next = { accessToken: `a${++serial}`, expiresIn: lifeMs / 1_000, refreshToken: `r${serial}` }
    await clock.sleep(random() * 200)
    if (!goesWrong()) return next
    const kind = random()
    if (kind < 0.3) throw new TypeError('the answer was lost')
    if (kind < 0.5) throw new TokenError('refused', { status: 503 })
    if (kind < 0.6) return new Promise(() => {})
    await clock.sleep(random() * 120_000)
    return next
  }

  const open = (): Tab => {
    let crashed = false
    const never = <Value>() => new Promise<Value>(() => {})
    const fetchToken: FetchToken = describeGrant(
      async ({ previous }) => {
        if (crashed) return never()
        // Refused before it was looked at, and said so.
        if (goesWrong() && random() < 0.3) throw new TokenError('refused', { error: 'invalid_request', status: 400 })
        const presented = previous?.refreshToken ?? 'r0'
        firstAt.set(presented, firstAt.get(presented) ?? clock.now())
        longestMs = Math.max(longestMs, clock.now() - (firstAt.get(presented) ?? 0))
        seen.set(presented, (seen.get(presented) ?? 0) + 1)
        const outcome = await answer()
        return crashed ? never() : outcome
      },
      { mode, key: 'token', seed: 'r0' },
    )
    const runtime = { clock, random }
    const coordination = troubled(memoryCoordination({ place, leaseMs: 1_000 + random() * 4_000, runtime }), {
      clock,
      random,
      goesWrong,
      crashed: () => crashed,
    })
    const source = createTokenSource({ fetchToken, coordination, reuseLeewayMs, timeoutMs: 10_000, mode, runtime })
    const crash = () => {
      crashed = true
    }
    return { source, crash }
  }

  const tabs = Array.from({ length: 2 + Math.floor(random() * 3) }, open)
  for (let step = 0; step < steps; step++) {
    for (const { source } of tabs) {
      if (random() < 0.3) continue
      source.get().then(
        () => given++,
        (error) => {
          const reason = (error as TokenError).reason ?? (error as Error).name
          told[reason] = (told[reason] ?? 0) + 1
        },
      )
    }
    if (goesWrong() && random() < 0.3) tabs[Math.floor(random() * tabs.length)]?.crash()
    if (goesWrong() && random() < 0.3) tabs[Math.floor(random() * tabs.length)] = open()
    if (goesWrong() && random() < 0.3) {
      const { source } = tabs[0] as Tab
      const token = source.peek()
      if (token) source.rejected(token)
    }
    const ms = random() * lifeMs
    if (goesWrong()) await clock.oversleep(ms * 2)
    else await clock.advance(ms)
  }
  await clock.advance(150_000)
  const counts = [...seen.values()]
  return {
    twice: counts.filter((count) => count > 1).length,
    longestMs,
    presented: counts.reduce((sum, count) => sum + count, 0),
    given,
    told,
  }
}

interface Trouble {
  readonly clock: ManualClock
  readonly random: () => number
  goesWrong(): boolean
  crashed(): boolean
}

/** A store that fails, is slow, loses answers to writes that it made, and makes writes that it was thought to have lost. */
function troubled(inner: Coordination, { clock, random, goesWrong, crashed }: Trouble): Coordination {
  const gone = () => new Promise<never>(() => {})
  const down = () => Promise.reject(new Error('the store cannot be asked'))
  const around = async <Value>(work: () => Promise<Value>, late = false): Promise<Value> => {
    if (crashed()) return gone()
    if (random() < 0.5) await clock.sleep(random() * 20)
    if (crashed()) return gone()
    if (goesWrong()) {
      const kind = random()
      if (kind < 0.3) return down()
      if (kind < 0.6 && late) {
        clock.setTimer(random() * 10_000, () => void work())
        return down()
      }
      await work()
      return crashed() ? gone() : down()
    }
    const value = await work()
    return crashed() ? gone() : value
  }
  return {
    ...inner,
    read: (key) => around(() => inner.read(key)),
    commit: (key, write) => around(() => inner.commit(key, write), true),
    tryLead: (key) => around(() => inner.tryLead(key)),
  }
}
