import type { Runtime } from '../core/runtime.ts'
import type { Registry } from '../upstream/registry.ts'
import { type BreakwaterFetch, buildFetch } from './fetch.ts'
import { InFlight } from './in-flight.ts'
import { type HttpOptions, httpDefaults } from './options.ts'

/**
 * A client's `fetch` as its token source gets it: the same layers and upstreams, but without a token, and without what
 * answers in the place of a server or asks it twice.
 *
 * A client that is closed leaves these calls alone. The renewal belongs to all who use the source, and a refresh token
 * that is cut off on its way is lost, and the session with it.
 */
export function buildLentFetch(
  options: Readonly<HttpOptions>,
  { registry, runtime }: { registry: Registry; runtime: Runtime },
): BreakwaterFetch {
  const plain = {
    ...options,
    token: undefined,
    fallback: undefined,
    singleFlight: undefined,
    hedge: undefined,
    // The client's callers may be in a hurry, but the token is not for them alone; the source has a limit of its own.
    deadlineMs: Math.max(options.deadlineMs, httpDefaults.deadlineMs),
    attemptMs: Math.max(options.attemptMs, httpDefaults.attemptMs),
  }
  const fetch = buildFetch(plain, { registry, inFlight: new InFlight(), runtime })
  // A base keeps a client's credentials at home, and these calls carry none: most providers are somewhere else.
  return (input, init) => fetch(isWhole(input) ? new URL(input) : input, init)
}

function isWhole(input: RequestInfo | URL): input is string {
  return typeof input === 'string' && URL.canParse(input)
}
