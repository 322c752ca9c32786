import { describe, expect, inject, it } from 'vitest'
import {
  type OpenTransport,
  ReliableSocket,
  type SocketReconnectingEvent,
  type Transport,
} from '../../src/socket/index.ts'
import { refusals } from '../../src/socket/refusals.ts'
import { behaviour } from '../socket/conformance/behaviour.ts'

const origin = inject('socketOrigin')

/** The page's own `error` event, which vitest leaves alone while somebody listens. */
async function reported(run: () => Promise<unknown>): Promise<unknown[]> {
  const errors: unknown[] = []
  const listener = (event: ErrorEvent) => {
    event.preventDefault()
    errors.push(event.error)
  }
  window.addEventListener('error', listener)
  try {
    await run()
  } finally {
    window.removeEventListener('error', listener)
  }
  return errors
}

behaviour({ origin: () => origin, quirks: ['case-sensitive-protocols', 'reason-wants-code'], reported })

describe('a refused upgrade, which a browser does not show', () => {
  /** How long a socket waits at least after a 503 that names a time. */
  async function waits(more: Partial<OpenTransport>): Promise<SocketReconnectingEvent> {
    const open: OpenTransport = Object.assign(
      (...[, listener]: Parameters<OpenTransport>): Transport => {
        const header = (name: string) => (name === 'retry-after' ? '7' : undefined)
        queueMicrotask(() => listener.closed(1006, '', false, { failed: true, refusal: { status: 503, header } }))
        return {
          bufferedAmount: 0,
          protocol: '',
          extensions: '',
          binaryType: 'blob',
          send() {},
          close() {},
          terminate() {},
        }
      },
      { seesTransport: true, platformEvents: true, ...more },
    )
    const socket = new ReliableSocket('ws://server.test/', [], { transport: open, runtime: { random: () => 0 } })
    const event = await new Promise<SocketReconnectingEvent>((resolve) => {
      socket.addEventListener('reconnecting', resolve)
    })
    socket.close()
    return event
  }

  it('is known by its status to a page, and by its headers where a transport brings who reads them', async () => {
    expect(await waits({})).toMatchObject({ cause: 'overload', delayMs: 0 })
    expect(await waits({ refusals })).toMatchObject({ cause: 'overload', delayMs: 7_000 })
  })
})
