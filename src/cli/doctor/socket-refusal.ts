import { parseRetryAfter } from '../../core/retry-after.ts'
import { parseHint, type Refusal } from '../../socket/index.ts'
import { burstSize } from './allowance.ts'
import type { Closed, Dial } from './dial.ts'
import { advice, type Finding, ok, problem, was } from './finding.ts'
import { failureSays } from './http-connection.ts'

/** A dial that became no connection. */
export function refusalSays({ closed }: Dial, inTime: boolean): Finding[] {
  if (closed?.refusal) return upgradeSays(closed.refusal)
  if (!inTime || closed === undefined) {
    return [
      problem(
        'upgrade',
        'It did not answer the upgrade in time: clients hang there until their patience ends, and each that leaves was work for nobody.',
      ),
    ]
  }
  return [
    problem(
      'upgrade',
      failureSays({ code: closed.errorCode ?? 'ECONNRESET' }).replace(
        'its request was carried out',
        'it is away or busy',
      ),
    ),
  ]
}

function upgradeSays({ status, header }: Refusal): Finding[] {
  if (status === 401 || status === 403) {
    return [
      advice(
        'upgrade',
        `It refuses the upgrade with ${status}; give what it wants by --header 'Name: value', or a page that it knows by --origin, to see more.`,
      ),
    ]
  }
  if (status === 429 || status === 503) {
    const says = `It refuses the first upgrade with ${status}`
    return [
      status === 429
        ? advice('upgrade', `${says}: the quota is used up already; come back later to see more.`)
        : problem('upgrade', `${says}, without load: it is down, or lets nobody in, whatever it says of coming back.`),
      ...busySays(status, header),
    ]
  }
  if (status >= 500) return [problem('upgrade', `It fails the upgrade with ${status}, without load.`)]
  return [
    problem(
      'upgrade',
      `It answers the upgrade with ${status}: no WebSocket server is at this URL, and clients would take that for final.`,
    ),
  ]
}

function busySays(status: number, header: Refusal['header']): Finding[] {
  const text = header('retry-after')
  // How far a date is away is not asked, only whether it is one.
  if (text !== undefined && parseRetryAfter(text, 0) !== undefined) {
    return [
      ok(
        'retry-after',
        `Its ${status} carries Retry-After. Browsers do not show it to a page: for them accept, and close with 1013 and a hint.`,
      ),
    ]
  }
  const what = text === undefined ? 'does not say when to come back' : 'carries a Retry-After that cannot be read'
  return [
    problem(
      'retry-after',
      `Its ${status} ${what}, so each client guesses; send Retry-After: seconds, and for browsers accept and close with 1013 and a hint.`,
    ),
  ]
}

/** What a few at once do; `alone` is how a connection ended that was made by itself, where it did not stay. */
export function crowdSays(crowd: readonly Dial[], alone?: Closed): Finding[] {
  const refused = crowd.flatMap(({ closed }) => (closed?.refusal ? [closed.refusal] : []))
  const dropped = crowd.filter(({ openMs, closed }) => openMs === undefined && closed?.refusal === undefined)
  if (dropped.length > 0) {
    const codes = [
      ...new Set(dropped.map(({ closed }) => closed?.errorCode ?? (closed ? 'closed' : 'no answer in time'))),
    ].join(', ')
    return [
      problem(
        'burst',
        `Of ${burstSize} connections at once ${dropped.length} ${was(dropped.length)} dropped without an answer (${codes}): clients cannot tell that from a dead server; answer 503 with Retry-After, or accept and close with 1013 and a hint.`,
      ),
    ]
  }
  const busy = refused.filter(({ status }) => status === 429 || status === 503)
  const [mute] = busy.filter(({ header }) => header('retry-after') === undefined)
  if (mute)
    return [
      problem(
        'burst',
        `Of ${burstSize} connections at once ${busy.length} ${was(busy.length)} refused with ${mute.status}, without a word about when to come back; send Retry-After.`,
      ),
    ]
  const [other] = refused.filter(({ status }) => status !== 429 && status !== 503)
  if (other)
    return [
      problem(
        'burst',
        `Of ${burstSize} connections at once ${refused.length} ${was(refused.length)} refused with ${other.status}, which clients take for ${other.status < 500 ? 'final' : 'a fault'}; refuse what is too much with 503 and Retry-After.`,
      ),
    ]
  const ended = crowd.flatMap(({ openMs, closed }) => (openMs !== undefined && closed ? [closed] : []))
  if (ended.length > 0) return [endedSays(ended, alone)]
  if (busy.length > 0)
    return [
      ok(
        'burst',
        `Of ${burstSize} connections at once ${busy.length} ${was(busy.length)} refused, and told when to come back.`,
      ),
    ]
  return [ok('burst', `${burstSize} connections at once are all accepted.`)]
}

/** Some of a few were let in, and closed before anything had been said. */
function endedSays(ended: readonly Closed[], alone: Closed | undefined): Finding {
  const codes = [...new Set(ended.map(({ code }) => code))].join(', ')
  const says = `Of ${burstSize} connections at once ${ended.length} ${was(ended.length)} closed by the server with ${codes}`
  if (alone) return advice('burst', `${says}, as one alone is, so what it does under a few could not be seen.`)
  const isTold = ended.every(({ code, reason }) => (code === 1012 || code === 1013) && parseHint(reason) !== undefined)
  return isTold
    ? ok('burst', `${says}, and told when to come back.`)
    : problem('burst', `${says}, though one alone stays; close what is too much with 1013 and a hint.`)
}
