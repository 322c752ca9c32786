import { onAbort } from '../../core/abort.ts'
import type { Network } from '../network.ts'
import type { World } from '../world.ts'
import { RequestServer } from './request-server.ts'

export interface IdentityProviderOptions {
  /** Tokens that it issues per second. */
  readonly capacity: number
  /** Beyond this queue, in ms, a request gets a 429. */
  readonly queueMs: number
  readonly lifetimeMs: number
  /** What its 429 says in `Retry-After`, in ms; it has none at 0. */
  readonly retryAfterMs: number
}

/** What it says to a request; status 0 where no answer came. */
export interface TokenAnswer {
  readonly status: number
  /** With status 200. */
  readonly token?: { readonly text: string; readonly lifetimeMs: number }
  readonly retryAfterMs?: number | undefined
}

/** An identity provider: a queue of token requests, and a 429 where it grows too long. */
export class IdentityProvider {
  readonly tokenUrl = 'https://id.test/token'
  readonly server: RequestServer
  /** Tokens that came to those who had asked for them. */
  issued = 0
  /** Requests that got a 429. */
  refused = 0
  readonly #options: IdentityProviderOptions

  constructor(world: World, network: Network, options: IdentityProviderOptions) {
    const { capacity, queueMs, retryAfterMs } = options
    const shed = { status: 429, ...(retryAfterMs > 0 && { retryAfterMs }) }
    this.#options = options
    this.server = new RequestServer(world, network, { perSecond: capacity, shedsBeyondMs: queueMs, shed }, -4)
  }

  /** Asks for a token; `hear` is told the answer. The function returned is the client leaving. */
  request(hear: (answer: TokenAnswer) => void): () => void {
    return this.server.ask(({ status, retryAfterMs }) => {
      if (status === 429) this.refused++
      if (status !== 200) hear({ status, retryAfterMs })
      else hear({ status, token: { text: `token-${++this.issued}`, lifetimeMs: this.#options.lifetimeMs } })
    })
  }

  /** The same over HTTP, as RFC 6749 has it. */
  readonly fetch = (_input: RequestInfo | URL, { signal }: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const leave = this.request((answer) => {
        unlink?.()
        if (answer.status === 0) reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }))
        else resolve(responseOf(answer))
      })
      const unlink =
        signal &&
        onAbort(signal, () => {
          leave()
          reject(signal.reason)
        })
    })
}

function responseOf({ status, token, retryAfterMs }: TokenAnswer): Response {
  const body = token
    ? { access_token: token.text, token_type: 'Bearer', expires_in: token.lifetimeMs / 1_000 }
    : { error: 'temporarily_unavailable' }
  const hint = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...hint } })
}
