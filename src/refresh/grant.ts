import type { FetchToken } from './token.ts'

/** What a way to fetch tokens says of itself to the source that uses it. */
export interface Grant {
  /** Whether what it presents is used up by being presented. */
  readonly mode: 'exclusive' | 'efficiency'
  /** Names what is asked for, and of whom, without a secret: the key under which a fleet shares it. */
  readonly key: string
  /** The refresh token that it begins with. */
  readonly seed?: string
}

const grants = new WeakMap<FetchToken, Grant>()

export function describeGrant(fetchToken: FetchToken, grant: Grant): FetchToken {
  grants.set(fetchToken, grant)
  return fetchToken
}

/** Undefined for a function of the user's own. */
export function grantOf(fetchToken: FetchToken): Grant | undefined {
  return grants.get(fetchToken)
}
