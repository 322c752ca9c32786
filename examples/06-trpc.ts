import { createTRPCClient, httpBatchLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { createClient } from 'breakwater'

// This part is your server's. A client needs its type and nothing else.
const { router, procedure } = initTRPC.create()
export const served = router({
  order: procedure.input(String).query(({ input }) => ({ id: input, item: 7 })),
})

const client = createClient()

// A batch is one call to us: one place in the queue, one retry. Queries are GET and may be repeated; mutations are
// POST and go out once.
export const api = createTRPCClient<typeof served>({
  links: [
    httpBatchLink({
      url: 'https://api.example/trpc',
      // Plain `fetch: client.fetch`, but for those who compile with `exactOptionalPropertyTypes`.
      fetch: (url, init) => client.fetch(url, init as RequestInit),
    }),
  ],
})

export const order = (id: string, signal: AbortSignal) => api.order.query(id, { signal })
