import { advice, type Finding, ok, problem } from './finding.ts'
import { isRefusal } from './http-words.ts'
import { type Answer, type Exchange, isAnswer } from './request.ts'

/** A preflight that is remembered for less, in s, is asked again for nearly every call (Fetch: 5 s if nothing is said). */
const shortAge = 600

/** Whether pages of other origins may call it at all. */
function isShared({ header }: Answer): boolean {
  return header('access-control-allow-origin') !== undefined
}

/** Whether what it says of coming back is heard by browsers too: there only a few headers are, unless it exposes them. */
export function crossOrigin(answers: readonly Answer[], origin: string): Finding[] {
  const refusals = answers.filter(isRefusal)
  const shared = answers.filter(isShared)
  if (shared.length === 0) {
    return [
      ok(
        'cors',
        `It lets no page of ${origin} read its answers (no Access-Control-Allow-Origin); if browsers call it, name the origin of their page by --origin.`,
      ),
    ]
  }
  const hidden = refusals.filter((answer) => !isShared(answer))
  if (hidden.length > 0) {
    return [
      problem(
        'cors',
        `Its ${hidden[0]?.status} comes without Access-Control-Allow-Origin, though other answers have it: to a browser it is a broken network, which is tried again; send the header with refusals too.`,
      ),
    ]
  }
  // A refusal shows what holds when it matters; without one, any answer is a hint.
  const judged = refusals.length > 0 ? refusals : shared
  if (judged.every((answer) => exposes(answer, 'retry-after'))) {
    return [ok('cors', 'Browsers may read Retry-After: Access-Control-Expose-Headers names it.')]
  }
  const fix = 'send Access-Control-Expose-Headers: Retry-After, Date, RateLimit'
  return [
    refusals.length > 0
      ? problem(
          'cors',
          `Browsers cannot read the Retry-After of its ${refusals[0]?.status}, so they come back when they like; ${fix}.`,
        )
      : advice('cors', `Browsers could not read a Retry-After of its answers; ${fix}, with refusals above all.`),
  ]
}

function exposes({ header }: Answer, name: string): boolean {
  const names = (header('access-control-expose-headers') ?? '').split(',').map((item) => item.trim().toLowerCase())
  const withCredentials = header('access-control-allow-credentials') === 'true'
  return names.includes(name) || (names.includes('*') && !withCredentials)
}

/** What a browser asks before a page may send a token. */
export const preflightHeaders = {
  'access-control-request-method': 'GET',
  'access-control-request-headers': 'authorization',
} as const

/** Whether a page may send a header of its own, and how long it need not ask for that again. */
export function preflight(first: Answer, flight: Exchange): Finding[] {
  if (!isShared(first)) return []
  if (!isAnswer(flight) || flight.status < 200 || flight.status > 299 || !isShared(flight)) {
    const got = isAnswer(flight)
      ? `${flight.status}${isShared(flight) ? '' : ' without Access-Control-Allow-Origin'}`
      : 'nothing'
    return [
      problem(
        'preflight',
        `Its answer to a preflight (OPTIONS) is ${got}, so no page of another origin can send a header such as Authorization; answer 204 with Access-Control-Allow-Origin and -Headers, without asking for a token.`,
      ),
    ]
  }
  const age = Number(flight.header('access-control-max-age') ?? 5)
  if (age >= shortAge) return [ok('preflight', `Browsers remember its preflight for ${age} s.`)]
  return [
    advice(
      'preflight',
      `Browsers remember its preflight for ${Number.isFinite(age) ? age : 5} s, so most of their calls are two requests, after an outage as well; send Access-Control-Max-Age: 7200.`,
    ),
  ]
}
