import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startProvider } from '../support/provider.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { redis } from '../support/services.ts'

let provider: Awaited<ReturnType<typeof startProvider>>

beforeAll(async () => {
  provider = await startProvider()
})
afterAll(() => provider?.stop())

beforeAll(() => vi.stubEnv('PROVIDER_URL', provider.url))
afterEach(() => vi.restoreAllMocks())

/** What an example prints. */
async function printed(run: () => Promise<unknown>): Promise<string> {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  await run()
  return log.mock.calls.flat().join('\n')
}

it.each(['12-shared-token.ts', '13-cache.ts', '14-two-tabs.ts'])('%s has at most 40 lines', (file) => {
  const source = readFileSync(`examples/${file}`, 'utf8')
  expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
  expect(source).toContain('node examples/server.ts')
})

describe.skipIf(redis.path === undefined)('with a Redis', () => {
  let place: RedisServer
  beforeAll(async () => {
    place = await startRedis()
    vi.stubEnv('REDIS_URL', place.url)
  })
  afterAll(() => place?.stop())

  it('12-shared-token.ts: 50 services ask once', async () => {
    const before = (await provider.counts()) as { tokens: number }
    const said = await printed(() => import('../../examples/12-shared-token.ts'))
    expect(said).toBe(`50 services, 1 token, the provider was asked ${before.tokens + 1} time(s)`)
  })
})

it('13-cache.ts: 3,000 readers ask twice, and only the first wait', async () => {
  const before = (await provider.counts()) as { prices: number }
  const said = await printed(() => import('../../examples/13-cache.ts'))
  const [, cold, warm, stale, asked, price] =
    /^3,000 readers waited (\d+), (\d+) and (\d+) ms; .* (\d+) times, and says (\d+)$/.exec(said) ?? []
  expect(Number(cold)).toBeGreaterThanOrEqual(500)
  expect(Number(warm)).toBeLessThan(250)
  expect(Number(stale)).toBeLessThan(250)
  expect(Number(asked)).toBe(before.prices + 2)
  expect(Number(price)).toBe(100 + Number(asked))
})

it('14-two-tabs.ts: two tabs ask once for each token, and nothing is refused', async () => {
  const before = (await provider.counts()) as { tokens: number }
  const said = await printed(() => import('../../examples/14-two-tabs.ts'))
  expect(said).toBe(`2 tabs, 1 and 1 token, the provider was asked ${before.tokens + 2} times and refused 0`)
})

it('the provider ends a sign-in whose refresh token comes twice', async () => {
  const exchange = async (token: string) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token })
    const response = await fetch(`${provider.url}/token`, { method: 'POST', body })
    return { status: response.status, ...((await response.json()) as { refresh_token: string; error?: string }) }
  }
  const signIn = await (await fetch(`${provider.url}/sign-in`, { method: 'POST' })).json()
  const first = await exchange(signIn.refresh_token)
  expect(first.status).toBe(200)
  expect(await exchange(signIn.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' })
  expect(await exchange(first.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' })
})
