import * as msw from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attemptsOf, defaults } from '../../src/index.ts'
import { failingHandlers } from '../../src/testing/index.ts'
import { mocked } from '../support/mocked.ts'

const origin = 'https://statuses.test'
const server = setupServer(...failingHandlers(msw, { origin }))

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterAll(() => server.close())

const retried = defaults.retry.statuses
const others = [400, 401, 403, 404, 405, 409, 410, 412, 413, 422, 428, 451, 501, 505, 511]

describe('a service that answers', () => {
  it.each(retried)('%i once is asked again', async (status) => {
    const { client, play, sent } = mocked()
    const response = await play(client.fetch(`${origin}/flaky/1?status=${status}`))
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('ok')
    expect(sent).toHaveLength(2)
    expect(attemptsOf(response).map((attempt) => attempt.status)).toEqual([status, 200])
  })

  it.each(retried)('%i for ever is given up after three attempts, with its last answer', async (status) => {
    const { client, play, sent } = mocked()
    const response = await play(client.fetch(`${origin}/status/${status}?x-from=service`))
    expect(response.status).toBe(status)
    expect(response.headers.get('x-from')).toBe('service')
    expect(await response.text()).toBe(`status ${status}`)
    expect(sent).toHaveLength(3)
    expect(attemptsOf(response)).toHaveLength(3)
  })

  it.each(retried)('%i to a POST is handed up at once', async (status) => {
    const { client, play, sent } = mocked()
    const response = await play(client.fetch(`${origin}/status/${status}`, { method: 'POST', body: 'x' }))
    expect(response.status).toBe(status)
    expect(sent).toHaveLength(1)
  })

  it.each(retried)('%i to a POST with an Idempotency-Key is asked again with the same key', async (status) => {
    const keys: (string | null)[] = []
    const { client, play, sent } = mocked({
      fetch: (input, init) => {
        keys.push(new Headers(init?.headers).get('idempotency-key'))
        return fetch(input, init)
      },
    })
    const init = { method: 'POST', body: 'x', headers: { 'Idempotency-Key': '"8e03978e"' } }
    const response = await play(client.fetch(`${origin}/flaky/1?status=${status}&id=key`, init))
    expect(response.status).toBe(200)
    expect(sent).toHaveLength(2)
    expect(keys).toEqual(['"8e03978e"', '"8e03978e"'])
  })

  it.each(others)('%i is taken for an answer', async (status) => {
    const { client, play, sent } = mocked()
    const response = await play(client.fetch(`${origin}/status/${status}?retry-after=1`))
    expect(response.status).toBe(status)
    expect(await response.text()).toBe(`status ${status}`)
    expect(sent).toHaveLength(1)
    expect(Object.values(client.health().upstreams)).toMatchObject([{ gate: { shutForMs: 0 } }])
  })

  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'QUERY'])('503 to a %s is asked again', async (method) => {
    const { client, play, sent } = mocked()
    const response = await play(client.fetch(`${origin}/flaky/2?id=${method}`, { method }))
    expect(response.status).toBe(200)
    expect(sent.map((request) => request.method)).toEqual([method, method, method])
  })

  it("nothing at all is asked again, and the last error is the platform's own", async () => {
    const { client, play, sent } = mocked()
    const error = await play(client.fetch(`${origin}/network-error`).catch((reason: unknown) => reason))
    expect(error).toBeInstanceOf(TypeError)
    expect(sent).toHaveLength(3)
    const attempts = attemptsOf(error)
    expect(attempts.map(({ attempt, verdict }) => [attempt, verdict])).toEqual([
      [1, 'failure'],
      [2, 'failure'],
      [3, 'failure'],
    ])
    expect(attempts[0]?.causes?.[0]).toEqual({ name: 'TypeError' })
  })

  it('never is given up when the deadline says so', async () => {
    const { client, play, sent } = mocked({ attemptMs: 1_000, deadlineMs: 1_500 })
    const error = await play(client.fetch(`${origin}/hang`).catch((reason: unknown) => reason))
    expect(error).toMatchObject({ name: 'DeadlineError', scope: 'call', limitMs: 1_500 })
    expect(sent).toHaveLength(2)
  })

  it('half a body fails the reader and nobody else', async () => {
    const { client, play, sent } = mocked()
    const response = await play(client.fetch(`${origin}/cut`))
    await expect(response.text()).rejects.toThrow()
    expect(sent).toHaveLength(1)
  })
})
