import { describe, expect, it } from 'vitest'
import { ReliableSocket } from '../../../src/socket/index.ts'
import { type Make, next, odd, plainOf, type Setup } from './setup.ts'

const accessors = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType']
const handlers = ['onopen', 'onmessage', 'onerror', 'onclose']

/** What can be seen of a WebSocket without any traffic, the same of the platform's and of ours. */
export function surface(setup: Setup): void {
  const classes: [string, typeof WebSocket, Make][] = [
    ["the platform's", WebSocket, (url, protocols) => new WebSocket(url, protocols)],
    ['ours', ReliableSocket as unknown as typeof WebSocket, plainOf(setup)],
  ]

  describe.each(classes)('the class, %s', (name, Class) => {
    it.each([
      ['CONNECTING', 0],
      ['OPEN', 1],
      ['CLOSING', 2],
      ['CLOSED', 3],
    ])('has %s as a constant of the class and of the prototype', (constant, value) => {
      const descriptor = { value, writable: false, enumerable: true, configurable: false }
      expect(Object.getOwnPropertyDescriptor(Class, constant)).toEqual(descriptor)
      expect(Object.getOwnPropertyDescriptor(Class.prototype, constant)).toEqual(descriptor)
    })

    it('stands below EventTarget, wants one argument and new', () => {
      expect(Object.getPrototypeOf(Class)).toBe(EventTarget)
      expect(Object.getPrototypeOf(Class.prototype)).toBe(EventTarget.prototype)
      expect(Class.length).toBe(1)
      expect(() => (Class as unknown as (url: string) => void)('ws://127.0.0.1/')).toThrow(TypeError)
      expect(() => new (Class as unknown as new () => WebSocket)()).toThrow(TypeError)
    })

    it('says that it is a WebSocket', () => {
      expect(Object.prototype.toString.call(Class.prototype)).toBe('[object WebSocket]')
    })

    it.each([...accessors, ...handlers])('has %s as an accessor of the prototype that a loop sees', (member) => {
      const found = Object.getOwnPropertyDescriptor(Class.prototype, member)
      expect(found).toMatchObject({ enumerable: true, configurable: true, get: expect.any(Function) })
      const isSettable = member === 'binaryType' || handlers.includes(member)
      expect(found?.set !== undefined).toBe(isSettable)
    })

    it.each([
      ['send', 1],
      ['close', 0],
    ])('has %s as a method with its number of arguments', (member, length) => {
      const found = Object.getOwnPropertyDescriptor(Class.prototype, member)
      expect(found).toMatchObject({ enumerable: true, configurable: true, writable: true })
      expect(found?.value).toHaveLength(length)
    })

    it.each(accessors)('gives %s of its own instances only', (member) => {
      const found = Object.getOwnPropertyDescriptor(Class.prototype, member)
      expect(() => found?.get?.call(new EventTarget()), name).toThrow(TypeError)
    })
  })

  describe.each(classes)('the constructor, %s', (name, _class, make) => {
    const refused = (url: string, protocols?: string | string[]): unknown => {
      try {
        make(url, protocols)
        return undefined
      } catch (error) {
        return error
      }
    }

    it.each([
      'http://[',
      'ftp://127.0.0.1/',
      'mailto:a@b',
      'ws://127.0.0.1/#',
      'wss://127.0.0.1/#a',
      'ws://127.0.0.1:99999/',
    ])('throws a SyntaxError for %s', (url) => {
      const error = refused(url)
      expect(error).toBeInstanceOf(DOMException)
      expect(error).toMatchObject({ name: 'SyntaxError', code: 12 })
    })

    it.each(['', ' ', 'a b', 'a,b', 'é', '"', 'a/b', 'a:b', '\u007f', '{}', '\n'])(
      'throws a SyntaxError for the subprotocol %j',
      (protocol) => {
        const url = 'ws://127.0.0.1:1/'
        expect(refused(url, protocol)).toMatchObject({ name: 'SyntaxError', code: 12 })
        expect(refused(url, ['fine', protocol])).toMatchObject({ name: 'SyntaxError', code: 12 })
      },
    )

    it('throws a SyntaxError for a subprotocol that is there twice', () => {
      expect(refused('ws://127.0.0.1:1/', ['a', 'b', 'a'])).toMatchObject({ name: 'SyntaxError', code: 12 })
      // Chromium lets this pass, against the standard's own tests.
      if (odd(setup, name, 'case-sensitive-protocols')) return
      expect(refused('ws://127.0.0.1:1/', ['chat', 'Chat'])).toMatchObject({ name: 'SyntaxError', code: 12 })
    })

    it('takes http for ws, a URL object, and what converts to text', async () => {
      const { host } = new URL(setup.origin())
      const given: [string | URL, string][] = [
        [`http://${host}/echo`, `ws://${host}/echo`],
        [new URL(`http://${host}/echo`), `ws://${host}/echo`],
        [`  WS://${host}/echo?a b `, `ws://${host}/echo?a%20b`],
        [`ws://${host}`, `ws://${host}/`],
        [{ toString: () => `ws://${host}/echo` } as string, `ws://${host}/echo`],
      ]
      for (const [url, href] of given) {
        const socket = make(url)
        expect(socket.url).toBe(href)
        const closed = next(socket, 'close')
        socket.onerror = () => {}
        socket.close()
        await closed
      }
      const secure = make('https://127.0.0.1:1/')
      expect(secure.url).toBe('wss://127.0.0.1:1/')
      const closed = next(secure, 'close')
      secure.close()
      await closed
    })

    it('has a socket that connects', async () => {
      const socket = make(`${setup.origin()}/echo`, [])
      const { readyState, bufferedAmount, extensions, protocol, binaryType } = socket
      expect({ readyState, bufferedAmount, extensions, protocol, binaryType }).toEqual({
        readyState: 0,
        bufferedAmount: 0,
        extensions: '',
        protocol: '',
        binaryType: 'blob',
      })
      for (const handler of handlers) expect((socket as unknown as Record<string, unknown>)[handler]).toBeNull()
      const closed = next(socket, 'close')
      socket.close()
      await closed
    })

    it('takes any value for a subprotocol that is a name as text', async () => {
      const socket = make(`${setup.origin()}/echo`, null as unknown as string)
      await next(socket, 'close')
      // The server takes none but `chat`, and a client that offered some fails without one.
      expect(socket.readyState).toBe(3)
    })
  })

  describe.each(classes)('the arguments of close, %s', (name, _class, make) => {
    /** Over one connection for all that must throw: a browser is slow to dial after many dials that became nothing. */
    const thrownBy = async (...lists: unknown[][]): Promise<unknown[]> => {
      const socket = make(`${setup.origin()}/echo`)
      await next(socket, 'open')
      const found = lists.map((given) => {
        try {
          ;(socket.close as (...given: unknown[]) => void)(...given)
          return 'nothing'
        } catch (error) {
          return error instanceof DOMException && socket.readyState === 1 ? error.name : error
        }
      })
      const closed = next(socket, 'close')
      socket.close()
      await closed
      return found
    }

    it('throw an InvalidAccessError for a code that only servers and networks may use, or that is none', async () => {
      const codes = [0, 1, 999, 1001, 1004, 1005, 1006, 1011, 1015, 2999, 5000, 65_535, 66_536, -1]
      const others = [Number.NaN, null, '', 'x', {}]
      const found = await thrownBy(...[...codes, ...others].map((code) => [code]))
      expect(found).toEqual(found.map(() => 'InvalidAccessError'))
    })

    it('throw a SyntaxError for a reason of more than 123 bytes of UTF-8', async () => {
      const reasons = ['a'.repeat(124), `${'€'.repeat(41)}a`, '\ud800'.repeat(42), '😀'.repeat(31)]
      const found = await thrownBy(...reasons.map((reason) => [1000, reason]))
      expect(found).toEqual(found.map(() => 'SyntaxError'))
      if (odd(setup, name, 'reason-wants-code')) return
      expect(await thrownBy([undefined, 'a'.repeat(124)])).toEqual(['SyntaxError'])
    })

    it.each<[unknown, unknown, string]>([
      [1000, 'a'.repeat(123), `1000 ${'a'.repeat(123)}`],
      [3000, '€'.repeat(41), `3000 ${'€'.repeat(41)}`],
      [4999, '\ud800'.repeat(41), `4999 ${'\ufffd'.repeat(41)}`],
      ['3000', '😀'.repeat(30), `3000 ${'😀'.repeat(30)}`],
      [4000, null, '4000 null'],
      [4000, 42, '4000 42'],
      [4000, undefined, '4000 '],
    ])('are fine when they are %j and %j', async (code, reason, end) => {
      const socket = make(`${setup.origin()}/echo`)
      await next(socket, 'open')
      const closed = next(socket, 'close')
      socket.close(code as number, reason as string)
      const event = await closed
      expect(`${event.code} ${event.reason}`).toBe(end)
    })
  })
}
