import axios from 'axios'
import { createClient } from 'breakwater'

type Order = { id: string }

const { fetch } = createClient()

// axios looks at `env.fetch` in its fetch adapter only: in Node and in browsers it would choose another one.
export const api = axios.create({ baseURL: 'https://api.example', adapter: 'fetch', env: { fetch } })

export const order = async (id: string, signal: AbortSignal) => (await api.get<Order>(`/orders/${id}`, { signal })).data

/** `fetchOptions` is how a call of axios says something for itself: that this POST may be repeated. */
export async function placeOrder(item: number): Promise<Order> {
  const fetchOptions = { breakwater: { idempotent: true } }
  return (await api.post<Order>('/orders', { item }, { fetchOptions })).data
}
