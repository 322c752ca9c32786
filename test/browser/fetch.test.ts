import { describe, expect, inject, it } from 'vitest'
import { createClient, createFetch } from '../../src/index.ts'

const server = inject('serverUrl')

describe('in a real browser, against a server of another origin', () => {
  it('gets an answer', async () => {
    const response = await createFetch()(`${server}/ok`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ ok: true })
  })

  it('tries again after a 503', async () => {
    const seen: string[] = []
    const breakwater = createFetch({
      retry: { baseMs: 0, throttleBaseMs: 0 },
      pushback: { jitter: 0 },
      onEvent: ({ type }) => seen.push(type),
    })
    const response = await breakwater(`${server}/flaky?failures=1&id=${crypto.randomUUID()}`)
    expect(await response.json()).toEqual({ recovered: true })
    expect(seen).toContain('retry.scheduled')
  })

  it("ends an abort with the caller's own reason while the server stays silent", async () => {
    const controller = new AbortController()
    const reason = new Error('the user left')
    const breakwater = createFetch({
      fetch: (input, init) => {
        const answer = fetch(input, init)
        controller.abort(reason)
        return answer
      },
    })
    await expect(breakwater(`${server}/never`, { signal: controller.signal })).rejects.toBe(reason)
  })

  it('follows no redirect with a secret, and says so', async () => {
    const breakwater = createFetch({ secretHeaders: ['x-api-key'] })
    const headers = { 'x-api-key': 'canary' }
    await expect(breakwater(`${server}/moved`, { headers })).rejects.toMatchObject({
      code: 'redirect',
      reason: 'hidden',
    })
    expect(await (await breakwater(`${server}/moved`)).json()).toEqual({ ok: true })
  })

  it('lets callers share an answer', async () => {
    const breakwater = createFetch({ singleFlight: true })
    const answers = await Promise.all(['a', 'b', 'c'].map(() => breakwater(`${server}/ok`)))
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([
      { ok: true },
      { ok: true },
      { ok: true },
    ])
    expect(answers.map(({ url }) => url)).toEqual(answers.map(() => `${server}/ok`))
  })

  it('delivers what ky posts', async () => {
    await using client = createClient()
    const answer = await client.http.post(`${server}/echo`, { json: { order: 7 } }).json()
    expect(answer).toEqual({ method: 'POST', type: 'application/json', body: '{"order":7}' })
  })

  it('gives a TypeError where nobody answers', async () => {
    const breakwater = createFetch({ retry: false })
    // Port 9 is one that browsers never dial.
    await expect(breakwater('http://127.0.0.1:9/')).rejects.toBeInstanceOf(TypeError)
  })
})
