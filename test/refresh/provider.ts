import type { Coordination } from '../../src/coordination/coordination.ts'
import type { FetchedToken, FetchTokenContext } from '../../src/refresh/token.ts'
import type { TokenSourceOptions } from '../../src/refresh/token-options.ts'
import { createTokenSource } from '../../src/refresh/token-source.ts'
import { type World, world } from '../support/world.ts'

type Behaviour = (context: FetchTokenContext, count: number) => FetchedToken | Promise<FetchedToken>

export const hourMs = 3_600_000

/** A provider that gives `token-1`, `token-2` … for an hour each, or does what it is told. */
export function provider() {
  const asked: FetchTokenContext[] = []
  let behaviour: Behaviour = (_context, count) => ({ accessToken: `token-${count}`, expiresIn: 3_600 })
  return {
    asked,
    behave: (next: Behaviour) => {
      behaviour = next
    },
    fetchToken: async (context: FetchTokenContext) => {
      asked.push(context)
      return behaviour(context, asked.length)
    },
  }
}

/** A token source over such a provider, in virtual time. */
export function source(given: Partial<TokenSourceOptions> = {}, at: World = world(0.5)) {
  const idp = provider()
  const tokens = createTokenSource({ fetchToken: idp.fetchToken, runtime: at, ...given })
  return { ...at, ...idp, tokens, get: async () => (await tokens.get()).accessToken }
}

/** A coordination that does what another one does, unless it is told to fail. */
export function failing(coordination: Coordination) {
  const state: { error: Error | undefined } = { error: undefined }
  const unless = <Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>) => {
    return (...args: Args) => (state.error ? Promise.reject(state.error) : method(...args))
  }
  const wrapped: Coordination = {
    ...coordination,
    read: unless(coordination.read),
    commit: unless(coordination.commit),
    tryLead: unless(coordination.tryLead),
  }
  const fail = (error: Error | undefined) => {
    state.error = error
  }
  return { coordination: wrapped, fail }
}
