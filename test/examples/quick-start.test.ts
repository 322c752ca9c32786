import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'

const files = ['01-api.ts', '02-websocket.ts', '03-token.ts']

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe.each(files)('%s', (file) => {
  test('stands in the README, word for word', () => {
    const source = readFileSync(`examples/${file}`, 'utf8')
    expect(readFileSync('README.md', 'utf8')).toContain(`\`\`\`ts\n${source}\`\`\``)
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
  })
})

test('01-api.ts asks for orders and places one', async () => {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init)
    asked.push(`${request.method} ${request.url} ${await request.text()}`)
    return Response.json([{ id: 'a' }])
  })
  const log = vi.spyOn(console, 'log').mockReturnValue()
  await import('../../examples/01-api.ts')
  expect(asked).toEqual(['GET https://api.example/orders ', 'POST https://api.example/orders {"item":7}'])
  expect(log).toHaveBeenCalledWith(1, 200, expect.objectContaining({ upstreams: expect.anything() }))
})

test('02-websocket.ts dials until it is let in', async () => {
  vi.useFakeTimers()
  let dials = 0
  class Socket {
    onopen?: () => void
    onerror?: (error: unknown) => void
    onmessage?: (event: { data: unknown }) => void
    constructor() {
      const last = ++dials === 3
      queueMicrotask(() => (last ? this.onopen?.() : this.onerror?.(new Error('refused'))))
      if (last) setTimeout(() => this.onmessage?.({ data: 'hello' }), 1)
    }
    close() {}
  }
  vi.stubGlobal('WebSocket', Socket)
  const log = vi.spyOn(console, 'log').mockReturnValue()
  const running = import('../../examples/02-websocket.ts')
  await vi.waitFor(() => vi.advanceTimersByTimeAsync(20_000).then(() => expect(dials).toBe(3)))
  await running
  await vi.advanceTimersByTimeAsync(10)
  expect(log).toHaveBeenCalledWith('hello')
})

test('03-token.ts calls with a token, and renews it before it ends', async () => {
  vi.useFakeTimers()
  const sent: string[] = []
  vi.stubGlobal('fetch', async (input: RequestInfo | URL, init?: RequestInit) => {
    const { url, headers } = new Request(input, init)
    sent.push(`${url} ${headers.get('authorization')}`)
    return Response.json(url.endsWith('/token') ? { access_token: 'a', expires_in: 100 } : [{ id: 'a' }])
  })
  const log = vi.spyOn(console, 'log').mockReturnValue()
  await import('../../examples/03-token.ts')
  expect(sent).toEqual([
    `https://id.example/token Basic ${btoa('orders:known+to+nobody')}`,
    'https://api.example/orders Bearer a',
  ])
  expect(log).toHaveBeenLastCalledWith(1)
  await vi.advanceTimersByTimeAsync(90_000)
  expect(sent).toHaveLength(3)
})
