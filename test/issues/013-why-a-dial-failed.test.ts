import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { UrlSource } from '../../src/socket/address.ts'
import { ReliableSocket, type SocketOptions } from '../../src/socket/index.ts'
import { socketWorld } from '../support/socket-world.ts'

/** The error of the first failed dial. */
async function errorOf(url: UrlSource, options: Partial<SocketOptions> = {}): Promise<unknown> {
  await using socket = new ReliableSocket(url, [], options)
  const [event] = (await once(socket, 'error')) as [Event & { error?: unknown }]
  return event.error
}

describe('the error event of a failed dial', () => {
  it('holds what the platform said', async () => {
    // Port 1 is nobody's.
    expect(await errorOf('ws://127.0.0.1:1/')).toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('holds what a provider threw', async () => {
    const failure = new TypeError('a fault of our own')
    const url = () => {
      throw failure
    }
    expect(await errorOf(url)).toBe(failure)
  })
})

describe('a receipt that is waited for when a socket ends', () => {
  it('says that the server wants no more, and why', async () => {
    const world = socketWorld()
    const { socket } = world.watched()
    const receipt = expect(socket.deliver('a')).rejects.toMatchObject({
      reason: 'final',
      message: expect.stringContaining('fatal, code 1006, status 404'),
    })
    await world.clock.advance(0)
    world.wire.refuse(404)
    await receipt
  })

  it('says that it was closed here', async () => {
    const world = socketWorld()
    const { socket } = world.watched()
    const receipt = expect(socket.deliver('a')).rejects.toMatchObject({ reason: 'closed' })
    socket.close()
    await world.clock.advance(0)
    await receipt
  })
})
