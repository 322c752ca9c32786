import { memoryCoordination } from '../coordination/memory.ts'
import type { Clock } from '../core/clock.ts'
import { OptionsError, resolve } from '../core/options.ts'
import { reportFailure } from '../core/report.ts'
import { createRuntime, type RuntimeEvent } from '../core/runtime.ts'
import { grantOf } from './grant.ts'
import { type Borrower, Lenders, lending } from './lending.ts'
import { ownFetch } from './own-fetch.ts'
import { refreshAfterMs, retryAfterFailureMs, sharedFailureMs } from './refresh-time.ts'
import { type Load, type Plan, Refreshable } from './refreshable/index.ts'
import { Rejections } from './rejections.ts'
import { ServerClock } from './server-clock.ts'
import type { Token, TokenFetch, TokenSource } from './token.ts'
import { TokenError } from './token-error.ts'
import type { FailureWords, TokenEvent } from './token-events.ts'
import { isFinal, providerLoad, retryAfterOf, same, sharedTokenLoad } from './token-load.ts'
import { type TokenSourceOptions, tokenSourceDefaults } from './token-options.ts'
import { tokenSourceRules } from './token-rules.ts'

/**
 * A token that is always there. Made once and shared by all who call: clients, sockets, whatever sends it.
 *
 * While the token is good, `get` neither waits nor throws, however its renewals fare. It is renewed before it ends, at a
 * moment of its own, once for everybody; with a coordination once for the whole fleet or all tabs. An error that no
 * renewal can mend (`invalid_grant`) is told once and then given to all who ask after the token has ended.
 *
 * @throws OptionsError for an unknown option or a bad value
 * @example
 * const token = createTokenSource({ fetchToken: clientCredentials({ tokenUrl, clientId, clientSecret }) })
 * const client = createClient({ token })
 */
export function createTokenSource(given: TokenSourceOptions): TokenSource {
  const options = complete(given)
  const { fetchToken, timeoutMs, keepFresh, reuseLeewayMs, phase } = options
  const grant = grantOf(fetchToken)
  const mode = options.mode ?? grant?.mode ?? 'efficiency'
  const runtime = createRuntime(options.runtime)
  const { clock, random } = runtime
  const lenders = new Lenders()
  const listeners = new Set<(token: Token) => void>()
  const running = new Set<Promise<unknown>>()
  const rejections = new Rejections(runtime)
  let alone: TokenFetch | undefined

  const emit = (event: TokenEvent) => {
    guarded(() => runtime.emit?.(event))
    for (const lender of lenders.all) lender.emit(event as RuntimeEvent)
  }
  const provider = providerLoad({
    ...options,
    validate: options.validate,
    runtime,
    serverClock: new ServerClock(clock),
    fetch: (input, init) => {
      const [lender] = lenders.all
      // Made when it is needed: most sources have a client's.
      if (lender === undefined) alone ??= ownFetch(runtime)
      return (lender?.fetch ?? (alone as TokenFetch))(input, init)
    },
  })
  // One that nobody else can reach keeps the same books: what was presented once is not presented again here either.
  const own = mode === 'exclusive' && !options.coordination ? memoryCoordination({ runtime }) : undefined
  const coordination = options.coordination ?? own
  const key = options.key ?? grant?.key ?? 'token'
  const sharing = coordination && { runtime, coordination, key, mode, grant, reuseLeewayMs, timeoutMs }
  const load: Load<Token> = sharing ? sharedTokenLoad(provider, sharing) : provider

  const plan: Plan<Token> = {
    timeoutMs,
    wantsLate: mode === 'exclusive',
    timed: true,
    keepFresh,
    graceMs: 0,
    refreshAfterMs: ({ lifetimeMs, refreshInMs }) =>
      refreshAfterMs(lifetimeMs, options, phase ?? random(), refreshInMs),
    retryMs: (lifetimeMs, leftMs, error) =>
      isFinal(error) ? Infinity : retryAfterFailureMs(lifetimeMs, leftMs, random, retryAfterOf(error)),
    failureMs: (error) => (isFinal(error) ? Infinity : sharedFailureMs(random, retryAfterOf(error))),
    changed: (token, reason, tookMs) => {
      const { lifetimeMs = Infinity } = value.current ?? {}
      emit({ type: 'token.refreshed', reason, tookMs, lifetimeMs })
      for (const listener of [...listeners]) guarded(() => listener(token))
    },
    failed: (error, reason, retryInMs) => {
      if (isFinal(error)) emit({ type: 'token.ended', ...wordsOf(error) })
      else emit({ type: 'token.failed', reason, retryInMs, ...wordsOf(error) })
    },
  }
  const tracked: Load<Token> = (context) => {
    const work = load(context)
    running.add(work)
    const done = () => running.delete(work)
    work.then(done, done)
    return work
  }
  const value = new Refreshable(tracked, plan, runtime)

  const source: TokenSource & Borrower = {
    get: (asked) => value.get(asked),
    peek: () => value.peek(),
    rejected: (token) => {
      const { current } = value
      if (current === undefined || !same(current.value, token)) return
      const { ageMs, lifetimeMs } = current
      const renews = rejections.allow(current.value, ageMs, lifetimeMs)
      emit({ type: 'token.rejected', ageMs, renews })
      if (renews) value.reject(current.value)
    },
    onChange: (listener) => {
      const entry = (token: Token) => listener(token)
      listeners.add(entry)
      return () => listeners.delete(entry)
    },
    close: async () => {
      value.close('the token source')
      listeners.clear()
      await settledWithin(running, timeoutMs, clock)
      await own?.close()
    },
    [lending]: (lender) => lenders.add(lender),
  }
  return source
}

/** Waits for work that was aborted, but not for ever: a function of the user's own may not look at its signal. */
async function settledWithin(running: ReadonlySet<Promise<unknown>>, ms: number, clock: Clock): Promise<void> {
  if (running.size === 0) return
  await new Promise<void>((resolve) => {
    const cancel = clock.setTimer(ms, () => resolve(), true)
    Promise.allSettled(running).then(() => {
      cancel()
      resolve()
    })
  })
}

/** What listens changes nothing by throwing. */
function guarded(tell: () => void): void {
  try {
    tell()
  } catch (error) {
    reportFailure(error)
  }
}

/** Messages can hold URLs and what a server said; they stay out. */
function wordsOf(error: unknown): FailureWords {
  if (error instanceof TokenError) {
    return { error: error.name, why: error.reason, ...(error.error === undefined ? {} : { word: error.error }) }
  }
  const { name } = Object(error) as { name?: unknown }
  return { error: typeof name === 'string' ? name : typeof error }
}

type Complete = TokenSourceOptions & Required<Pick<TokenSourceOptions, keyof typeof tokenSourceDefaults & string>>

function complete(given: TokenSourceOptions) {
  const options = resolve<Partial<TokenSourceOptions>>('token', tokenSourceDefaults, tokenSourceRules as never, given)
  if (options.fetchToken === undefined) throw new OptionsError('token.fetchToken', 'token.fetchToken is needed')
  return options as Readonly<{ [Name in keyof Complete]: Exclude<Complete[Name], undefined> }>
}
