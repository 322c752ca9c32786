import { describe, expect, it } from 'vitest'
import type { ReliableSocket, SocketCloseEvent } from '../../../src/socket/index.ts'
import { bytes, logOf, messages, next, reconnectingOf, type Setup } from './setup.ts'
import { newId, visitsOf } from './visits.ts'

const end = async (socket: ReliableSocket): Promise<void> => {
  await socket[Symbol.asyncDispose]()
  expect(socket.state).toBe('closed')
}

/** Connections that come back, against a real server, on whatever transport. */
export function reconnecting(setup: Setup): void {
  const make = reconnectingOf(setup)
  const at = (path: string) => `${setup.origin()}/${path}`
  const dials = (id: string) => visitsOf(setup.origin(), id)

  describe('a loss', () => {
    it('is told, and the connection comes back', async () => {
      const id = newId()
      const socket = make(at(`echo?id=${id}`))
      const log = logOf(socket)
      await next(socket, 'open')
      const close = next(socket, 'close')
      const back = next(socket, 'reconnecting')
      socket.send('!drop')
      expect(await close).toMatchObject({ willReconnect: true, cause: 'drop', code: 1006 })
      expect(await back).toMatchObject({ attempt: 2, cause: 'drop', delayMs: expect.any(Number) })
      expect(await next(socket, 'open')).toMatchObject({ attempt: 2, recovered: false })
      const answer = next(socket, 'message')
      socket.send('hello again')
      await answer
      await end(socket)
      expect(log.filter((line) => !line.startsWith('error'))).toEqual([
        'open in 1',
        "close 1006 '' unclean, comes back in 0",
        'reconnecting in 0',
        'open in 1',
        'message hello again in 1',
        "close 1005 '' clean in 3",
      ])
      expect(await dials(id)).toHaveLength(2)
    })

    it.each([
      ['!close 1012', 'restart', true],
      ['!close 1013', 'overload', true],
      ['!close 1001 away', 'drop', true],
      ['!close 1000', 'drop', true],
      ['!close', 'drop', true],
      ['!close 1008', 'fatal', false],
      ['!close 4001 never', 'fatal', false],
    ])('by %s has the cause %s', async (order, cause, willReconnect) => {
      const socket = make(at('echo'))
      await next(socket, 'open')
      const close = next(socket, 'close')
      socket.send(order)
      const event = (await close) as SocketCloseEvent
      const [, code = '1005', reason = ''] = order.split(' ')
      expect(event).toMatchObject({ cause, willReconnect, code: Number(code), reason, wasClean: true })
      expect(socket.state).toBe(willReconnect ? 'waiting' : 'closed')
      await end(socket)
    })

    it('of a dial that is refused is told with an error, and dialed again', async () => {
      const id = newId()
      const socket = make(at(`flaky?failures=2&id=${id}`))
      const log = logOf(socket)
      await next(socket, 'open')
      const failed = ['error in 0', "close 1006 '' unclean, comes back in 0", 'reconnecting in 0']
      expect(log).toEqual([...failed, ...failed, 'open in 1'])
      expect(await dials(id)).toHaveLength(3)
      await end(socket)
    })

    it('of a connection that has gone mute is found by a heartbeat and closed at once', async () => {
      const heartbeat = { intervalMs: 20, timeoutMs: 60, message: '!beat' }
      const socket = make(at('mute'), [], { heartbeat, firstWindowMs: 60_000, maxWindowMs: 60_000 })
      await next(socket, 'open')
      const event = (await next(socket, 'close')) as SocketCloseEvent
      expect(event).toMatchObject({ code: 1006, wasClean: false, cause: 'drop', willReconnect: true })
      await end(socket)
    })

    it('that nobody answers is cut by the patience', async () => {
      const id = newId()
      const socket = make(at(`silent?id=${id}`), [], { patienceMs: 60 })
      const startedAt = performance.now()
      const event = (await next(socket, 'close')) as SocketCloseEvent
      expect(event).toMatchObject({ code: 1006, cause: 'timeout', willReconnect: true })
      // A browser makes a page that dialed much wait before it dials at all.
      expect(performance.now() - startedAt).toBeGreaterThan(55)
      await end(socket)
    })
  })

  describe('what is sent while there is no connection', () => {
    it('goes out in order, behind what an open listener sends, on the first connection and on the next', async () => {
      const id = newId()
      const socket = make(at(`echo?id=${id}`))
      socket.addEventListener('open', () => socket.send('hello'))
      const reused = new Uint8Array([1])
      socket.send('a')
      socket.send(reused)
      socket.send(new Blob([new Uint8Array([2])]))
      socket.send('b')
      reused[0] = 9
      expect(socket.bufferedAmount).toBe(4)
      await messages(socket, 5)
      expect(socket.bufferedAmount).toBe(0)
      const close = next(socket, 'close')
      socket.send('!drop')
      await close
      for (const text of ['c', 'd', 'e']) socket.send(text)
      await messages(socket, 4)
      const seen = (await dials(id)).map((visit) => visit.messages)
      expect(seen).toEqual([
        ['hello', 'a', '<01>', '<02>', 'b', '!drop'],
        ['hello', 'c', 'd', 'e'],
      ])
      await end(socket)
    })

    it('is bounded, and says so', async () => {
      const id = newId()
      const socket = make(at(`echo?id=${id}`), [], { outbox: { maxCount: 2 } })
      const overflown: unknown[] = []
      socket.onoverflow = ({ count, bytes: size }) => overflown.push([count, size])
      for (const text of ['a', 'b', 'ccc']) socket.send(text)
      await expect(socket.deliver('d')).rejects.toMatchObject({ code: 'socket', reason: 'overflow' })
      expect(overflown).toEqual([
        [1, 3],
        [1, 1],
      ])
      await messages(socket, 2)
      expect((await dials(id))[0]?.messages).toEqual(['a', 'b'])
      await end(socket)
    })

    it('has a receipt when it is handed over', async () => {
      const socket = make(at(`flaky?failures=1&id=${newId()}`))
      const early = socket.deliver('early')
      await early
      expect(socket.state).toBe('open')
      await socket.deliver(new Uint8Array(100))
      await end(socket)
      await expect(socket.deliver('late')).rejects.toMatchObject({ reason: 'closed' })
    })

    it('is kept for the next connection when this one has begun to close', async () => {
      const id = newId()
      const socket = make(at(`echo?id=${id}`))
      await next(socket, 'open')
      // The close frame comes, and TCP stands on: the platform's would lose what is sent now.
      socket.send('!halfclose')
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(socket.state).toBe('open')
      socket.send('kept')
      expect(socket.bufferedAmount).toBe(4)
      socket.reconnect()
      await messages(socket, 1)
      expect((await dials(id)).map((visit) => visit.messages)).toEqual([['!halfclose'], ['kept']])
      await end(socket)
    })
  })

  describe('what is kept over connections', () => {
    it('binaryType', async () => {
      const socket = make(at('echo'))
      socket.binaryType = 'arraybuffer'
      for (let round = 0; round < 2; round++) {
        await next(socket, 'open')
        const back = messages(socket, 1)
        socket.send(new Uint8Array([7]))
        const [data] = await back
        expect(data).toBeInstanceOf(ArrayBuffer)
        expect(await bytes(data)).toEqual([7])
        socket.send('!drop')
        await next(socket, 'close')
      }
      await end(socket)
    })

    it('listeners, handlers, and the loop over its messages', async () => {
      const socket = make(at('echo'))
      const heard: string[] = []
      socket.addEventListener('message', () => heard.push('listener'))
      socket.onmessage = () => heard.push('handler')
      const read: unknown[] = []
      const reading = (async () => {
        for await (const data of socket.messages()) read.push(data)
      })()
      await next(socket, 'open')
      socket.send('a')
      await next(socket, 'message')
      socket.send('!drop')
      await next(socket, 'open')
      socket.send('b')
      await next(socket, 'message')
      await end(socket)
      await reading
      expect(read).toEqual(['a', 'b'])
      expect(heard).toEqual(['listener', 'handler', 'listener', 'handler'])
    })
  })

  describe('a rotation', () => {
    it('moves to a new connection without a close, and closes the old one', async () => {
      const id = newId()
      const socket = make(at(`echo?id=${id}`), ['chat'])
      const log = logOf(socket)
      await next(socket, 'open')
      expect(await socket.rotate()).toBe(true)
      const back = messages(socket, 1)
      socket.send('over the new one')
      await back
      expect((await dials(id)).map((visit) => visit.messages)).toEqual([[], ['over the new one']])
      expect(log).toEqual(['open in 1', 'message over the new one in 1'])
      expect(socket.protocol).toBe('chat')
      await end(socket)
    })

    it('that fails leaves the old one where it is', async () => {
      let dial = 0
      const socket = make(() => at(dial++ === 0 ? 'echo' : 'refuse'))
      await next(socket, 'open')
      expect(await socket.rotate()).toBe(false)
      const back = messages(socket, 1)
      socket.send('still here')
      expect(await back).toEqual(['still here'])
      await end(socket)
    })
  })
}
