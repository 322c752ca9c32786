import { causeOfCode } from '../../socket/classify.ts'
import { parseHint } from '../../socket/index.ts'
import type { Closed } from './dial.ts'
import { advice, type Finding, ok, problem } from './finding.ts'

/**
 * What a close means to clients, which is what our own sockets make of it. A code decides how long they wait, whether they
 * come back at all, and whether they ask for a new token first.
 */
export function meaningOf({ code, reason }: Closed, what: string): Finding {
  const hinted = parseHint(reason) !== undefined
  const cause = causeOfCode(code)
  const lead = `${what} with ${code}`
  if (code === 1006) {
    return problem(
      'close code',
      `${what} without a close frame (1006): clients cannot tell that from a broken network; close with 1012 for a restart, 1013 for overload, 1008 for a refusal.`,
    )
  }
  if (code === 1011) {
    return problem(
      'close code',
      `${lead}, an error of the server: clients come back to meet it again; find the error, or close with a code that says what is wrong.`,
    )
  }
  if (cause === 'restart' || cause === 'overload') {
    if (hinted) return ok('close code', `${lead} and says when to come back.`)
    return advice(
      'close code',
      `${lead}, which asks to come back later but not when; put a hint into the reason: encodeHint(reconnectHint(…)).`,
    )
  }
  if (cause === 'auth')
    return advice(
      'close code',
      `${lead}: clients get a new token and come back; give yours by --header 'Name: value' to see more.`,
    )
  if (cause === 'fatal')
    return advice(
      'close code',
      `${lead}, which is final: clients do not come back; use it only where trying again would change nothing.`,
    )
  return advice(
    'close code',
    `${lead}, which says nothing: clients come back over their own window; say why by 1012, 1013 or 1008.`,
  )
}
