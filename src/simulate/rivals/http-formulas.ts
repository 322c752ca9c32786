import type { Random } from '../../core/random.ts'
import type { World } from '../world.ts'
import { awsQuota, grpcThrottle, type RetryQuota } from './retry-quotas.ts'
import { type Circuit, samplingBreaker } from './sampling-breaker.ts'

/** How an attempt ended: the status; 0 where the connection was refused or broke, -1 where its time was up. */
export type AttemptEnd = number

export const timedOut: AttemptEnd = -1

/** When a client sends a request again, as it is published: the packages themselves, or the specification. */
export interface HttpFormula {
  readonly name: string
  readonly label: string
  /** Attempts of one call, the first one included. */
  readonly attempts: number
  /** Whether this ending is worth another attempt. */
  retries(end: AttemptEnd): boolean
  /** Waits of one call, in ms: before its n-th retry, n from 1, after this ending. */
  waits(random: Random): (n: number, end: AttemptEnd) => number
  /** What it makes of a `Retry-After`, beside its own wait; `undefined` gives up. Without it the header is not read. */
  heeds?(hintMs: number, ownMs: number, attemptMs: number, random: Random): number | undefined
  /** Whether the attempt's time covers all attempts of a call and the waits between them. */
  readonly oneTimeout?: boolean
  /** What pays for retries, for each client. */
  quota?(): RetryQuota
  /** What refuses attempts, for each client. */
  circuit?(world: World): Circuit
}

const exactly = (hintMs: number) => hintMs

function exponential(baseMs: number, capMs = Infinity): HttpFormula['waits'] {
  return () => (n) => Math.min(capMs, baseMs * 2 ** (n - 1))
}

/** cockatiel's `ExponentialBackoff`: 128 ms, ×2, at most 30 s, drawn by Polly's decorrelated jitter V2. */
function decorrelatedV2(random: Random): (n: number) => number {
  let before = 0
  return (n) => {
    const t = n - 1 + random()
    const now = 2 ** t * Math.tanh(Math.sqrt(4 * t))
    const waitMs = Math.min(30_000, (Math.max(0, now - before) * 128) / 1.4)
    before = now
    return waitMs
  }
}

/** gRPC: 100 ms, ×2, at most 1 s, ±20 %. The bounds are those of the example in gRFC A6. */
const grpcWaits: HttpFormula['waits'] = (random) => (n) => Math.min(1_000, 100 * 2 ** (n - 1)) * (0.8 + 0.4 * random())

const anyFailure = (end: AttemptEnd) => end < 200 || end >= 400
const noTimeout =
  (...statuses: number[]) =>
  (end: AttemptEnd) =>
    end === 0 || statuses.includes(end)
const kyStatuses = [408, 413, 429, 500, 502, 503, 504]

/**
 * What is used today, as its defaults are. The versions are those whose source the formulas were read from; each has
 * the same patience for an attempt, because most ship with none.
 */
