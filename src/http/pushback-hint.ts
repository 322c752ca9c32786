import { type Hint, readHint } from '../core/retry-after.ts'
import type { Runtime } from '../core/runtime.ts'
import { type PushbackOptions, pushbackDefaults, type ReadPushback } from '../layers/pushback/index.ts'
import type { Exchange } from './exchange.ts'

const retryAfterOnly = ['retry-after']

/**
 * What an answer says to all callers of its upstream. Any of the headers counts on a status that pushes back (429, 503);
 * on other answers that are worth a retry only `Retry-After` does.
 */
export function pushbackReader(
  options: Partial<PushbackOptions>,
  { clock }: Runtime,
): ReadPushback<Exchange, Response> {
  // Of the options only what is their own counts, whatever somebody has hung into the prototype of all objects.
  const own = Object.assign(Object.create(null) as Partial<PushbackOptions>, options)
  const { statuses = pushbackDefaults.statuses, headers = pushbackDefaults.headers } = own
  return (response, exchange): Hint | 'unhinted' | 'served' | undefined => {
    const { status } = response
    if (status < 400) return 'served'
    const pushesBack = statuses.includes(status)
    if (!pushesBack && !exchange.retry.statuses.includes(status)) return undefined
    const hint = readHint((name) => response.headers.get(name), pushesBack ? headers : retryAfterOnly, clock.wallNow())
    return hint ?? (status === 429 && pushesBack ? 'unhinted' : undefined)
  }
}
