import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { DialRequest, OpenTransport, Transport, TransportListener } from '../../src/socket/index.ts'

const files = ['01-api.ts', '02-websocket.ts', '03-token.ts']

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.useRealTimers()
  vi.doUnmock('../../src/socket/transport.node.ts')
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

test('02-websocket.ts dials until it is let in, comes back, and sends what waited', async () => {
  vi.useFakeTimers()
  const dials: { readonly sent: unknown[]; readonly listener: TransportListener }[] = []
  const open: OpenTransport = Object.assign(
    (_request: DialRequest, listener: TransportListener): Transport => {
      const sent: unknown[] = []
      dials.push({ sent, listener })
      const nothing = () => {}
      const look = { bufferedAmount: 0, protocol: '', extensions: '', binaryType: 'blob', leaving: false } as const
      return { ...look, send: (data) => sent.push(data), close: nothing, terminate: nothing }
    },
    { seesTransport: true, platformEvents: false },
  )
  // The example before this one may have loaded the real one.
  vi.resetModules()
  vi.doMock('../../src/socket/transport.node.ts', async (original) => ({
    ...(await original<object>()),
    openTransport: open,
  }))
  const told = (['log', 'warn', 'info'] as const).map((name) => vi.spyOn(console, name).mockReturnValue())
  const [log, warn, info] = told
  const running = import('../../examples/02-websocket.ts')

  await vi.waitFor(() => expect(dials.length).toBe(1))
  dials[0]!.listener.closed(1006, '', false, { failed: true })
  expect(warn).toHaveBeenLastCalledWith('lost (1006)')
  expect(info).toHaveBeenCalledWith(expect.stringMatching(/^refused: dials in \d+ ms$/))
  await vi.advanceTimersByTimeAsync(5_000)
  expect(dials.length).toBe(2)
  dials[1]!.listener.opened()
  await running
  expect(dials[1]!.sent).toEqual(['subscribe prices', 'order 7'])
  dials[1]!.listener.received('hello')
  expect(log).toHaveBeenCalledWith('hello')

  dials[1]!.listener.closed(1012, '', true, { failed: false })
  expect(info).toHaveBeenLastCalledWith(expect.stringMatching(/^restart: /))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(dials.length).toBe(3)
  dials[2]!.listener.opened()
  expect(dials[2]!.sent).toEqual(['subscribe prices'])
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
