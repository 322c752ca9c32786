import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the provider was asked. */
interface ProviderCall {
  readonly atMs: number
  readonly by: string
  /** Its caller was ended before it got the answer. */
  readonly cut: boolean
}

export interface Provider {
  readonly url: string
  readonly calls: readonly ProviderCall[]
  stop(): Promise<void>
}

/** How long a token takes to make. */
const workMs = 100

/**
 * An identity provider with short tokens, which says in the token itself when it ends.
 *
 * @param cut told of the first call for each token by that token's number, from 1; true if the caller has been ended and
 *   gets no answer
 */
export async function startProvider(lifetimeS: number, cut: (token: number, by: string) => boolean): Promise<Provider> {
  const calls: ProviderCall[] = []
  let issued = 0
  let asked = 0
  const server = createServer(async (request, response) => {
    const by = new URLSearchParams(await textOf(request)).get('client_id') ?? ''
    const isFirst = asked <= issued
    asked = issued + 1
    const isCut = isFirst && cut(asked, by)
    calls.push({ atMs: performance.now(), by, cut: isCut })
    if (isCut) {
      response.destroy()
      return
    }
    const endsAt = Number(request.headers['x-asked-at']) + lifetimeS * 1_000
    await new Promise((resolve) => setTimeout(resolve, workMs))
    const token = { access_token: `${++issued}.${endsAt}`, token_type: 'Bearer', expires_in: lifetimeS }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    calls,
    stop: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
