import { ws } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Cause, ReliableSocket, type SocketOptions } from '../../../src/socket/index.ts'
import { openTransport } from '../../../src/socket/transport.web.ts'
import { type ManualClock, manualClock } from '../../../src/testing/index.ts'

// msw takes the place of the global class, and knows nothing of `ws`.
const link = ws.link('wss://mock.test/*')
type Connection = Parameters<Parameters<typeof link.addEventListener>[1]>[0]

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterAll(() => server.close())

let clock: ManualClock
beforeEach(() => {
  clock = manualClock()
})
afterEach(() => {
  server.resetHandlers()
  expect(clock.pending, 'timers that nobody owns').toBe(0)
})

/** What the server does with its first, second, … connection; the last goes for all that follow. */
function serve(...does: ((connection: Connection, index: number) => unknown)[]): Connection[] {
  const seen: Connection[] = []
  const handler = link.addEventListener('connection', (connection) => {
    const index = seen.push(connection) - 1
    return does[Math.min(index, does.length - 1)]?.(connection, index)
  })
  server.use(handler)
  return seen
}

function dial(options: Partial<SocketOptions> = {}): { readonly socket: ReliableSocket; readonly log: string[] } {
  const runtime = { clock, random: () => 0.5 }
  const socket = new ReliableSocket('wss://mock.test/feed', [], { transport: openTransport, runtime, ...options })
  const log: string[] = []
  socket.onopen = ({ attempt }) => log.push(`open ${attempt}`)
  socket.onmessage = ({ data }) => log.push(`message ${data}`)
  socket.onerror = () => log.push('error')
  socket.onclose = ({ code, cause, willReconnect }) =>
    log.push(`close ${code} ${cause}${willReconnect ? '' : ', for good'}`)
  socket.onreconnecting = ({ delayMs }) => log.push(`in ${delayMs}`)
  return { socket, log }
}

/** Lets the mock, which answers in turns of the event loop, come to an end; time does not move. */
async function calm(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await clock.advance(0)
}

async function pass(ms: number): Promise<void> {
  await clock.advance(ms)
  await calm()
}

async function end(socket: ReliableSocket): Promise<void> {
  const ended = socket[Symbol.asyncDispose]()
  await calm()
  await ended
}

const idle = () => {}
const closeWith =
  (code?: number, reason?: string) =>
  ({ client }: Connection) =>
    // The mock opens when this has returned.
    void setImmediate(() => client.close(code, reason))

