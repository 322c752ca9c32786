import * as msw from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failingHandlers, manualClock } from '../../src/testing/index.ts'

const origin = 'https://failing.test'
const clock = manualClock()
const server = setupServer(...failingHandlers(msw, { origin, clock }))

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterAll(() => server.close())

const get = (path: string, init?: RequestInit) => fetch(`${origin}${path}`, init)

describe('a failing service', () => {
  it('answers with any status, whatever the method', async () => {
    for (const status of [200, 204, 304, 404, 429, 503]) {
      expect((await get(`/status/${status}`)).status).toBe(status)
      expect((await get(`/status/${status}`, { method: 'PUT', body: 'x' })).status).toBe(status)
    }
  })

  it('sends each part of the query as a header', async () => {
    const query = new URLSearchParams([
      ['retry-after', 'Fri, 31 Dec 1999 23:59:59 GMT'],
      ['RateLimit', '"burst";r=0;t=5'],
      ['x-twice', '1'],
      ['x-twice', '2'],
    ])
    const { headers } = await get(`/status/503?${query}`)
    expect(headers.get('retry-after')).toBe('Fri, 31 Dec 1999 23:59:59 GMT')
    expect(headers.get('ratelimit')).toBe('"burst";r=0;t=5')
    expect(headers.get('x-twice')).toBe('1, 2')
  })

  it('fails as often as asked, each URL for itself', async () => {
    const statuses = async (path: string) => {
      const seen: number[] = []
      for (let time = 0; time < 3; time++) seen.push((await get(path)).status)
      return seen
    }
    expect(await statuses('/flaky/2')).toEqual([503, 503, 200])
    expect(await statuses('/flaky/1?status=500&id=a')).toEqual([500, 200, 200])
    expect(await statuses('/flaky/1?status=500&id=b')).toEqual([500, 200, 200])
    expect((await get('/flaky/1?id=c&retry-after=7')).headers.get('retry-after')).toBe('7')
  })

  it('answers when the time has come', async () => {
    let answered = false
    const answer = get('/slow/1500?x-late=yes').then((response) => {
      answered = true
      return response
    })
    while (clock.pending === 0) await clock.advance(0)
    await clock.advance(1499)
    expect(answered).toBe(false)
    await clock.advance(1)
    const response = await answer
    expect(response.headers.get('x-late')).toBe('yes')
    expect(await response.text()).toBe('ok')
  })

  it('breaks a body off half way', async () => {
    const response = await get('/cut')
    expect(response.status).toBe(200)
    const reader = response.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('comp')
    await expect(reader.read()).rejects.toThrow()
    await expect((await get('/cut')).text()).rejects.toThrow()
  })

  it.each(['/hang', '/slow/1000'])('%s ends with the abort of the request', async (path) => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const answer = get(path, { signal: controller.signal })
    await clock.advance(0)
    controller.abort(reason)
    await expect(answer).rejects.toBe(reason)
    expect(clock.pending).toBe(0)
  })

  it('is not there at all', async () => {
    await expect(get('/network-error')).rejects.toBeInstanceOf(TypeError)
  })
})
