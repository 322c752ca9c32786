// One of the fleet: a process of its own that needs the shared token all the time, and tells how it fares.
import { createClient } from 'redis'
import { redisCoordination } from '../../../src/coordination/redis/index.ts'
import { clientCredentials, createTokenSource } from '../../../src/refresh/index.ts'

export interface MemberOptions {
  readonly id: string
  readonly redisUrl: string
  readonly tokenUrl: string
  readonly prefix: string
  readonly leaseMs: number
}

export type FromMember =
  | { readonly type: 'gets'; readonly count: number; readonly slowestMs: number }
  /** `get` threw, or gave a token that had ended. */
  | { readonly type: 'failed'; readonly why: string; readonly hadValid: boolean }
  /** `get` waited although a token was good. */
  | { readonly type: 'waited'; readonly ms: number }
  | { readonly type: 'lease'; readonly version: string }

/** How often a caller asks. */
const askEveryMs = 20
/** A valid token is given at once: this much is the machine's own hold-up. */
const atOnceMs = 250
/**
 * Clocks are read in whole ms at three places. Who asks so close to a token's end, or gets what ended so shortly ago, is
 * not counted.
 */
const edgeMs = 20

const { id, redisUrl, tokenUrl, prefix, leaseMs } = JSON.parse(process.argv[2] ?? '') as MemberOptions
const tell = (message: FromMember) => process.send?.(message)
process.on('disconnect', () => process.exit(0))

const client = createClient({
  url: redisUrl,
  socket: { reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 500) },
})
client.on('error', () => {})
await client.connect()

const coordination = redisCoordination({ client, prefix, leaseMs })
const tryLead: typeof coordination.tryLead = async (key) => {
  const lease = await coordination.tryLead(key)
  if (lease) tell({ type: 'lease', version: `${lease.version.epoch}:${lease.version.number}` })
  return lease
}
// A token's life is counted from when it was asked for. The provider is told that moment: on a machine that is busy its
// own would be later, by more than an edge.
const fetchNow: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers)
  headers.set('x-asked-at', String(Date.now()))
  return fetch(input, { ...init, headers })
}
const fetchToken = clientCredentials({ tokenUrl, clientId: id, clientSecret: 'none', auth: 'body', fetch: fetchNow })
const source = createTokenSource({
  fetchToken,
  coordination: { ...coordination, tryLead },
  key: 'machine',
  timeoutMs: 5_000,
})

/** When a token ends is written in it, by the provider's clock, which is this machine's. */
const endOf = (accessToken: string) => Number(accessToken.split('.')[1])

let count = 0
let slowestMs = 0
let goodUntil = 0
setInterval(() => tell({ type: 'gets', count, slowestMs }), 500)
for (;;) {
  const askedAt = performance.now()
  const hadValid = Date.now() < goodUntil - edgeMs
  try {
    const token = await source.get()
    const tookMs = performance.now() - askedAt
    count++
    slowestMs = Math.max(slowestMs, tookMs)
    goodUntil = endOf(token.accessToken)
    if (Date.now() > goodUntil + edgeMs) tell({ type: 'failed', why: 'it had ended', hadValid })
    if (hadValid && tookMs > atOnceMs) tell({ type: 'waited', ms: tookMs })
  } catch (error) {
    tell({ type: 'failed', why: String(error), hadValid })
  }
  await new Promise((resolve) => setTimeout(resolve, askEveryMs))
}
