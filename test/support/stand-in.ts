import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A real server of this machine in the place of one far away. */
export interface StandIn extends AsyncDisposable {
  /** All that have arrived, refused ones included. */
  readonly requests: readonly IncomingMessage[]
  /** The platform's `fetch`, by which every host leads here. */
  readonly fetch: typeof fetch
  /** Answers so many requests with 503, and then as it should. */
  refuse(times: number): void
  /** Answers nobody. Tells when the next request is here, and when its client has left. */
  hang(): { readonly arrived: Promise<unknown>; readonly left: Promise<unknown> }
}

/** Taken before a test puts another one in its place. */
const platform = globalThis.fetch

export async function standIn(serve: RequestListener): Promise<StandIn> {
  const requests: IncomingMessage[] = []
  let refusals = 0
  let hangs = false
  const server = createServer((request, response) => {
    requests.push(request)
    if (hangs) return
    if (refusals-- > 0) response.writeHead(503).end()
    else serve(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    requests,
    fetch: (input, init) => {
      const request = new Request(input, init)
      const { pathname, search } = new URL(request.url)
      // The signal itself: one that a chain of requests follows may be collected as garbage half way.
      return platform(new Request(`${origin}${pathname}${search}`, request), { signal: init?.signal ?? request.signal })
    },
    refuse: (times) => {
      refusals = times
    },
    hang: () => {
      hangs = true
      const arrived = once(server, 'request')
      return { arrived, left: arrived.then(([, response]) => once(response, 'close')) }
    },
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
