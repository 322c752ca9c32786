import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/index.ts'
import { clientCredentials, createTokenSource, type FetchToken, refreshToken } from '../../src/refresh/index.ts'
import { world } from '../support/world.ts'

const grant = { tokenUrl: 'https://id.test/token', clientId: 'app' }

/** Two clients with one source, over a provider that answers when it is told to, and an API that always does. */
function make(fetchToken: FetchToken) {
  const { clock, random } = world(0.5)
  const asked: { answer(): void; aborted(): boolean }[] = []
  const send = async (input: RequestInfo | URL, init?: RequestInit) => {
    if (!String(input).startsWith('https://id.test')) return new Response('ok')
    return new Promise<Response>((resolve, reject) => {
      const { signal } = init ?? {}
      signal?.addEventListener('abort', () => reject(signal.reason))
      const body = {
        access_token: `token-${asked.length + 1}`,
        expires_in: 3_600,
        refresh_token: `next-${asked.length}`,
      }
      asked.push({ answer: () => resolve(Response.json(body)), aborted: () => signal?.aborted === true })
    })
  }
  const token = createTokenSource({ fetchToken, runtime: { clock, random } })
  const client = () => createClient({ token, fetch: send as typeof fetch, runtime: { clock, random } })
  return { clock, asked, token, first: client(), second: client() }
}

describe('a client that is closed while the token is renewed through it', () => {
  it('takes nothing from another client of the same source', async () => {
    const { clock, asked, first, second } = make(clientCredentials({ ...grant, clientSecret: 's' }))
    const calls = [first.fetch('https://api.test/'), second.fetch('https://api.test/')]
    const settled = Promise.allSettled(calls)
    await clock.advance(0)
    await first.close({ drainMs: 0 })
    asked[0]?.answer()
    const [one, other] = await settled
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'closed' } })
    expect(other).toMatchObject({ status: 'fulfilled', value: { status: 200 } })
    expect(asked).toHaveLength(1)
  })

  it('does not cut off a refresh token that is on its way: it would be lost, and the session with it', async () => {
    const { clock, asked, token, first } = make(refreshToken({ ...grant, refreshToken: 'seed' }))
    const call = first.fetch('https://api.test/').catch((error) => error)
    await clock.advance(0)
    const closing = first.close()
    await clock.advance(6_000)
    await closing
    expect(await call).toMatchObject({ code: 'closed' })
    expect(asked[0]?.aborted()).toBe(false)
    asked[0]?.answer()
    expect((await token.get()).accessToken).toBe('token-1')
  })
})

it('a source that is closed ends the calls that wait for it, and those that come later', async () => {
  const { clock, asked, token, first } = make(clientCredentials({ ...grant, clientSecret: 's' }))
  const call = first.fetch('https://api.test/').catch((error) => error)
  await clock.advance(0)
  const closing = token.close()
  expect(await call).toMatchObject({ code: 'closed' })
  expect(asked[0]?.aborted()).toBe(true)
  await closing
  await expect(first.fetch('https://api.test/')).rejects.toMatchObject({ code: 'closed' })
  expect(first.health().upstreams['api.test:443']).toMatchObject({ circuit: 'closed', budget: { tokens: 3 } })
})
