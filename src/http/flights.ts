import { resolve } from '../core/options.ts'
import type { SingleFlightNeeds } from '../layers/single-flight.ts'
import type { Exchange } from './exchange.ts'
import type { HttpOptions } from './options.ts'
import { requestKey, singleFlightDefaults, singleFlightRules } from './request-key.ts'
import { readAll, withBody } from './response.ts'

/** How single-flight tells HTTP calls apart, and how it gives each caller a response of its own. */
export function flightNeeds(
  options: Pick<HttpOptions, 'singleFlight' | 'secretHeaders'>,
): Pick<SingleFlightNeeds<Exchange, Response>, 'keyOf' | 'share'> {
  const given = typeof options.singleFlight === 'object' ? options.singleFlight : undefined
  const resolved = resolve('singleFlight', singleFlightDefaults, singleFlightRules, given)
  const keyOf = requestKey(resolved, options.secretHeaders)
  return {
    keyOf: (exchange) => (exchange.settings.singleFlight === false ? undefined : keyOf(exchange)),
    share: async (response) => {
      const all = await readAll(response, resolved.maxBytes)
      if ('rest' in all) return { one: all.rest }
      return { copy: () => withBody(response, response.body === null ? null : all.bytes) }
    },
  }
}

/** What the leader tried was tried for its followers too. */
export function shareAttempts(follower: Exchange, leader: Exchange): void {
  follower.attempts.push(...leader.attempts)
}
