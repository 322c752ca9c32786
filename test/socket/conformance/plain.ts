import { describe, expect, it } from 'vitest'
import { bytes, logOf, type Make, messages, next, odd, plainOf, type Setup } from './setup.ts'
import { newId, visitsOf } from './visits.ts'

const mebibyte = 1_048_576

/** A connection from its beginning to its end, the same of the platform's socket and of ours. */
export function plain(setup: Setup): void {
  const sockets: [string, Make][] = [
    ["the platform's", (url, protocols) => new WebSocket(url, protocols)],
    ['ours', plainOf(setup)],
  ]
  const at = (path: string) => `${setup.origin()}/${path}`

  describe.each(sockets)('a connection, %s', (name, make) => {
    const opened = async (path = 'echo', protocols?: string[]): Promise<WebSocket> => {
      const socket = make(at(path), protocols)
      await next(socket, 'open')
      return socket
    }
    const closed = async (socket: WebSocket, order?: string): Promise<CloseEvent> => {
      const event = next(socket, 'close')
      if (order === undefined) socket.close()
      else socket.send(order)
      return event
    }

    it('tells its life in order, with the state that it is in', async () => {
      const socket = make(at('echo'))
      const log = logOf(socket)
      await next(socket, 'open')
      socket.send('a')
      await next(socket, 'message')
      await closed(socket, '!close 4321 b€e')
      expect(log).toEqual(['open in 1', 'message a in 1', "close 4321 'b€e' clean in 3"])
    })

    it('gives events as the platform makes them', async () => {
      const socket = make(at('echo'))
      const open = await next(socket, 'open')
      const came = next(socket, 'message')
      socket.send('a')
      const message = await came
      const close = await closed(socket)
      for (const event of [open, message, close]) {
        expect(event).toMatchObject({ target: socket, bubbles: false, cancelable: false })
      }
      expect(message).toBeInstanceOf(MessageEvent)
      expect(message).toMatchObject({ data: 'a', origin: setup.origin(), lastEventId: '', source: null })
      expect(message.ports).toEqual([])
      expect(close).toBeInstanceOf(CloseEvent)
      expect(close).toMatchObject({ code: 1005, reason: '', wasClean: true })
    })

    it.each([
      ['!close', "close 1005 '' clean in 3"],
      ['!close 1000', "close 1000 '' clean in 3"],
      ['!close 1001 away', "close 1001 'away' clean in 3"],
      ['!close 1011', "close 1011 '' clean in 3"],
      ['!close 4999 bye', "close 4999 'bye' clean in 3"],
    ])('ends as the server says: %s', async (order, end) => {
      const socket = await opened()
      const log = logOf(socket)
      await closed(socket, order)
      expect(log).toEqual([end])
    })

    it('ends with 1006 where TCP ends without a word', async () => {
      const socket = await opened()
      expect(await closed(socket, '!drop')).toMatchObject({ code: 1006, reason: '', wasClean: false })
      expect(socket.readyState).toBe(3)
    })

    it.each<[number | undefined, string | undefined, string]>([
      [undefined, undefined, "close 1005 '' clean in 3"],
      [1000, undefined, "close 1000 '' clean in 3"],
      [4000, 'b€e', "close 4000 'b€e' clean in 3"],
      [undefined, 'bye', "close 1000 'bye' clean in 3"],
      [3000, '', "close 3000 '' clean in 3"],
    ])('is closed by us with %j and %j: asynchronously, and with that', async (code, reason, end) => {
      if (code === undefined && reason && odd(setup, name, 'reason-wants-code')) return
      const socket = await opened()
      const log = logOf(socket)
      const close = next(socket, 'close')
      socket.close(code, reason)
      expect(socket.readyState).toBe(2)
      socket.close(4001, 'too late')
      expect(log).toEqual([])
      await close
      socket.close(4001, 'later still')
      expect(log).toEqual([end])
    })

    it('hears nothing more once it closes', async () => {
      const socket = await opened()
      const log = logOf(socket)
      socket.send('!many 100')
      await next(socket, 'message')
      const close = next(socket, 'close')
      const heard = log.length
      socket.close()
      await close
      expect(log.slice(heard)).toEqual(["close 1005 '' clean in 3"])
    })

    it('can be closed by its open listener', async () => {
      const socket = make(at('echo'))
      const log = logOf(socket)
      socket.addEventListener('open', () => socket.close(4000))
      await next(socket, 'close')
      expect(log).toEqual(['open in 1', "close 4000 '' clean in 3"])
    })

    it('that is closed before it is open fails, and says so later', async () => {
      const socket = make(at('silent'))
      const log = logOf(socket)
      const close = next(socket, 'close')
      socket.close()
      if (!odd(setup, name, 'sync-abort')) expect([socket.readyState, ...log]).toEqual([2])
      await close
      expect(log).toEqual(['error in 3', "close 1006 '' unclean in 3"])
    })

    it('that is closed in the middle of the handshake fails too', async () => {
      const id = newId()
      const socket = make(at(`silent?id=${id}`))
      const log = logOf(socket)
      while ((await visitsOf(setup.origin(), id)).length === 0) {}
      const close = next(socket, 'close')
      socket.close(4000, 'never mind')
      if (!odd(setup, name, 'sync-abort')) expect([socket.readyState, ...log]).toEqual([2])
      await close
      expect(log).toEqual(['error in 3', "close 1006 '' unclean in 3"])
    })

    it.each(['refuse', 'hangup', 'wrong', 'nowhere'])(
      'fails with error and 1006 where the server does this: %s',
      async (path) => {
        const socket = make(at(path), path === 'wrong' ? ['chat'] : undefined)
        const log = logOf(socket)
        await next(socket, 'close')
        expect(log).toEqual(['error in 3', "close 1006 '' unclean in 3"])
      },
    )

    it('shows that it closes while the server has said its last and TCP still stands', async () => {
      const socket = await opened()
      const log = logOf(socket)
      const closing = next(socket, 'close')
      socket.send('!halfclose')
      while (socket.readyState === 1) await new Promise((resolve) => setTimeout(resolve, 1))
      // What is sent now is lost, and counted.
      socket.send('lost')
      expect([socket.readyState, ...log]).toEqual([2])
      if (!odd(setup, name, 'uncounted-after-close')) expect(socket.bufferedAmount).toBeGreaterThanOrEqual(4)
      // It is over when the server of this file is.
      if (odd(setup, name, 'waits-for-tcp')) return
      await closing
      expect(log).toHaveLength(1)
      expect(log[0]).toMatch(/^close 1000 '' (un)?clean in 3$/)
    })
  })

  describe.each(sockets)('what is sent, %s', (name, make) => {
    it('is refused before the socket is open', async () => {
      const socket = make(at('echo'))
      const thrown = (() => {
        try {
          return socket.send('early')
        } catch (error) {
          return error
        }
      })()
      expect(thrown).toBeInstanceOf(DOMException)
      expect(thrown).toMatchObject({ name: 'InvalidStateError', code: 11 })
      expect(socket.bufferedAmount).toBe(0)
      const close = next(socket, 'close')
      socket.close()
      await close
    })

    it('is lost without a word after close, and counted', async () => {
      const socket = make(at('echo'))
      const log = logOf(socket)
      await next(socket, 'open')
      const close = next(socket, 'close')
      socket.close()
      socket.send('é€')
      socket.send(new Uint8Array(10))
      const whileClosing = socket.bufferedAmount
      await close
      socket.send(new Blob(['four']))
      socket.send(new DataView(new ArrayBuffer(16), 4, 8))
      expect(log.filter((line) => line.startsWith('message'))).toEqual([])
      if (odd(setup, name, 'uncounted-after-close')) return
      expect(whileClosing).toBeGreaterThanOrEqual(15)
      expect(socket.bufferedAmount).toBe(whileClosing + 12)
      await new Promise((resolve) => setTimeout(resolve, 1))
      expect(socket.bufferedAmount).toBe(whileClosing + 12)
    })

    it('goes out before the close', async () => {
      const id = newId()
      const socket = make(at(`echo?id=${id}`))
      await next(socket, 'open')
      const close = next(socket, 'close')
      const said = ['a']
      socket.send('a')
      if (!odd(setup, name, 'close-overtakes-blobs')) {
        said.push('<b10b>')
        socket.send(new Blob([new Uint8Array([0xb1, 0x0b])]))
      }
      socket.send(new Uint8Array(mebibyte))
      socket.send('z')
      socket.close()
      await close
      const [visit] = await visitsOf(setup.origin(), id)
      expect(visit?.messages).toEqual([...said, `<${'0'.repeat(64)}>`, 'z'])
    })

    it('comes back as what it was, in order: text, views, buffers, blobs, anything else as text', async () => {
      const socket = make(at('echo'))
      socket.binaryType = 'arraybuffer'
      await next(socket, 'open')
      const backing = new Uint8Array([9, 1, 2, 3, 9])
      const sent: [unknown, unknown][] = [
        ['', ''],
        ['plain', 'plain'],
        ['ünï😀\u0000', 'ünï😀\u0000'],
        ['half \ud83d', 'half \ufffd'],
        [backing.subarray(1, 4), [1, 2, 3]],
        [new Blob([new Uint8Array([4, 5])]), [4, 5]],
        [new DataView(backing.buffer, 2, 2), [2, 3]],
        [backing.buffer, [9, 1, 2, 3, 9]],
        [new Uint16Array([0x0201]), [1, 2]],
        [new ArrayBuffer(0), []],
        [new Blob([]), []],
        [42, '42'],
        [null, 'null'],
        [undefined, 'undefined'],
        [{ toString: () => 'object' }, 'object'],
      ]
      const back = messages(socket, sent.length)
      for (const [data] of sent) socket.send(data as string)
      const found = await Promise.all((await back).map((data) => (typeof data === 'string' ? data : bytes(data))))
      expect(found).toEqual(sent.map(([, expected]) => expected))
      expect(() => socket.send(Symbol('s') as unknown as string)).toThrow(TypeError)
      const close = next(socket, 'close')
      socket.close()
      await close
    })

    it('is what it was at the call, whatever becomes of the buffer', async () => {
      const socket = make(at('echo'))
      socket.binaryType = 'arraybuffer'
      await next(socket, 'open')
      const back = messages(socket, 3)
      const reused = new Uint8Array([1, 1])
      socket.send(reused)
      reused.fill(2)
      // Reading a blob takes time, and what comes behind it waits.
      socket.send(new Blob([new Uint8Array([7])]))
      socket.send(reused)
      reused.fill(3)
      expect(await Promise.all((await back).map(bytes))).toEqual([[1, 1], [7], [2, 2]])
      const close = next(socket, 'close')
      socket.close()
      await close
    })

    it('counts as buffered until it is out', async () => {
      const socket = make(at('echo'))
      await next(socket, 'open')
      const back = messages(socket, 3)
      socket.send('é€')
      socket.send(new Blob(['four']))
      socket.send(new Uint8Array(mebibyte))
      expect(socket.bufferedAmount).toBeGreaterThanOrEqual(mebibyte)
      await back
      expect(socket.bufferedAmount).toBe(0)
      const close = next(socket, 'close')
      socket.close()
      await close
    })
  })

  describe.each(sockets)('what comes in, %s', (name, make) => {
    it('is never lost when it comes with the answer to the handshake', async () => {
      const socket = make(at('packet'))
      const log = logOf(socket)
      await messages(socket, 3)
      expect(log.map((line) => line.replace(/\[object (Blob|ArrayBuffer)\]/, 'binary'))).toEqual([
        'open in 1',
        'message one in 1',
        'message binary in 1',
        'message three in 1',
      ])
      const close = next(socket, 'close')
      socket.close()
      await close
    })

    it('is never lost when even the end comes with it', async () => {
      const socket = make(at('farewell'))
      const log = logOf(socket)
      await next(socket, 'close')
      expect(log).toEqual(['open in 1', 'message one in 1', "close 4000 'bye' clean in 3"])
    })

    it('is put together from fragments, with pings in between', async () => {
      const socket = make(at('echo'))
      await next(socket, 'open')
      const back = messages(socket, 2)
      socket.send('!fragments')
      const [text, binary] = await back
      expect(text).toBe('fragménts')
      expect(await bytes(binary)).toEqual([1, 2, 3])
      const close = next(socket, 'close')
      socket.close()
      await close
    })

    it('is as large as a mebibyte', async () => {
      const socket = make(at('echo'))
      await next(socket, 'open')
      const back = messages(socket, 2)
      const large = new Uint8Array(mebibyte).map((_, index) => index * 7)
      socket.send(large)
      socket.send('é'.repeat(mebibyte / 2))
      const [binary, text] = await back
      const found = new Uint8Array(await (binary as Blob).arrayBuffer())
      expect(found.length).toBe(mebibyte)
      expect(found.every((value, index) => value === large[index])).toBe(true)
      expect(text).toBe('é'.repeat(mebibyte / 2))
      const close = next(socket, 'close')
      socket.close()
      await close
    })

    it('is a Blob or an ArrayBuffer, as binaryType says at that moment', async () => {
      const socket = make(at('echo'))
      expect(socket.binaryType).toBe('blob')
      socket.binaryType = 'arraybuffer'
      if (!odd(setup, name, 'binary-type-reset')) socket.binaryType = 'nonsense' as BinaryType
      expect(socket.binaryType).toBe('arraybuffer')
      await next(socket, 'open')
      const asked = async () => {
        const back = messages(socket, 1)
        socket.send(new Uint8Array([1, 2, 3]))
        return (await back)[0]
      }
      const buffer = await asked()
      expect(buffer).toBeInstanceOf(ArrayBuffer)
      expect(await bytes(buffer)).toEqual([1, 2, 3])
      socket.binaryType = 'blob'
      const blob = await asked()
      expect(blob).toBeInstanceOf(Blob)
      expect(blob).toMatchObject({ size: 3, type: '' })
      socket.binaryType = 'arraybuffer'
      expect(await asked()).toBeInstanceOf(ArrayBuffer)
      const close = next(socket, 'close')
      socket.close()
      await close
      expect(socket.binaryType).toBe('arraybuffer')
    })
  })

  describe.each(sockets)('what was agreed, %s', (_name, make) => {
    it('is there from the open on, and stays after the end', async () => {
      const socket = make(at('echo'), ['other', 'chat'])
      expect(socket.protocol).toBe('')
      await next(socket, 'open')
      const agreed = { protocol: 'chat', extensions: '', url: at('echo') }
      expect(socket).toMatchObject(agreed)
      const close = next(socket, 'close')
      socket.close()
      await close
      expect(socket).toMatchObject(agreed)
    })
  })
}
