// 50 services share one machine-to-machine token: the provider is asked once, not 50 times.
// Start Redis with `redis-server --save ''`, and the provider with `node examples/server.ts`.
import { randomBytes } from 'node:crypto'
import { redisCoordination } from 'breakwater/redis'
import { clientCredentials, createTokenSource } from 'breakwater/token'
import { createClient } from 'redis'

const provider = process.env.PROVIDER_URL ?? 'http://127.0.0.1:8787'
const redis = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
redis.on('error', (error) => console.warn(`Redis: ${error.message}`))
await redis.connect()

// The same for all of them, from where you keep secrets: Redis never sees the token in the clear.
const encrypt = { key: randomBytes(32) }
const fetchToken = clientCredentials({ tokenUrl: `${provider}/token`, clientId: 'orders', clientSecret: 'secret' })

// Each would be a process of its own, with a client of its own.
const services = Array.from({ length: 50 }, () => {
  const coordination = redisCoordination({ client: redis, prefix: 'example-10', encrypt })
  return { coordination, token: createTokenSource({ fetchToken, coordination }) }
})
const tokens = await Promise.all(services.map(({ token }) => token.get()))

const { tokens: asked } = await (await fetch(`${provider}/counts`)).json()
const different = new Set(tokens.map(({ accessToken }) => accessToken)).size
console.log(`${services.length} services, ${different} token, the provider was asked ${asked} time(s)`)

await Promise.all(services.map(({ token }) => token.close()))
await Promise.all(services.map(({ coordination }) => coordination.close()))
redis.destroy()
