import { burstSize } from './allowance.ts'
import { advice, counted, type Finding, ok, problem, took, was } from './finding.ts'
import { isTorn } from './http-body.ts'
import { type Answer, type Exchange, type Failure, isAnswer } from './request.ts'

/** Longer handshakes are felt, in ms. */
const slowHandshakeMs = 1_000

/** Who notices an end of a certificate this late will not renew it in time, in ms. */
const soonMs = 14 * 86_400_000

/** A few at once that take this many times as long as one alone wait for each other. */
const queued = 4

/** What a failure means, by its code; never by its message, which can hold a URL. */
export function failureSays({ code }: Failure): string {
  if (code === 'TIMEOUT') {
    return 'It did not answer in time: calls hang there until their own deadline, and every retry adds one that hangs.'
  }
  if (code === 'ECONNREFUSED') return 'Nobody listens there: the connection was refused.'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `Its name cannot be resolved (${code}).`
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return 'It dropped the connection without an answer, so a client cannot know whether its request was carried out; answer 503 with Retry-After instead.'
  }
  if (code === 'NOT_TLS') {
    return 'Its port does not speak TLS: what answers there is something else; ask it by http:// (a socket by ws://), or name the port that speaks TLS.'
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return `It broke off the TLS handshake (${code}): it may want another version of TLS, or a certificate of the client.`
  }
  if (code.startsWith('HPE_')) return `It answered something that is not HTTP (${code}).`
  if (/CERT|ALTNAME|SELF_SIGNED|SSL|TLS|UNABLE_TO/.test(code)) return `Its certificate is not accepted (${code}).`
  return `It could not be asked (${code}).`
}

/** Whether there is something to look at. */
export function statusSays({ status, header }: Answer): Finding[] {
  if (status >= 200 && status < 300) return [ok('status', `It answers with ${status}.`)]
  if (status >= 300 && status < 400) {
    return [
      advice(
        'status',
        `It answers with ${status}, which leads elsewhere${placeOf(header('location'))}; look at that URL, this one is not followed.`,
      ),
    ]
  }
  if (status === 401 || status === 403) {
    return [advice('status', `It answers with ${status}; give what it wants by --header 'Name: value' to see more.`)]
  }
  if (status === 429) {
    return [
      advice(
        'status',
        `It answers the first request with ${status}: the quota is used up already; come back later, or give what it knows you by with --header 'Name: value', to see more.`,
      ),
    ]
  }
  if (status === 503) {
    return [
      problem(
        'status',
        `It answers the first request with ${status}, without load: it is down, or lets nobody in, whatever it says of coming back.`,
      ),
    ]
  }
  if (status >= 500) return [problem('status', `It answers with ${status}: it fails without load already.`)]
  return [advice('status', `It answers with ${status}; a URL that answers with 200 shows more.`)]
}

/** The origin of a place, no more: a path may hold a token. */
function placeOf(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? ` (${new URL(location).origin})` : ''
}

/** What a new connection costs. */
export function connectionSays({ connectMs, tlsMs, certificateEndsAt, gotAt }: Answer): Finding[] {
  const found: Finding[] = []
  if (connectMs !== undefined) {
    const handshakeMs = connectMs + (tlsMs ?? 0)
    const parts = `TCP in ${took(connectMs)}${tlsMs === undefined ? '' : `, TLS in ${took(tlsMs)}`}`
    found.push(
      handshakeMs < slowHandshakeMs
        ? ok('handshake', `A new connection takes ${parts}.`)
        : advice(
            'handshake',
            `A new connection takes ${parts}: after an outage a fleet needs all of them at once; look at what it does before it accepts.`,
          ),
    )
  }
  if (certificateEndsAt === undefined) return found
  const leftMs = certificateEndsAt - gotAt
  const days = Math.floor(leftMs / 86_400_000)
  found.push(
    leftMs > soonMs
      ? ok('certificate', `Its certificate is good for ${counted(days, 'day')}.`)
      : advice(
          'certificate',
          `Its certificate ends in ${counted(days, 'day')}, and then the whole fleet fails in the same second; renew it.`,
        ),
  )
  return found
}

/** Whether a connection serves more than one request. */
export function keepAliveSays(first: Answer, second: Exchange): Finding[] {
  if (!isAnswer(second)) return [problem('keep-alive', failureSays(second))]
  if (second.reused) return [ok('keep-alive', 'A connection serves more than one request.')]
  if (first.body !== 'ended') {
    return [
      advice(
        'keep-alive',
        'Whether a connection serves more than one request could not be seen: only an answer that was read to its end leaves one free.',
      ),
    ]
  }
  return [
    advice(
      'keep-alive',
      'It closes the connection after each answer, so every call of the fleet costs a handshake, and a retry as well; keep connections open.',
    ),
  ]
}

/** What a few requests at once do. */
export function burstSays(alone: Answer, burst: readonly Exchange[]): Finding[] {
  const failed = burst.filter((exchange): exchange is Failure => !isAnswer(exchange))
  const answers = burst.filter(isAnswer)
  if (failed.length > 0) {
    const codes = [...new Set(failed.map(({ code }) => (code === 'TIMEOUT' ? 'no answer in time' : code)))].join(', ')
    return [
      problem(
        'burst',
        `Of ${burstSize} requests at once ${failed.length} got no answer (${codes}): clients cannot tell that from a broken network and try again at once; answer 503 with Retry-After instead.`,
      ),
    ]
  }
  const torn = answers.filter(isTorn)
  if (torn.length > 0) {
    return [
      problem(
        'burst',
        `Of ${burstSize} requests at once ${torn.length} ${was(torn.length)} answered with a body that did not come to its end; refuse what is too much with 503 and Retry-After.`,
      ),
    ]
  }
  const broken = answers.filter(({ status }) => status >= 500 && status !== 503)
  if (broken.length > 0 && alone.status < 500) {
    const statuses = [...new Set(broken.map(({ status }) => status))].join(', ')
    return [
      problem(
        'burst',
        `Of ${burstSize} requests at once ${broken.length} failed with ${statuses}; refuse what is too much with 503 and Retry-After.`,
      ),
    ]
  }
  const refused = answers.filter(({ status }) => status === 429 || status === 503).length
  if (refused > 0)
    return [
      ok(
        'burst',
        `Of ${burstSize} requests at once ${refused} ${was(refused)} refused with a status, which clients understand.`,
      ),
    ]
  const slowest = Math.max(...answers.map(({ tookMs }) => tookMs))
  if (slowest > queued * alone.tookMs && slowest > 500) {
    return [
      advice(
        'burst',
        `One request takes ${took(alone.tookMs)}, and of ${burstSize} at once one took ${took(slowest)}: they wait for each other, so a fleet queues up soon.`,
      ),
    ]
  }
  return [ok('burst', `${burstSize} requests at once are answered as one is.`)]
}