export const httpFormulas: readonly HttpFormula[] = [
  {
    name: 'none',
    label: 'plain fetch',
    attempts: 1,
    retries: () => false,
    waits: exponential(0),
  },
  {
    // `utils/normalize.js`: 2 retries, 300 ms · 2^n, no jitter, not after a timeout; hints of 413, 429 and 503 exactly.
    name: 'ky',
    label: 'ky 2.1',
    attempts: 3,
    retries: noTimeout(...kyStatuses),
    waits: exponential(300),
    heeds: exactly,
  },
  {
    name: 'ky-timeout',
    label: 'ky 2.1 with retryOnTimeout',
    attempts: 3,
    retries: (end) => end === timedOut || noTimeout(...kyStatuses)(end),
    waits: exponential(300),
    heeds: exactly,
  },
  {
    // `Policy.js`: what `retry(handleAll, {})` does: for ever, at once.
    name: 'cockatiel-default',
    label: 'cockatiel 4 retry(handleAll, {})',
    attempts: Infinity,
    retries: anyFailure,
    waits: exponential(0),
  },
  {
    name: 'cockatiel',
    label: 'cockatiel 4 retry(3, ExponentialBackoff)',
    attempts: 4,
    retries: anyFailure,
    waits: decorrelatedV2,
  },
  {
    // Its README's pair: the retry around a SamplingBreaker of one half over 30 s that opens for 10 s.
    name: 'cockatiel-breaker',
    label: 'cockatiel 4 retry(3, ExponentialBackoff) + SamplingBreaker',
    attempts: 4,
    retries: anyFailure,
    waits: decorrelatedV2,
    circuit: (world) => samplingBreaker(world, { threshold: 0.5, durationMs: 30_000, halfOpenAfterMs: 10_000 }),
  },
  {
    // `src/index.ts`: 3 retries, no delay but a hint's, not after a timeout, and one timeout for all of it.
    name: 'axios-retry',
    label: 'axios-retry 4.5',
    attempts: 4,
    retries: (end) => end === 0 || end === 429 || end >= 500,
    waits: exponential(0),
    heeds: exactly,
    oneTimeout: true,
  },
  {
    // The same with its `exponentialDelay`: 100 ms · 2^n, a hint if that is longer, and up to a fifth more.
    name: 'axios-retry-exponential',
    label: 'axios-retry 4.5 with exponentialDelay',
    attempts: 4,
    retries: (end) => end === 0 || end === 429 || end >= 500,
    waits: (random) => (n) => 100 * 2 ** n * (1 + 0.2 * random()),
    heeds: (hintMs, ownMs, _attemptMs, random) => Math.max(ownMs, hintMs * (1 + 0.2 * random())),
    oneTimeout: true,
  },
  {
    // Over `retry`: 10 retries, 1 s · 2^n, no jitter; whatever was thrown, and nobody reads a header.
    name: 'p-retry',
    label: 'p-retry 9',
    attempts: 11,
    retries: anyFailure,
    waits: exponential(1_000),
  },
  {
    // `calculate-retry-delay.ts`: 2 retries, 1 s · 2^n and up to 100 ms; a hint beyond the request's timeout is the end.
    name: 'got',
    label: 'got 16',
    attempts: 3,
    retries: (end) => end <= 0 || [...kyStatuses, 521, 522, 524].includes(end),
    waits: (random) => (n) => 1_000 * 2 ** (n - 1) + 100 * random(),
    heeds: (hintMs, _ownMs, attemptMs) => (hintMs > attemptMs ? undefined : hintMs),
  },
  {
    // `retry-handler.js`: 5 retries, 0.5 s · 2^n up to 30 s, hints up to 30 s exactly, not after a timeout.
    name: 'undici',
    label: 'undici 8 retry interceptor',
    attempts: 6,
    retries: noTimeout(429, 500, 502, 503, 504),
    waits: exponential(500, 30_000),
    heeds: (hintMs) => Math.min(30_000, hintMs),
  },
  {
    // `retries-2026-config.js`: 50 ms, 1 s where throttled, ·2^n up to 20 s, full jitter; a hint counts up to 5 s more.
    name: 'aws',
    label: 'AWS standard 2026',
    attempts: 3,
    retries: (end) => end <= 0 || [429, 500, 502, 503, 504].includes(end),
    waits: (random) => (n, end) => random() * Math.min(20_000, (end === 429 ? 1_000 : 50) * 2 ** (n - 1)),
    heeds: (hintMs, ownMs) => Math.max(ownMs, Math.min(hintMs, ownMs + 5_000)),
    quota: awsQuota,
  },
  {
    // gRFC A6. Its pushback is a trailer of its own; it is obeyed exactly.
    name: 'grpc',
    label: 'gRPC retry',
    attempts: 4,
    retries: anyFailure,
    waits: grpcWaits,
    heeds: exactly,
  },
  {
    name: 'grpc-throttled',
    label: 'gRPC retry with retryThrottling(10, 0.1)',
    attempts: 4,
    retries: anyFailure,
    waits: grpcWaits,
    heeds: exactly,
    quota: grpcThrottle,
  },
]
