import { describe, expect, it } from 'vitest'
import type { ReliableSocket, SocketCloseEvent } from '../../../src/socket/index.ts'
import { messages, next, reconnectingOf, type Setup } from './setup.ts'
import { newId, visitsOf } from './visits.ts'

type Url = Exclude<ConstructorParameters<typeof ReliableSocket>[0], string | URL>
type Protocols = Exclude<ConstructorParameters<typeof ReliableSocket>[1], undefined | string | readonly string[]>

/** Functions that are asked for an address before every dial, whatever they do. */
export function providers(setup: Setup): void {
  const make = reconnectingOf(setup)
  const at = (path: string) => `${setup.origin()}/${path}`
  const fails = async (socket: ReliableSocket): Promise<SocketCloseEvent> => {
    const error = next(socket, 'error')
    const close = next(socket, 'close')
    await error
    return (await close) as SocketCloseEvent
  }

  it('are asked before every dial, and told which it is', async () => {
    const id = newId()
    const asked: string[] = []
    const socket = make(
      ({ attempt, signal, token }) => {
        asked.push(`url ${attempt} ${signal.aborted} ${token}`)
        return new URL(at(`echo?id=${id}&ticket=${asked.length}`))
      },
      async ({ attempt }) => {
        asked.push(`protocols ${attempt}`)
        return attempt === 1 ? ['chat', 'first'] : 'chat'
      },
    )
    expect(socket.url).toBe('')
    await next(socket, 'open')
    expect(socket.url).toBe(at(`echo?id=${id}&ticket=1`))
    expect(socket.protocol).toBe('chat')
    socket.send('!drop')
    await next(socket, 'open')
    expect(socket.url).toBe(at(`echo?id=${id}&ticket=3`))
    expect(asked).toEqual(['url 1 false undefined', 'protocols 1', 'url 2 false undefined', 'protocols 2'])
    expect(await visitsOf(setup.origin(), id)).toMatchObject([
      { url: `/echo?id=${id}&ticket=1`, protocols: expect.stringMatching(/^chat, ?first$/) },
      { url: `/echo?id=${id}&ticket=3`, protocols: 'chat' },
    ])
    await socket[Symbol.asyncDispose]()
  })

  const bad: [string, Url][] = [
    ['rejects', () => Promise.reject(new Error('no ticket'))],
    ['rejects with nothing', () => Promise.reject()],
    [
      'throws',
      () => {
        throw new Error('no ticket')
      },
    ],
    ['gives a URL of another scheme', () => 'ftp://127.0.0.1/'],
    ['gives what is no URL', () => 'http://['],
    ['gives a fragment', () => `${at('echo')}#part`],
    ['gives an object without text', () => Object.create(null) as string],
    ['gives a symbol', () => Symbol('url') as unknown as string],
  ]
  const badProtocols: [string, Protocols][] = [
    ['rejects', () => Promise.reject(new Error('no names'))],
    [
      'throws',
      () => {
        throw new Error('no names')
      },
    ],
    ['gives a name that is none', () => 'a b'],
    ['gives a name twice', async () => ['a', 'a']],
    ['gives numbers in an object', () => ({ 0: 'a' }) as unknown as string[]],
  ]
  const cases: [string, string, Url, Protocols][] = [
    ...bad.map(([what, url]): [string, string, Url, Protocols] => ['a URL', what, url, () => []]),
    ...badProtocols.map(([what, names]): [string, string, Url, Protocols] => [
      'subprotocols',
      what,
      () => at('echo'),
      names,
    ]),
  ]

  it.each(cases)('of %s that %s makes a failed dial, and is asked again', async (_of, _what, url, protocols) => {
    const id = newId()
    let asked = 0
    const socket = make(
      (context) => (asked++ === 0 ? url(context) : at(`echo?id=${id}`)),
      (context) => (asked === 1 ? protocols(context) : []),
    )
    const opened = next(socket, 'open')
    expect(await fails(socket)).toMatchObject({ code: 1006, wasClean: false, cause: 'refused', willReconnect: true })
    expect(await opened).toMatchObject({ attempt: 2 })
    const back = messages(socket, 1)
    socket.send('works')
    expect(await back).toEqual(['works'])
    expect(await visitsOf(setup.origin(), id)).toHaveLength(1)
    await socket[Symbol.asyncDispose]()
  })

  it.each(['url', 'protocols'])('that hang (%s) are cut by the patience, with their signal', async (which) => {
    const signals: AbortSignal[] = []
    const hang = ({ signal }: { readonly signal: AbortSignal }): Promise<never> => {
      signals.push(signal)
      return new Promise(() => {})
    }
    const socket = make(
      (context) => (which === 'url' && signals.length === 0 ? hang(context) : at('echo')),
      (context) => (which === 'protocols' && signals.length === 0 ? hang(context) : []),
      { patienceMs: 60 },
    )
    const opened = next(socket, 'open')
    expect(await fails(socket)).toMatchObject({ cause: 'timeout', willReconnect: true })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    await opened
    await socket[Symbol.asyncDispose]()
  })

  it('that answer too late dial nothing', async () => {
    const id = newId()
    const late: ((url: string) => void)[] = []
    const socket = make(() => new Promise<string>((resolve) => late.push(resolve)), [], { patienceMs: 30 })
    await next(socket, 'close')
    for (const resolve of late.splice(0)) resolve(at(`echo?id=${id}`))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await visitsOf(setup.origin(), id)).toEqual([])
    await socket[Symbol.asyncDispose]()
  })

  describe('with { reconnect: false }', () => {
    it.each(cases)('of %s that %s end it, with error and close', async (_of, _what, url, protocols) => {
      const socket = make(url, protocols, { reconnect: false })
      expect(await fails(socket)).toMatchObject({ code: 1006, wasClean: false, willReconnect: false })
      expect(socket.readyState).toBe(3)
    })
  })
}
