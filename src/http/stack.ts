import { type Call, type Context, type Layer, stack } from '../core/layer.ts'
import { parseRateLimitPolicy } from '../core/rate-limit.ts'
import type { Runtime } from '../core/runtime.ts'
import { deadline } from '../layers/deadline/index.ts'
import { hedge } from '../layers/hedge/index.ts'
import { type Observation, observe } from '../layers/observe.ts'
import type { ReadPushback } from '../layers/pushback/index.ts'
import { retry } from '../layers/retry.ts'
import { singleFlight } from '../layers/single-flight.ts'
import { throttle } from '../layers/throttle/index.ts'
import { upstreamLayers } from '../upstream/layers.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { answering } from './answering.ts'
import { causesOf } from './attempts.ts'
import { bearer } from './bearer.ts'
import { bodyEnd } from './body.ts'
import { healthJudge, repeatable, retryJudge } from './classify.ts'
import type { Exchange } from './exchange.ts'
import { flightNeeds, shareAttempts } from './flights.ts'
import type { InFlight } from './in-flight.ts'
import type { HttpOptions } from './options.ts'
import { discard, fetchTransport } from './transport.ts'
import { wasUnseen } from './unseen.ts'

export interface StackNeeds {
  options: Readonly<HttpOptions>
  /** The user's own layers. */
  own: readonly Layer<Exchange, Response>[]
  /** Reads a server's pushback. */
  read: ReadPushback<Exchange, Response>
  inFlight: InFlight
}

/** THE ORDER. The first line is the outermost layer; each says why it stands where it does. */
export function httpStack(needs: StackNeeds, runtime: Runtime): Call<Exchange, Response> {
  const label = ({ upstream, method }: Exchange) => ({ upstream: upstream.authority, method })
  const judge = healthJudge
  const { options } = needs
  const flights = options.singleFlight ? flightNeeds(options) : undefined
  const coversBody = options.attemptCovers === 'body'
  const guards = coversBody || (options.limit && options.limit.until === 'body') === true
  return stack<Exchange, Response>(
    [
      // What the caller is handed: an answer that knows its attempts, or a fallback.
      answering(options, needs.inFlight),
      // Sees whole calls, as their callers do.
      observe({ judge, label, events: 'call' }),
      // Every wait below is cut by the caller's patience.
      deadline(
        {},
        {
          scope: 'call',
          msOf: (exchange) => exchange.deadlineMs,
          linger: keepBody,
          discard,
          ongoing: needs.inFlight.calls,
        },
      ),
      // The user's own, once per call.
      ...needs.own,
      // Followers share the leader's attempts and spend no budget.
      ...(flights
        ? [singleFlight<Exchange, Response>({ ...flights, joined: shareAttempts, linger: keepBody, label })]
        : []),
      // Sheds by priority before anything queues.
      ...(options.throttle
        ? [throttle<Exchange, Response>({}, { throttleOf: (exchange) => exchange.upstream.throttle })]
        : []),
      // Sees every verdict below, and pays for further attempts from the budget of the upstream.
      retry(
        {},
        {
          judge: retryJudge,
          repeatable,
          unseen: (_exchange, error) => wasUnseen(error),
          discard,
          label,
          budgetOf: (exchange) => exchange.upstream.budget,
          refuse: (exchange, context) => exchange.upstream.refuse(context),
          optionsOf: (exchange) => exchange.retry,
        },
      ),
      // Each attempt carries the token of its moment; one that is refused is sent again with another.
      // Above the hedges: who waits for a token does not wait for the server.
      ...(options.token ? [bearer({ source: options.token, origin: originOf(options.baseUrl) })] : []),
      // Each hedge is admitted below like any attempt.
      ...(options.hedge
        ? [
            hedge<Exchange, Response>(
              {},
              {
                judge: retryJudge,
                hedgerOf: (exchange) => exchange.upstream.hedger,
                hedgeable: (exchange) => exchange.hedges,
                refuse: (exchange) => exchange.upstream.refuseHedge(),
                linger: keepBody,
                discard,
                label,
              },
            ),
          ]
        : []),
      // One authority's health: gate, limit and permit, in the order that upstream gives them.
      ...upstreamLayers<Exchange, Response>(
        (exchange) => exchange.upstream,
        { gate: options.pushback !== false, limiter: options.limit !== false },
        { judge, read: needs.read, heldUntil: bodyEnd },
      ),
      // Sees attempts: latency, records and amplification come from here, queueing left out.
      observe({ judge, label, events: 'attempt', started: startAttempt, ended: endAttempt }),
      // Innermost, so that a hung attempt is freed and all of the above see a timeout.
      deadline(
        {},
        {
          scope: 'attempt',
          msOf: (exchange) => exchange.attemptMs,
          startsAfter: (exchange) => exchange.body.sent,
          ...(coversBody ? { covers: bodyEnd } : {}),
          linger: keepBody,
          discard,
        },
      ),
    ],
    fetchTransport(options, guards, runtime),
    runtime,
  )
}

/** The caller's abort must reach a body that still streams. Nothing leaks: the link dies with the call's own signal. */
function keepBody(response: Response, release: () => void): void {
  // React Native has read it by now and shows none.
  if (!response.body) release()
}

function startAttempt(exchange: Exchange, _context: Context, startedAt: number): void {
  exchange.attemptAt = startedAt
  // A hedge has the number of the attempt that it stands beside.
  exchange.upstream.attemptStarted(exchange.started++ > 0, startedAt)
}

function endAttempt(
  { verdict, durationMs, startedAt }: Observation,
  exchange: Exchange,
  { attempt }: Context,
  { value, error }: { value?: Response; error?: unknown },
): void {
  // First: what it throws at an answer without headers ends the attempt again, as an error.
  if (value && exchange.upstream.learnsQuota) learnQuota(exchange.upstream, value)
  exchange.upstream.attemptEnded(verdict, durationMs, startedAt + durationMs)
  const startedAfterMs = startedAt - exchange.startedAt
  exchange.attempts.push(
    value
      ? { attempt, verdict, startedAfterMs, durationMs, status: value.status }
      : { attempt, verdict, startedAfterMs, durationMs, causes: causesOf(error) },
  )
}

function learnQuota(upstream: Upstream, { headers }: Response): void {
  const quota = parseRateLimitPolicy(headers.get('ratelimit-policy') ?? '')
  if (quota) upstream.learnQuota(quota)
}

function originOf(baseUrl: string | URL | undefined): string | undefined {
  return baseUrl === undefined ? undefined : new URL(baseUrl).origin
}
