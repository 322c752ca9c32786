import { createClient } from 'breakwater'

const client = createClient({ baseUrl: 'https://api.example' })
client.on('circuit.opened', ({ upstream, openMs }) => console.warn(`${upstream} fails; next try in ${openMs} ms`))

// ky, for convenience …
const orders = await client.http.get('orders').json<{ id: string }[]>()
// … or plain fetch. A POST is sent once, unless the call says that it may be repeated.
const order = { method: 'POST', body: JSON.stringify({ item: 7 }) }
const response = await client.fetch('/orders', { ...order, breakwater: { deadlineMs: 2_000, idempotent: true } })
console.log(orders.length, response.status, client.health())