describe("against msw's mock of the global class", () => {
  it('is mocked: nothing of this goes over a network', async () => {
    const seen = serve(({ client }) => client.addEventListener('message', ({ data }) => client.send(`re: ${data}`)))
    const { socket, log } = dial()
    socket.send('queued')
    await calm()
    expect(log).toEqual(['open 1', 'message re: queued'])
    expect(seen).toHaveLength(1)
    await end(socket)
    expect(log.at(-1)).toBe('close 1000 drop, for good')
  })

  it.each<[number, Cause, number]>([
    [1000, 'drop', 2_500],
    [1001, 'drop', 2_500],
    [1011, 'drop', 2_500],
    [1012, 'restart', 5_000],
    [1013, 'overload', 15_000],
    [3000, 'auth', 2_500],
    [4401, 'auth', 2_500],
    [4429, 'overload', 15_000],
    [4503, 'overload', 15_000],
  ])('comes back after %i (%s), half way through the window', async (code, cause, delayMs) => {
    const seen = serve(closeWith(code), idle)
    const { socket, log } = dial()
    await calm()
    expect(log).toEqual(['open 1', `close ${code} ${cause}`, `in ${delayMs}`])
    await pass(delayMs - 1)
    expect(seen).toHaveLength(1)
    await pass(1)
    expect(log.at(-1)).toBe('open 2')
    await end(socket)
  })

  it.each([1002, 1003, 1007, 1008, 1009, 3003, 4000, 4001, 4403, 4999])('is over after %i', async (code) => {
    const seen = serve(closeWith(code))
    const { socket, log } = dial()
    await calm()
    expect(log).toEqual(['open 1', `close ${code} fatal, for good`])
    expect(socket.readyState).toBe(3)
    await pass(3_600_000)
    expect(seen).toHaveLength(1)
  })

  it('heeds a hint in the close reason', async () => {
    serve(closeWith(1012, '{"afterMs":20000,"withinMs":4000}'), idle)
    const { socket, log } = dial()
    await calm()
    expect(log.at(-1)).toBe('in 22000')
    await pass(22_000)
    expect(log.at(-1)).toBe('open 2')
    await end(socket)
  })

  it('dials ever more slowly a server that accepts and closes at once', async () => {
    const seen = serve(closeWith(1011))
    const { socket, log } = dial()
    await calm()
    for (let second = 0; second < 600; second++) await pass(1_000)
    const waits = log.filter((line) => line.startsWith('in ')).map((line) => Number(line.slice(3)))
    expect(waits.slice(0, 6)).toEqual([2_500, 3_750, 5_625, 8_437.5, 12_656.25, 18_984.375])
    expect(waits.slice(7, 12)).toEqual(Array(5).fill(30_000))
    expect(seen.length).toBeLessThan(30)
    await end(socket)
  })

  it('tells a dial that fails with error and close, and dials again', async () => {
    // What a handler throws makes a dial of 1011 that never opened; msw tells it on the console, too.
    const told = vi.spyOn(console, 'error').mockImplementation(() => {})
    const refuse = () => {
      throw new Error('no upgrade')
    }
    const seen = serve(refuse, refuse, idle)
    const { socket, log } = dial()
    await calm()
    await pass(2_500)
    await pass(3_750)
    expect(log).toEqual(['error', 'close 1011 refused', 'in 2500', 'error', 'close 1011 refused', 'in 3750', 'open 3'])
    expect(seen).toHaveLength(3)
    expect(told).toHaveBeenCalled()
    told.mockRestore()
    await end(socket)
  })

  it('keeps what was sent in between, in order', async () => {
    const texts: unknown[] = []
    const listen = ({ client }: Connection, index: number) =>
      client.addEventListener('message', ({ data }) => texts.push(`${index} ${data}`))
    const seen = serve(listen)
    const { socket } = dial()
    socket.send('a')
    await calm()
    seen[0]?.client.close(1012)
    await calm()
    socket.send('b')
    socket.send('c')
    await pass(5_000)
    expect(texts).toEqual(['0 a', '1 b', '1 c'])
    await end(socket)
  })

  it('finds a server that went silent by a heartbeat, and closes at once', async () => {
    const seen = serve(idle)
    const { socket, log } = dial({ heartbeat: { intervalMs: 30_000, timeoutMs: 10_000, message: 'beat' } })
    await calm()
    await pass(15_000)
    await pass(30_000)
    await pass(9_999)
    expect(log).toEqual(['open 1'])
    await pass(1)
    expect(log).toEqual(['open 1', 'error', 'close 1006 drop', 'in 2500'])
    await pass(2_500)
    expect(seen).toHaveLength(2)
    await end(socket)
  })

  it('refuses a message that is larger than it takes, for good', async () => {
    serve(({ client }) => void setImmediate(() => client.send('x'.repeat(1_001))))
    const { socket, log } = dial({ maxPayload: 1_000 })
    await calm()
    expect(log).toEqual(['open 1', 'error', 'close 1006 fatal, for good'])
    expect(socket.readyState).toBe(3)
  })

  it('is with { reconnect: false } what the mocked class is', async () => {
    serve(closeWith(1012, 'gone'))
    const { socket, log } = dial({ reconnect: false })
    const platform = new WebSocket('wss://mock.test/feed')
    const codes: unknown[] = []
    platform.onclose = ({ code, reason, wasClean }) => codes.push([code, reason, wasClean])
    socket.addEventListener('close', ({ code, reason, wasClean }) => codes.push([code, reason, wasClean]))
    await calm()
    expect(log).toEqual(['open 1', 'close 1012 restart, for good'])
    expect(codes).toEqual([
      [1012, 'gone', true],
      [1012, 'gone', true],
    ])
  })
})
