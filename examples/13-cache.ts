// A cache in front of a slow endpoint: a thousand readers cost one request, and while the value is renewed nobody waits.
// Start the provider with `node examples/server.ts`; its /prices takes half a second.
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'breakwater'
import { createCache } from 'breakwater/cache'

const provider = process.env.PROVIDER_URL ?? 'http://127.0.0.1:8787'
const client = createClient({ baseUrl: provider })
const prices = createCache<{ price: number }>({
  load: (item, { signal }) => client.http.get(`prices/${item}`, { signal }).json(),
  ttlMs: 1_000,
  staleMs: 10_000,
})

const timed = async (readers: number) => {
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: readers }, () => prices.get('lamp')))
  return Math.round(performance.now() - startedAt)
}
const coldMs = await timed(1_000)
const warmMs = await timed(1_000)
// Its time is over, and still nobody waits: the old price is given while the new one is on its way.
await sleep(1_200)
const staleMs = await timed(1_000)
await sleep(700)
const { price } = await prices.get('lamp')

const { prices: asked } = await (await fetch(`${provider}/counts`)).json()
console.log(
  `3,000 readers waited ${coldMs}, ${warmMs} and ${staleMs} ms; the endpoint was asked ${asked} times, and says ${price}`,
)

prices.close()
await client.close()
