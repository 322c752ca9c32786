import { describe, expect, it } from 'vitest'
import { type Make, messages, next, odd, plainOf, type Setup } from './setup.ts'

/** Listeners and handler attributes, the same of the platform's socket and of ours. */
export function listeners(setup: Setup): void {
  const sockets: [string, Make][] = [
    ["the platform's", (url, protocols) => new WebSocket(url, protocols)],
    ['ours', plainOf(setup)],
  ]
  const opened = async (make: Make): Promise<WebSocket> => {
    const socket = make(`${setup.origin()}/echo`)
    await next(socket, 'open')
    return socket
  }
  const close = async (socket: WebSocket): Promise<void> => {
    const closed = next(socket, 'close')
    socket.close()
    await closed
  }
  const ask = async (socket: WebSocket, text = 'a'): Promise<void> => {
    const back = messages(socket, 1)
    socket.send(text)
    await back
  }

  describe.each(sockets)('listeners, %s', (name, make) => {
    it('heed once, signal, objects with handleEvent, and being there twice', async () => {
      const socket = await opened(make)
      const heard: string[] = []
      const controller = new AbortController()
      const twice = () => heard.push('twice')
      const object = {
        handleEvent(this: unknown, event: Event) {
          heard.push(this === object && event.type === 'message' ? 'object' : 'wrong')
        },
      }
      socket.addEventListener('message', () => heard.push('once'), { once: true })
      socket.addEventListener('message', () => heard.push('signal'), { signal: controller.signal })
      socket.addEventListener('message', twice)
      socket.addEventListener('message', twice)
      socket.addEventListener('message', object)
      socket.addEventListener('message', null as never)
      await ask(socket)
      controller.abort()
      socket.removeEventListener('message', twice)
      await ask(socket)
      expect(heard).toEqual(['once', 'signal', 'twice', 'object', 'object'])
      await close(socket)
    })

    it('are called with the socket as this, currentTarget and target', async () => {
      const socket = await opened(make)
      const seen: unknown[] = []
      socket.addEventListener('message', function (this: unknown, event) {
        seen.push(this, event.currentTarget, event.target)
      })
      socket.onmessage = function (this: unknown, event) {
        seen.push(this, event.currentTarget, event.target)
      }
      await ask(socket)
      if (odd(setup, name, 'current-target')) seen.splice(4, 1)
      expect(seen.map((found) => found === socket)).toEqual(seen.map(() => true))
      expect(seen.length).toBeGreaterThanOrEqual(5)
      await close(socket)
    })

    it('can end what comes after them', async () => {
      const socket = await opened(make)
      const heard: string[] = []
      socket.addEventListener('message', (event) => {
        heard.push('first')
        event.stopImmediatePropagation()
      })
      socket.onmessage = () => heard.push('second')
      const back = next(socket, 'close')
      socket.send('a')
      socket.send('!close 4000')
      await back
      expect(heard).toEqual(['first'])
    })

    it('that throw are reported and disturb neither each other nor the socket', async () => {
      const socket = make(`${setup.origin()}/echo`)
      const heard: string[] = []
      const thrown = [new Error('open'), new Error('onopen'), new Error('message'), new Error('close')]
      const fail = (index: number) => () => {
        heard.push(`throws ${index}`)
        throw thrown[index]
      }
      const reported = await setup.reported(async () => {
        socket.addEventListener('open', fail(0))
        socket.onopen = fail(1)
        socket.addEventListener('message', fail(2))
        socket.addEventListener('message', () => heard.push('after'))
        socket.addEventListener('close', fail(3))
        await next(socket, 'open')
        await ask(socket)
        await close(socket)
      })
      expect(heard).toEqual(['throws 0', 'throws 1', 'throws 2', 'after', 'throws 3'])
      expect(reported).toEqual(thrown)
      expect(socket.readyState).toBe(3)
    })
  })

  describe.each(sockets)('handler attributes, %s', (name, make) => {
    it('give what was set, and null for anything that is no object', async () => {
      const socket = await opened(make)
      const handler = () => {}
      socket.onmessage = handler
      expect(socket.onmessage).toBe(handler)
      for (const nothing of [null, undefined, 0, 'text', true]) {
        socket.onmessage = handler
        socket.onmessage = nothing as null
        expect(socket.onmessage).toBeNull()
      }
      const object = { handleEvent: () => expect.unreachable() }
      socket.onmessage = object as never
      expect(socket.onmessage).toBe(object)
      await ask(socket)
      await close(socket)
    })

    it('stand where they were first set, among the listeners, until they are null', async () => {
      // Node's own puts a handler that is replaced behind all others.
      if (odd(setup, name, 'handler-order')) return
      const socket = await opened(make)
      let heard: string[] = []
      socket.addEventListener('message', () => heard.push('first'))
      socket.onmessage = () => heard.push('old')
      socket.addEventListener('message', () => heard.push('second'))
      socket.onmessage = () => heard.push('new')
      await ask(socket)
      expect(heard).toEqual(['first', 'new', 'second'])
      socket.onmessage = null
      heard = []
      await ask(socket)
      expect(heard).toEqual(['first', 'second'])
      socket.onmessage = () => heard.push('again')
      heard = []
      await ask(socket)
      expect(heard).toEqual(['first', 'second', 'again'])
      await close(socket)
    })

    it('of all four kinds are called', async () => {
      const socket = make(`${setup.origin()}/echo`)
      const heard: string[] = []
      for (const type of ['open', 'message', 'error', 'close'] as const) {
        socket[`on${type}`] = (event: Event) => heard.push(event.type)
      }
      await next(socket, 'open')
      await ask(socket)
      await close(socket)
      const failing = make(`${setup.origin()}/refuse`)
      failing.onerror = (event) => heard.push(event.type)
      failing.onclose = (event) => heard.push(event.type)
      await next(failing, 'close')
      expect(heard).toEqual(['open', 'message', 'close', 'error', 'close'])
    })

    it('that are taken away while an event goes round are not called', async () => {
      const socket = await opened(make)
      const heard: string[] = []
      socket.addEventListener('message', () => {
        socket.onmessage = null
      })
      socket.onmessage = () => heard.push('taken away')
      socket.addEventListener('message', () => heard.push('last'))
      await ask(socket)
      expect(heard).toEqual(['last'])
      await close(socket)
    })
  })
}
