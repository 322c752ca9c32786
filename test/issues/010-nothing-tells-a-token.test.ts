import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { attemptsOf, createClient } from '../../src/index.ts'
import { clientCredentials, createTokenSource, refreshToken } from '../../src/refresh/index.ts'
import type { DialRequest, OpenTransport, Transport, TransportListener } from '../../src/socket/transport.ts'
import { world } from '../support/world.ts'

const consoleMethods = ['log', 'info', 'warn', 'error', 'debug'] as const
const printed: unknown[] = []

beforeEach(() => {
  printed.length = 0
  for (const method of consoleMethods) vi.spyOn(console, method).mockImplementation((...all) => void printed.push(all))
})
afterEach(() => void vi.restoreAllMocks())

it.each(['clientCredentials', 'refreshToken'])(
  'over a busy day with %s no event, error, figure or inspection holds a secret',
  async (grant) => {
    const at = world()
    const { clock, random } = at
    const told: unknown[] = []
    const onEvent = (event: unknown) => void told.push(event)
    const about = { tokenUrl: 'https://id.test/token?key=sesame-query', clientId: 'app', clientSecret: 'sesame-secret' }
    const fetchToken =
      grant === 'refreshToken' ? refreshToken({ ...about, refreshToken: 'sesame-seed' }) : clientCredentials(about)
    const token = createTokenSource({ fetchToken, runtime: at })
    let requests = 0
    let issued = 0
    const send = async (input: RequestInfo | URL, init?: RequestInit) => {
      requests++
      const { url } = new Request(input, { ...init, signal: null })
      await clock.sleep(random() * 300, init?.signal ?? undefined)
      const luck = random()
      if (url.startsWith('https://id.test')) {
        const words = {
          access_token: `sesame-access-${issued++}`,
          refresh_token: `sesame-refresh-${issued}`,
          expires_in: 60,
        }
        // What is not known to have failed ends an exclusive session.
        if (grant === 'refreshToken')
          return luck < 0.5 ? new Response('sesame-busy', { status: 429 }) : Response.json(words)
        if (luck < 0.2)
          return Response.json({ error: 'sesame-refused', error_description: 'sesame-description' }, { status: 400 })
        if (luck < 0.3) throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
        if (luck < 0.4) return new Response('<html>sesame-page', { status: 500, headers: { 'retry-after': '1' } })
        if (luck < 0.5) return Response.json({ access_token: 'sesame broken' })
        return Response.json(words)
      }
      if (luck < 0.2) return new Response('sesame-body', { status: 401 })
      if (luck < 0.3) throw new TypeError('fetch failed')
      if (luck < 0.4) return new Response(null, { status: 503 })
      return new Response('ok')
    }
    const dials: TransportListener[] = []
    let dialed = 0
    const open = (_request: DialRequest, listener: TransportListener): Transport => {
      dialed++
      dials.push(listener)
      return {
        bufferedAmount: 0,
        protocol: '',
        extensions: '',
        binaryType: 'blob',
        send: () => {},
        close: () => {},
        terminate: () => {},
      }
    }
    const transport: OpenTransport = Object.assign(open, { seesTransport: true, platformEvents: false })
    const options = { hedge: true, singleFlight: true, throttle: true, fetch: send as typeof fetch, token }
    const client = createClient({ ...options, onEvent, runtime: { clock, random } })
    const sockets = Array.from({ length: 5 }, () => client.socket('wss://api.test/feed', [], { transport }))
    const seen: unknown[] = []
    for (const socket of sockets) {
      for (const type of ['open', 'error', 'close', 'reconnecting', 'suspended'] as const) {
        socket.addEventListener(type, (event) => seen.push(event))
      }
    }
    const listen = (outcome: unknown) => seen.push(outcome, attemptsOf(outcome), String((outcome as Error).stack))
    for (let second = 0; second < 600; second++) {
      for (let i = 0; i < 3; i++) client.fetch(`https://api.test/${i}`).then(listen, listen)
      if (second % 50 === 0) {
        for (const listener of dials.splice(0)) {
          const refusal = { status: 401, header: () => undefined }
          if (random() < 0.5) listener.closed(4401, '', true, { failed: false })
          else listener.closed(1006, '', false, { failed: true, refusal })
        }
      }
      await clock.advance(1_000)
      if (second % 100 === 0) seen.push(client.health())
    }
    seen.push(await Promise.race([client.close(), clock.advance(60_000)]))
    expect([issued > 3, requests > 1_000, told.length > 1_000, dialed >= 5]).toEqual([true, true, true, true])
    const everything = inspect([told, at.events, seen, printed, client, token, sockets], {
      depth: 12,
      showHidden: true,
      maxArrayLength: null,
      maxStringLength: null,
      getters: true,
    })
    for (const part of [
      'token.refreshed',
      'token.failed',
      'token.rejected',
      'TokenError',
      'socket.closed',
      'willReconnect',
    ]) {
      expect(everything).toContain(part)
    }
    expect(everything.match(/sesame[\w -]{0,20}/g)).toBeNull()
    await token.close()
  },
)
