// Compiled by .ci/check-consumer.ts against the packed package, as a stranger's code: never run.
import {
  attemptsOf,
  type BreakwaterEvent,
  type BreakwaterFetch,
  CircuitOpenError,
  type Client,
  type ClientOptions,
  createClient,
  createFetch,
  isBreakwaterError,
} from 'breakwater'
import { deadline, retry, stack } from 'breakwater/layers'
import { type RedisClient, redisCoordination } from 'breakwater/redis'
import { type Coordination, tabsCoordination } from 'breakwater/tabs'
import { coordinationContract, manualClock, seededRandom } from 'breakwater/testing'
import { clientCredentials, createTokenSource, type TokenSource } from 'breakwater/token'

const options: ClientOptions = {
  deadlineMs: 5_000,
  retry: { attempts: 2, methods: ['GET'] },
  breaker: false,
  onEvent: (event: BreakwaterEvent) => console.log(event.type),
}

const plain: BreakwaterFetch = createFetch(options)
const client: Client = createClient({ ...options, runtime: { clock: manualClock(), random: seededRandom(1) } })

// It is shaped like the platform's fetch, so whoever takes one takes ours.
const asPlatform: typeof fetch = plain

export async function calls(): Promise<unknown> {
  const response: Response = await client.fetch('https://api.test/', { breakwater: { priority: 'low', retry: false } })
  const orders = await client.http.get('https://api.test/', { breakwater: { deadlineMs: 100 } }).json<number[]>()
  const stop = client.on('circuit.opened', (event) => event.type satisfies 'circuit.opened')
  stop()
  const hold: Disposable = client.isolate('api.test:443')
  hold[Symbol.dispose]()
  await client.close({ drainMs: 10 })
  return [response, orders, attemptsOf(response), client.health().upstreams, asPlatform]
}

export function explain(error: unknown): string {
  if (error instanceof CircuitOpenError) return String(error.retryAfterMs)
  if (isBreakwaterError(error)) return error.code
  return 'not ours'
}

export const layered = stack<string, string>(
  [deadline({ ms: 100 }), retry({ attempts: 2 })],
  async (request) => request,
  {
    clock: manualClock(),
    random: seededRandom(1),
  },
)

export function shared(redis: RedisClient): TokenSource {
  const tabs: Coordination = tabsCoordination({ name: 'app', storage: localStorage })
  const fleet: Coordination = redisCoordination({ client: redis, encrypt: { key: new Uint8Array(32) } })
  coordinationContract(async () => ({ a: tabs, b: tabs, pass: async () => {}, end: () => tabs.close() }))
  const fetchToken = clientCredentials({ tokenUrl: 'https://id.test/token', clientId: 'id', clientSecret: 'secret' })
  return createTokenSource({ fetchToken, coordination: fleet })
}

// @ts-expect-error a client is wanted
redisCoordination({ prefix: 'app' })
// @ts-expect-error an option that does not exist
createFetch({ retries: 3 })
// @ts-expect-error an event that does not exist
client.on('circuit.exploded', () => {})
// @ts-expect-error a call option of the wrong type
client.http.get('https://api.test/', { breakwater: { deadlineMs: 'soon' } })
