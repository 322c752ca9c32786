import { expect, it } from 'vitest'
import {
  type Cause,
  type OpenTransport,
  ReliableSocket,
  type SocketCloseEvent,
  type SocketOptions,
  type TransportListener,
} from '../../../src/socket/index.ts'
import { manualClock } from '../../../src/testing/index.ts'

const all = Array.from({ length: 4_000 }, (_, index) => 1_000 + index)

/** What src/socket/classify.ts says of a code, in words of this test's own. */
function causeOf(code: number): Cause {
  if (code === 1012) return 'restart'
  if ([1013, 4429, 4503].includes(code)) return 'overload'
  if ([3000, 4401].includes(code)) return 'auth'
  if ([1002, 1003, 1007, 1008, 1009, 1010, 3003].includes(code)) return 'fatal'
  if (code < 4000 || [4408, 4425].includes(code) || (code >= 4500 && code <= 4599)) return 'drop'
  return 'fatal'
}

/** Half of the first window, in ms. */
const waitMs: Partial<Record<Cause, number>> = { drop: 2_500, auth: 2_500, restart: 5_000, overload: 15_000 }

/** One connection that opens, and ends like this. */
async function endWith(code: number, options: Partial<SocketOptions>, fault?: number) {
  const clock = manualClock()
  const listeners: TransportListener[] = []
  const open: OpenTransport = Object.assign(
    (_request: unknown, listener: TransportListener) => {
      listeners.push(listener)
      return {
        bufferedAmount: 0,
        protocol: '',
        extensions: '',
        binaryType: 'blob' as const,
        send() {},
        close() {},
        terminate() {},
      }
    },
    { seesTransport: true, platformEvents: false },
  )
  const runtime = { clock, random: () => 0.5 }
  const socket = new ReliableSocket('ws://server.test/', [], { transport: open, runtime, ...options })
  const events: string[] = []
  let closed: SocketCloseEvent | undefined
  socket.onerror = () => events.push('error')
  socket.onclose = (event) => {
    events.push('close')
    closed ??= event
  }
  await clock.advance(0)
  listeners[0]?.connected()
  listeners[0]?.opened()
  listeners[0]?.closed(code, 'why', code !== 1006, { failed: fault !== undefined, fault })
  const health = socket.health()
  return { socket, clock, events, health, closed: closed as SocketCloseEvent, dials: listeners }
}

it('every close code from 1000 to 4999 ends in the state that the table names, and leaves one timer or none', async () => {
  for (const code of all) {
    const { socket, clock, events, health, closed, dials } = await endWith(code, {})
    const cause = causeOf(code)
    const willReconnect = cause !== 'fatal'
    const { reason, wasClean } = closed
    expect({ code: closed.code, cause: closed.cause, willReconnect: closed.willReconnect, reason, wasClean }).toEqual({
      code,
      cause,
      willReconnect,
      reason: 'why',
      wasClean: code !== 1006,
    })
    expect(events, String(code)).toEqual(['close'])
    expect([health.state, health.dueInMs], String(code)).toEqual([
      willReconnect ? 'waiting' : 'closed',
      waitMs[cause] ?? null,
    ])
    expect(clock.pending, String(code)).toBe(willReconnect ? 1 : 0)
    if (willReconnect) {
      await clock.advance(waitMs[cause] ?? 0)
      expect(dials, String(code)).toHaveLength(2)
    }
    socket.close()
    await clock.advance(0)
    expect([socket.state, clock.pending], String(code)).toEqual(['closed', 0])
  }
})

it.each([
  ['reconnect: false', { reconnect: false }],
  ['maxAttempts: 0', { maxAttempts: 0 }],
])('with { %s } every one of them is the end', async (_name, options) => {
  for (const code of all) {
    const { socket, clock, closed } = await endWith(code, options)
    expect(closed, String(code)).toMatchObject({ code, cause: causeOf(code), willReconnect: false })
    expect([socket.readyState, clock.pending], String(code)).toEqual([3, 0])
  }
})

it.each([1002, 1007, 1008, 1009])('a server that broke the protocol (%i) is not dialed again', async (fault) => {
  const { socket, clock, closed, events } = await endWith(1006, {}, fault)
  expect(closed).toMatchObject({ code: 1006, cause: 'fatal', willReconnect: false })
  expect(events).toEqual(['error', 'close'])
  expect([socket.readyState, clock.pending]).toEqual([3, 0])
})
