import { createClient } from 'breakwater'
import { clientCredentials, createTokenSource } from 'breakwater/token'

// Renewed before it ends, behind the calls, by each process at a moment of its own.
const token = createTokenSource({
  fetchToken: clientCredentials({
    tokenUrl: 'https://id.example/token',
    clientId: 'orders',
    clientSecret: process.env.CLIENT_SECRET ?? 'known to nobody',
  }),
})
token.onChange(({ expiresAt }) => console.log('a token until', new Date(expiresAt)))

// Each attempt carries the token of its moment. One that is answered with 401 is sent once more, with another token.
const client = createClient({ baseUrl: 'https://api.example', token })
const orders = await client.http.get('orders').json<{ id: string }[]>()
console.log(orders.length)
