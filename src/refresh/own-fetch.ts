import { authorityOf } from '../core/authority.ts'
import { type Call, type Context, stack } from '../core/layer.ts'
import { type Judge, plainJudge, type Verdict } from '../core/outcome.ts'
import { hintHeaders, readHint } from '../core/retry-after.ts'
import type { Runtime } from '../core/runtime.ts'
import { deadline } from '../layers/deadline/index.ts'
import { perKey } from '../layers/per-key.ts'
import { pushback } from '../layers/pushback/index.ts'
import { retry, retryDefaults } from '../layers/retry.ts'
import type { TokenCallOptions, TokenFetch } from './token.ts'

interface Sent {
  readonly input: Parameters<TokenFetch>[0]
  readonly init: RequestInit
  readonly method: string
  readonly call: TokenCallOptions
}

/** As a client's. */
const patience = { deadlineMs: 30_000, attemptMs: 10_000 }

const worthRetry: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])
const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

const judge: Judge<Sent, Response> = {
  value: ({ status }): Verdict => {
    if (status === 429) return 'throttled'
    if (status === 503) return 'overload'
    return worthRetry.has(status) ? 'failure' : 'success'
  },
  error: plainJudge.error,
}

/**
 * The `fetch` of a token source that no client uses: deadlines, retry and the Retry-After gate of each authority, around
 * the platform's `fetch`. No circuit and no limit: one source asks once in a while, and they would bring libraries along.
 */
export function ownFetch(runtime: Runtime, send?: typeof fetch): TokenFetch {
  const read = ({ status, headers }: Response) => {
    if (status < 400) return 'served'
    if (!worthRetry.has(status)) return undefined
    const hint = readHint((name) => headers.get(name), hintHeaders, runtime.clock.wallNow())
    return hint ?? (status === 429 ? 'unhinted' : undefined)
  }
  const layers = stack<Sent, Response>(
    [
      deadline({}, { scope: 'call', msOf: ({ call }) => call.deadlineMs ?? patience.deadlineMs, linger, discard }),
      retry(
        {},
        {
          judge,
          discard,
          optionsOf: ({ call }) => ({ ...retryDefaults, ...(call.retry === false ? { attempts: 1 } : call.retry) }),
          repeatable: ({ call, method, init }, { verdict }) =>
            verdict !== 'success' && verdict !== 'neutral' && mayRepeat(call, method) && !isStream(init.body),
        },
      ),
      perKey({ keyOf: ({ input }) => authority(input), layerOf: () => pushback<Sent, Response>({}, { read }) }),
      deadline({}, { scope: 'attempt', msOf: ({ call }) => call.attemptMs ?? patience.attemptMs, linger, discard }),
    ],
    transport(send),
    runtime,
  )
  return (input, given = {}) => {
    const { breakwater: call = {}, ...init } = given
    const signal = init.signal ?? (isRequest(input) ? input.signal : new AbortController().signal)
    // It says in its own words what is wrong.
    if (!URL.canParse(urlOf(input))) return (send ?? globalThis.fetch)(input, init)
    const method = (init.method ?? (isRequest(input) ? input.method : 'GET')).toUpperCase()
    return layers({ input, init, method, call }, { signal, attempt: 1, deadlineAt: Infinity, priority: 'normal' })
  }
}

/** Looked up at each attempt, so that a mock or an instrumentation that is installed later is used. */
function transport(send: typeof fetch | undefined): Call<Sent, Response> {
  return ({ input, init }, { signal }: Context) => {
    const sent = isRequest(input) && input.body ? input.clone() : input
    return (send ?? globalThis.fetch)(sent, { ...init, signal })
  }
}

function mayRepeat({ idempotent, retry }: TokenCallOptions, method: string): boolean {
  if (idempotent !== undefined) return idempotent
  return ((retry || undefined)?.methods ?? safeMethods).includes(method)
}

function isRequest(input: Sent['input']): input is Request {
  return typeof input === 'object' && 'clone' in input
}

function isStream(body: RequestInit['body']): boolean {
  return typeof body === 'object' && body !== null && 'getReader' in body
}

function authority(input: Sent['input']): string {
  return authorityOf(new URL(urlOf(input)))
}

function urlOf(input: Sent['input']): string {
  return isRequest(input) ? input.url : String(input)
}

/** A body that streams must still end with the caller's abort. */
function linger({ body }: Response, release: () => void): void {
  if (!body) release()
}

function discard({ body }: Response): void {
  if (body && !body.locked) body.cancel().catch(() => {})
}
