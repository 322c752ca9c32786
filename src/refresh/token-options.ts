import type { Coordination } from '../coordination/coordination.ts'
import type { Runtime } from '../core/runtime.ts'
import type { FetchedToken, FetchToken } from './token.ts'

export interface TokenSourceOptions {
  /** Asks the provider: `clientCredentials(…)`, `refreshToken(…)`, or a function of your own. */
  fetchToken: FetchToken
  /**
   * Where in a token's lifetime it is renewed, as shares of it. The moment is drawn evenly from this window, once for
   * each token; a fleet whose tokens were issued together needs its width.
   * @default [0.7, 0.9]
   */
  window?: readonly [from: number, to: number] | undefined
  /**
   * No renewal is planned so close to the end, in ms; never more than a tenth of the lifetime. 0 allows the very end.
   * @default 60000
   */
  hardMs?: number | undefined
  /**
   * Renewed even if nobody asks. Else a token that nobody asked for during one whole lifetime is left to lapse.
   * @default false
   */
  keepFresh?: boolean | undefined
  /**
   * How long a renewal may take before its callers are told that it failed, in ms. `Infinity`: as long as it takes.
   * @default 30000
   */
  timeoutMs?: number | undefined
  /**
   * `'exclusive'`: what buys the token is used up by that, so one alone may renew, nothing is presented twice, and without
   * the coordination nothing is presented at all. `'efficiency'`: to renew twice does no harm, and without the
   * coordination each renews for itself. What `fetchToken` needs if absent: exclusive with `refreshToken(…)`.
   */
  mode?: 'exclusive' | 'efficiency' | undefined
  /**
   * For how long after it was first presented the provider takes the same refresh token once more, in ms, if it says that
   * it does. 0: never presented again.
   * @default 0
   */
  reuseLeewayMs?: number | undefined
  /** With whom the token is shared: `redisCoordination(…)`, `tabsCoordination(…)`. This source alone if absent. */
  coordination?: Coordination | undefined
  /**
   * What the token is called among those who share it. Everything that is shared through one coordination needs a name
   * of its own: two users under one name would get each other's tokens. By `fetchToken` if absent (its provider, client
   * and scope), and `'token'` for a function of your own.
   */
  key?: string | undefined
  /** Looks at an answer before it is used; `false` makes it a failure. */
  validate?: ((fetched: FetchedToken) => boolean | Promise<boolean>) | undefined
  /**
   * Where in the window this instance renews, from 0 to 1, in place of chance: with a phase of its own for each instance
   * a fleet spreads further with every renewal.
   */
  phase?: number | undefined
  /** Time, chance and an ear other than the platform's: for tests and simulations. */
  runtime?: Partial<Runtime> | undefined
}

export const tokenSourceDefaults = {
  window: [0.7, 0.9],
  hardMs: 60_000,
  keepFresh: false,
  timeoutMs: 30_000,
  reuseLeewayMs: 0,
} as const
