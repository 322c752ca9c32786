import type { Coordination } from '../coordination/coordination.ts'
import type { Clock } from '../core/clock.ts'
import type { Runtime } from '../core/runtime.ts'
import type { Grant } from './grant.ts'
import { retryAfterFailureMs, sharedFailureMs } from './refresh-time.ts'
import type { Fresh, Load, LoadContext } from './refreshable/index.ts'
import type { ServerClock } from './server-clock.ts'
import { exclusively, type ShareNeeds, together } from './sharing/index.ts'
import type { FetchedToken, FetchToken, Token, TokenFetch } from './token.ts'
import { checkToken } from './token-answer.ts'
import { TokenError, wasNotUsed } from './token-error.ts'
import type { TokenSourceOptions } from './token-options.ts'

export interface TokenLoadNeeds {
  readonly fetchToken: FetchToken
  readonly validate: TokenSourceOptions['validate']
  readonly runtime: Runtime
  readonly serverClock: ServerClock
  /** What requests go through, at this moment. */
  fetch: TokenFetch
}

/** Asks the provider, and checks what it says. @throws TokenError, and whatever `fetchToken` throws */
export function providerLoad({ fetchToken, validate, runtime, serverClock, fetch }: TokenLoadNeeds) {
  const { clock } = runtime
  return async ({ signal, previous, reason }: LoadContext<Token>): Promise<Fresh<Token>> => {
    const [issuedAt, wallAt] = [clock.now(), clock.wallNow()]
    const watched: TokenFetch = (input, init) => serverClock.watch(() => fetch(input, init))
    const fetched = await fetchToken({ signal, reason, fetch: watched, ...(previous && { previous }) })
    const { skewMs } = serverClock
    const { token, lifetimeMs, refreshInMs } = checkToken(fetched, { wallAt, skewMs })
    if (clock.now() - issuedAt >= lifetimeMs) throw new TokenError('invalid')
    if (validate && (await validate(fetched)) === false) throw new TokenError('invalid')
    return { value: token, issuedAt, lifetimeMs, refreshInMs }
  }
}

export interface SharingNeeds {
  readonly runtime: Runtime
  readonly coordination: Coordination
  readonly key: string
  readonly mode: 'exclusive' | 'efficiency'
  readonly grant: Grant | undefined
  readonly reuseLeewayMs: number
  readonly timeoutMs: number
}

/** The same, agreed on with all who share the token. */
export function sharedTokenLoad(
  load: (context: LoadContext<Token>) => Promise<Fresh<Token>>,
  needs: SharingNeeds,
): Load<Token> {
  const { runtime, coordination, key, mode, grant, reuseLeewayMs, timeoutMs } = needs
  const { random } = runtime
  // Half of the patience for another one's work, so that there is time left to do it here.
  const patienceMs = Math.min(timeoutMs, 60_000) / 2
  const share: ShareNeeds<Token> = {
    coordination,
    key,
    runtime,
    patienceMs,
    encode,
    decode: decodeOn(runtime.clock),
    same,
    newerByMs: 0,
  }
  if (mode === 'efficiency') {
    return together({
      ...share,
      load,
      quiet: (error, lifetimeMs, leftMs) => {
        // What is final for one (its secret is wrong) is not for the others.
        if (isFinal(error)) return undefined
        const hint = retryAfterOf(error)
        const quietMs = retryAfterFailureMs(lifetimeMs, leftMs, random, hint)
        return { quietMs, sharedMs: sharedFailureMs(random, hint) }
      },
      failure: (retryAfterMs) => new TokenError('refused', { retryAfterMs }),
    })
  }
  return exclusively({
    ...share,
    present: load,
    seed: grant?.seed,
    reuseLeewayMs,
    refreshTokenOf: ({ refreshToken }) => refreshToken,
    wasNotUsed,
    endedBy: (error) => (error instanceof TokenError && error.final ? error.error : undefined),
    failure: (reason, { word, cause } = {}) =>
      reason === 'ended'
        ? new TokenError('refused', word === undefined ? {} : { error: word })
        : new TokenError(reason, cause === undefined ? {} : { cause }),
  })
}

export function same(a: Token, b: Token): boolean {
  return a.accessToken === b.accessToken
}

/** Nothing that is tried again would help. */
export function isFinal(error: unknown): boolean {
  return error instanceof TokenError && error.final
}

/** When the other side wants us back, in ms. */
export function retryAfterOf(error: unknown): number | undefined {
  const { retryAfterMs } = Object(error) as { retryAfterMs?: unknown }
  return typeof retryAfterMs === 'number' ? retryAfterMs : undefined
}

function encode({ accessToken, tokenType, refreshToken }: Token): unknown {
  return { accessToken, tokenType, refreshToken }
}

/** Its end is no part of it: each reader counts that on its own clock. */
function decodeOn(clock: Clock) {
  return (value: unknown, leftMs: number): Token | undefined => {
    const { accessToken, tokenType, refreshToken } = Object(value) as FetchedToken
    try {
      // What somebody else wrote is checked as if a provider had said it.
      const asked = { wallAt: clock.wallNow(), skewMs: 0 }
      const { token } = checkToken({ accessToken, tokenType, refreshToken, expiresIn: 1 }, asked)
      return Object.freeze({ ...token, expiresAt: asked.wallAt + leftMs })
    } catch {
      return undefined
    }
  }
}
