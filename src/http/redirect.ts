import { BreakwaterError } from '../core/error.ts'
import type { Exchange } from './exchange.ts'
import { headersOf } from './exchange.ts'
import type { Sendable } from './replay.ts'

/** A redirect would have carried a secret where it does not belong, or cannot be followed safely. */
export class RedirectError extends BreakwaterError {
  static readonly code = 'redirect'
  override readonly name = 'RedirectError'
  readonly reason: 'insecure' | 'hidden' | 'too-many' | 'body' | 'protocol'

  constructor(reason: RedirectError['reason'], upstream: string) {
    super('redirect', explanations[reason], { upstream })
    this.reason = reason
  }
}

const explanations = {
  insecure: 'a redirect leads from https to http',
  hidden: 'the platform hides where a redirect leads, and the call carries a secret',
  'too-many': 'more than 20 redirects',
  body: 'a redirect wants the body again, which cannot be sent twice',
  protocol: 'a redirect leads to what is neither http nor https',
} as const

/** As the WHATWG standard has it. */
const mostRedirects = 20

const redirects: readonly number[] = [301, 302, 303, 307, 308]

/** Headers that describe a body; they go when it goes. */
const bodyHeaders = ['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type']

/** What the platform itself takes off when the origin changes. */
const platformSecrets = ['authorization', 'cookie', 'proxy-authorization', 'host']

/**
 * Follows redirects as `fetch` does, but leaves every secret header behind when the origin changes: `fetch` strips
 * `Authorization` and `Cookie` and keeps `X-Api-Key` (measured in Node; the same class as CVE-2026-40895). Never from
 * https to http. Browsers hide where a redirect leads; there such a call ends with the first one.
 *
 * @throws RedirectError
 */
export async function followRedirects(
  exchange: Exchange,
  first: Sendable,
  send: (input: RequestInfo | URL, init: RequestInit) => Promise<Response>,
  secretHeaders: readonly string[],
): Promise<Response> {
  let { input, init } = first
  let url = exchange.url
  for (let count = 0; ; count++) {
    const response = await send(input, { ...init, redirect: 'manual' })
    const drop = () => void response.body?.cancel().catch(() => {})
    const fail = (reason: RedirectError['reason']): never => {
      drop()
      throw new RedirectError(reason, exchange.upstream.authority)
    }
    if (response.type === 'opaqueredirect') fail('hidden')
    const location = redirects.includes(response.status) ? response.headers.get('location') : null
    if (location === null || !URL.canParse(location, url)) return count === 0 ? response : marked(response)
    if (count === mostRedirects) fail('too-many')

    const target = new URL(location, url)
    if (target.protocol !== 'http:' && target.protocol !== 'https:') fail('protocol')
    if (url.protocol === 'https:' && target.protocol === 'http:') fail('insecure')
    target.hash ||= url.hash
    const headers = new Headers(headersOf(input, init))
    const take = (names: readonly string[]) => {
      for (const name of names) headers.delete(name)
    }
    if (target.origin !== url.origin) take([...platformSecrets, ...secretHeaders])

    const method = methodOf(input, init)
    const { body: _, ...rest } = init
    init = { ...carried(input), ...rest, method, headers }
    if (becomesGet(response.status, method)) {
      take(bodyHeaders)
      if (method !== 'HEAD') init.method = 'GET'
    } else if (exchange.hasBody) init.body = (await exchange.body.copy()) ?? fail('body')
    drop()
    input = target
    url = target
  }
}

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return true
  return (status === 301 || status === 302) && method === 'POST'
}

function methodOf(input: RequestInfo | URL, init: RequestInit): string {
  return (init.method ?? (typeof input === 'object' && 'method' in input ? input.method : 'GET')).toUpperCase()
}

/** What a `Request` says beyond its URL, for the hop where only its URL changes. */
function carried(input: RequestInfo | URL): RequestInit {
  if (typeof input !== 'object' || !('clone' in input)) return {}
  const { credentials, mode, cache, referrerPolicy, integrity, keepalive } = input
  return { credentials, mode, cache, referrerPolicy, integrity, keepalive }
}

/** `redirect: 'manual'` leaves it false. */
function marked(response: Response): Response {
  return Object.defineProperty(response, 'redirected', { value: true, configurable: true })
}
