// A local identity provider and a slow endpoint for the examples that share tokens and data: `node examples/server.ts`.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** How long a token is good, in s: short, so that one sees it renewed. */
const lifetimeS = 10
/** What the slow endpoint takes. */
const slowMs = 500

/** Refresh tokens are good once, as RFC 9700 wants it: one that comes again is taken for stolen and ends its sign-in. */
class SignIns {
  readonly #signInOf = new Map<string, string>()
  readonly #spent = new Set<string>()
  readonly #ended = new Set<string>()

  issue(signIn: string = randomUUID()): string {
    const token = randomUUID()
    this.#signInOf.set(token, signIn)
    return token
  }

  /** The next one; undefined if this one is good no longer. */
  exchange(token: string): string | undefined {
    const signIn = this.#signInOf.get(token)
    if (signIn === undefined) return undefined
    if (this.#spent.has(token)) this.#ended.add(signIn)
    this.#spent.add(token)
    return this.#ended.has(signIn) ? undefined : this.issue(signIn)
  }
}

export function identityProvider(): Server {
  const signIns = new SignIns()
  /** What was asked for how often, for the examples to show. */
  const counts = { tokens: 0, refused: 0, prices: 0 }

  const token = (form: URLSearchParams, response: ServerResponse) => {
    const rotating = form.get('grant_type') === 'refresh_token'
    const next = rotating ? signIns.exchange(form.get('refresh_token') ?? '') : undefined
    if (rotating && next === undefined) {
      counts.refused++
      json(response, 400, { error: 'invalid_grant' })
      return
    }
    counts.tokens++
    const fresh = { access_token: randomUUID(), token_type: 'Bearer', expires_in: lifetimeS }
    json(response, 200, next === undefined ? fresh : { ...fresh, refresh_token: next })
  }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams(await textOf(request))
    const { pathname } = new URL(request.url ?? '/', 'http://provider')
    const asked = `${request.method} ${pathname.replace(/^\/prices\/.*/, '/prices')}`
    if (asked === 'POST /token') token(form, response)
    else if (asked === 'POST /sign-in') json(response, 200, { refresh_token: signIns.issue() })
    else if (asked === 'GET /counts') json(response, 200, counts)
    else if (asked === 'GET /prices') {
      counts.prices++
      setTimeout(() => json(response, 200, { price: 100 + counts.prices }), slowMs)
    } else json(response, 404, { error: 'not_found' })
  }
  return createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error))
  })
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
