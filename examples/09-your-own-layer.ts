import { createClient, type Layer } from 'breakwater'

/** Says who is calling, and tells how long each call took its caller: all attempts and the waits between them. */
export function named(name: string, took: (path: string, ms: number) => void): Layer<Request, Response> {
  // The client's clock and not the machine's, so that a test can move it.
  return (next, { clock }) =>
    async (request, context) => {
      const startedAt = clock.now()
      // A copy: the request may be the caller's own.
      const signed = new Request(request)
      signed.headers.set('x-client', name)
      try {
        return await next(signed, context)
      } finally {
        took(new URL(request.url).pathname, clock.now() - startedAt)
      }
    }
}

const { http } = createClient({
  baseUrl: 'https://api.example',
  layers: [named('shop', (path, ms) => console.info(`${path} took ${ms.toFixed()} ms`))],
})

export const orders = (signal: AbortSignal) => http.get('orders', { signal }).json<{ id: string }[]>()
