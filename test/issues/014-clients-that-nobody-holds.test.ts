import { expect, it } from 'vitest'
import { type BreakwaterFetch, createClient, createFetch } from '../../src/index.ts'
import { createTokenSource } from '../../src/refresh/index.ts'
import { collect } from '../core/heap-growth.ts'
import { eventually } from '../support/recorder.ts'

it('a token source does not keep the clients that use it: one for each request of a server would add up', async () => {
  const token = createTokenSource({ fetchToken: async () => ({ accessToken: 'a', expiresIn: 3_600 }) })
  const left = Array.from({ length: 100 }, () => {
    const send = async () => new Response('ok')
    createFetch({ token, fetch: send })
    createClient({ token, fetch: send })
    return new WeakRef(send)
  })
  await eventually(() => {
    collect()
    expect(left.filter((one) => one.deref()).length).toBeLessThan(50)
  })
  await token.close()
})

it('and goes on asking through one that somebody holds by its fetch alone', async () => {
  const sent: string[] = []
  const events: string[] = []
  const make = (): BreakwaterFetch => {
    const send = async (input: RequestInfo | URL) => {
      sent.push(String(input))
      return new Response('ok')
    }
    return createFetch({ token, fetch: send as typeof fetch, onEvent: ({ type }) => void events.push(type) })
  }
  const token = createTokenSource({
    fetchToken: async ({ fetch }) => {
      await fetch('https://id.test/token')
      return { accessToken: 'a', expiresIn: 3_600 }
    },
  })
  const fetch = make()
  for (let turn = 0; turn < 10; turn++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect((await fetch('https://api.test/')).status).toBe(200)
  expect(sent).toEqual(['https://id.test/token', 'https://api.test/'])
  expect(events).toContain('token.refreshed')
  await token.close()
})
