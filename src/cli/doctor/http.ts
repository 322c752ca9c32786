import type { Allowance } from './allowance.ts'
import { burstSize } from './allowance.ts'
import { type Finding, problem } from './finding.ts'
import { bodySays, isTorn, unseenSays } from './http-body.ts'
import { caching, conditionOf } from './http-cache.ts'
import { burstSays, connectionSays, failureSays, keepAliveSays, statusSays } from './http-connection.ts'
import { crossOrigin, preflight, preflightHeaders } from './http-origin.ts'
import { dates, isRefusal, quota, retryAfter } from './http-words.ts'
import { type Answer, Asking, isAnswer } from './request.ts'
import type { Target } from './target.ts'

/**
 * Looks at an API with at most eight requests: two after one another, a preflight, and five at once. One that says that
 * it is busy, or does not end an answer, is asked nothing more.
 */
export async function lookAtApi(target: Target, allowance: Allowance): Promise<Finding[]> {
  const asking = new Asking(target, allowance)
  const { signal } = allowance
  const { origin } = target
  try {
    const first = await asking.ask('GET', { origin })
    if (!isAnswer(first)) return signal.aborted ? [] : [problem('answer', failureSays(first))]
    const found = [...statusSays(first), ...connectionSays(first)]
    // A place that sends everybody elsewhere has nothing to look at.
    if (first.status >= 300 && first.status < 400) return found
    let last: Answer = first
    const next = async <Value>(act: () => Promise<Value>): Promise<Value | undefined> => {
      return signal.aborted || isRefusal(last) || isTorn(last) ? undefined : act()
    }
    const second = await next(() => asking.ask('GET', { origin, ...conditionOf(first) }))
    if (isAnswer(second)) last = second
    const flight = await next(() => asking.ask('OPTIONS', { origin, ...preflightHeaders }))
    if (isAnswer(flight)) last = flight
    const all = () => Promise.all(Array.from({ length: burstSize }, () => asking.ask('GET', { origin })))
    const burst = await next(all)
    const answers = [first, second, ...(burst ?? [])].filter(isAnswer)
    found.push(...bodySays([first, second].filter(isAnswer)))
    if (second && !signal.aborted) found.push(...keepAliveSays(first, second))
    if (burst && !signal.aborted) found.push(...burstSays(isAnswer(second) ? second : first, burst))
    found.push(...retryAfter([...answers, flight].filter(isAnswer)), ...crossOrigin(answers, origin))
    if (flight && !signal.aborted) found.push(...preflight(first, flight))
    found.push(...dates(answers), ...quota(answers), ...caching(first, second))
    if (!signal.aborted) {
      const kept = first.status === 200 && Object.keys(conditionOf(first)).length > 0 ? ['caching'] : []
      const unseen = [second ? [] : ['keep-alive', ...kept], flight ? [] : ['preflight'], burst ? [] : ['burst']]
      found.push(...unseenSays(last, unseen.flat()))
    }
    return found
  } finally {
    asking.close()
  }
}
