import { QueryClient, QueryObserver, type QueryObserverResult } from '@tanstack/query-core'
import { createClient } from 'breakwater'

type Order = { id: string }

const { http } = createClient({ baseUrl: 'https://api.example' })

// Ours is on, with a budget that all calls share. Another one around it would send each of its attempts again.
export const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })

export const orders = {
  queryKey: ['orders'],
  // With the signal a call leaves the wire, or the queue, as soon as nobody looks at the page any more.
  queryFn: ({ signal }: { signal: AbortSignal }) => http.get('orders', { signal }).json<Order[]>(),
}

/** What `useQuery(orders)` does in a component. The function returned is what it does when the component goes. */
export function watchOrders(render: (result: QueryObserverResult<Order[]>) => void): () => void {
  return new QueryObserver<Order[]>(queries, orders).subscribe(render)
}
