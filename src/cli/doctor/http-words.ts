import { parseHttpDate } from '../../core/http-date.ts'
import { parseRateLimit, parseRateLimitPolicy } from '../../core/rate-limit.ts'
import { parseRetryAfter } from '../../core/retry-after.ts'
import { inSeconds } from '../../simulate/sentence.ts'
import { advice, counted, type Finding, ok, problem } from './finding.ts'
import type { Answer } from './request.ts'

/** Clocks that differ by less are the same, in ms; by more than the second, dates that they say are useless. */
const sameClockMs = 5_000
const otherClockMs = 30_000

/** Whether it is too busy, and says so. */
export function isRefusal({ status }: { readonly status: number }): boolean {
  return status === 429 || status === 503
}

/** Whether a refusal says when to come back. */
export function retryAfter(answers: readonly Answer[]): Finding[] {
  const refusals = answers.filter(isRefusal)
  if (refusals.length === 0) {
    return [
      advice(
        'retry-after',
        `It ${answers.length === 1 ? 'did not refuse the only request' : `refused none of the ${answers.length} requests`} that it answered, so whether its refusals say when to come back cannot be seen; make sure that 429 and 503 carry Retry-After.`,
      ),
    ]
  }
  const statuses = [...new Set(refusals.map(({ status }) => status))].join(' and ')
  const given = refusals.map(({ header }) => header('retry-after'))
  if (given.some((text) => text === undefined)) {
    return [
      problem(
        'retry-after',
        `Its ${statuses} does not say when to come back, so each client guesses, and most guess too early; send Retry-After: seconds.`,
      ),
    ]
  }
  const waits = refusals.map(({ header, gotAt }) =>
    parseRetryAfter(header('retry-after') ?? '', serverNow(header, gotAt)),
  )
  if (waits.some((wait) => wait === undefined)) {
    return [
      problem(
        'retry-after',
        `The Retry-After of its ${statuses} is neither whole seconds nor an HTTP-date, so clients ignore it; send whole seconds.`,
      ),
    ]
  }
  const longest = Math.max(...waits.map((wait) => wait ?? 0))
  if (longest === 0) {
    return [
      advice(
        'retry-after',
        `Its ${statuses} asks to come back at once, which keeps the load; say how many seconds it needs.`,
      ),
    ]
  }
  return [ok('retry-after', `Its ${statuses} says when to come back: in ${inSeconds(longest)}.`)]
}

function serverNow(header: Answer['header'], gotAt: number): number {
  return parseHttpDate(header('date') ?? '', gotAt) ?? gotAt
}

/**
 * How far its clock is off ours: `Date` against the middle between sending and receiving. It is in whole seconds, so half
 * of one is added, and half of one is doubt.
 */
export function dates(answers: readonly Answer[]): Finding[] {
  const offs = answers.flatMap(({ header, sentAt, gotAt }) => {
    const date = parseHttpDate(header('date') ?? '', gotAt)
    return date === undefined ? [] : [{ offMs: date + 500 - (sentAt + gotAt) / 2, doubtMs: (gotAt - sentAt) / 2 + 500 }]
  })
  if (offs.length === 0) {
    return [
      advice(
        'date',
        'Its answers have no Date that can be read, so a client cannot correct dates of Retry-After or of tokens by its clock; send one.',
      ),
    ]
  }
  const { offMs, doubtMs } = offs.sort((a, b) => a.offMs - b.offMs)[offs.length >> 1] as (typeof offs)[number]
  const off = Math.abs(offMs)
  if (off <= Math.max(sameClockMs, doubtMs)) return [ok('date', 'Its clock and the one of this machine agree.')]
  const says = `Its clock is ${inSeconds(Math.round(off / 1_000) * 1_000)} ${offMs > 0 ? 'ahead of' : 'behind'} the one of this machine; a Retry-After that is a date, or the end of a token, means another moment to each side, so set the clock, or send seconds.`
  return [off > otherClockMs ? problem('date', says) : advice('date', says)]
}

/** Whether clients can know the quota before they have used it up. */
export function quota(answers: readonly Answer[]): Finding[] {
  const texts = (name: string) => answers.flatMap(({ header }) => header(name) ?? [])
  const [limit] = texts('ratelimit')
  const [policy] = texts('ratelimit-policy')
  if (limit === undefined && policy === undefined) {
    const legacy = answers.some(
      ({ header }) => header('x-ratelimit-limit') ?? header('x-ratelimit-remaining') ?? header('ratelimit-limit'),
    )
    return legacy
      ? [
          advice(
            'quota',
            'It says its quota in headers of its own (X-RateLimit-*), which differ from server to server; send RateLimit and RateLimit-Policy as well.',
          ),
        ]
      : [
          advice(
            'quota',
            'It says no quota, so clients learn it by being refused; if there is one, send RateLimit-Policy, and clients pace themselves.',
          ),
        ]
  }
  const announced = policy === undefined ? undefined : parseRateLimitPolicy(policy)
  if (policy !== undefined && announced === undefined) {
    return [
      problem(
        'quota',
        'Its RateLimit-Policy cannot be read, so no client keeps to it; it wants the form "name";q=100;w=60.',
      ),
    ]
  }
  if (limit !== undefined && parseRateLimit(limit) === undefined) {
    return [problem('quota', 'Its RateLimit cannot be read, or says no time; it wants the form "name";r=10;t=30.')]
  }
  if (announced === undefined) return [ok('quota', 'It says what is left of its quota, and when that comes back.')]
  return [
    ok('quota', `It announces its quota: ${counted(announced.calls, 'call')} in ${inSeconds(announced.windowMs)}.`),
  ]
}
