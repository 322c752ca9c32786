import { describe, expect, it } from 'vitest'
import { OptionsError } from '../../src/core/options.ts'
import { socketWorld } from '../support/socket-world.ts'

const over = { done: true, value: undefined }

describe('messages()', () => {
  it('gives the messages of all connections in order, and ends with the last of them', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened()
    const read: unknown[] = []
    const reading = (async () => {
      for await (const data of socket.messages()) read.push(data)
    })()
    wire.say('a')
    wire.say('')
    wire.end()
    await world.clock.advance(5_000)
    world.wire.open().say('b')
    await world.clock.advance(0)
    expect(read).toEqual(['a', '', 'b'])
    world.wire.say('c')
    world.wire.end(4000)
    await reading
    expect(read).toEqual(['a', '', 'b', 'c'])
  })

  it('keeps a thousand, drops the oldest beyond, and tells each', async () => {
    const world = socketWorld()
    const { socket, told, wire } = await world.opened()
    const messages = socket.messages()
    for (let at = 0; at < 1_003; at++) wire.say(`m${at}`)
    expect(told.filter(({ type }) => type === 'overflow')).toMatchObject([
      { count: 1, bytes: 2 },
      { count: 1, bytes: 2 },
      { count: 1, bytes: 2 },
    ])
    expect(await messages.next()).toEqual({ done: false, value: 'm3' })
  })

  it('is bounded as told, each iteration by itself', async () => {
    const world = socketWorld()
    const { socket, told, wire } = await world.opened()
    const [few, all] = [socket.messages({ maxCount: 1 }), socket.messages({ maxCount: Infinity })]
    for (const text of ['a', 'b', 'c']) wire.say(text)
    expect(told.filter(({ type }) => type === 'overflow')).toHaveLength(2)
    expect(await few.next()).toEqual({ done: false, value: 'c' })
    expect(await all.next()).toEqual({ done: false, value: 'a' })
    for (const options of [{ maxCount: 0 }, { maxCount: 1.5 }, { max: 1 }]) {
      expect(() => socket.messages(options as never)).toThrow(OptionsError)
    }
  })

  it('serves several readers in the order in which they asked', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened()
    const messages = socket.messages()
    const reads = [messages.next(), messages.next(), messages.next()]
    wire.say('a')
    wire.say('b')
    wire.end(4000)
    expect(await Promise.all(reads)).toEqual([{ done: false, value: 'a' }, { done: false, value: 'b' }, over])
    expect(await messages.next()).toEqual(over)
  })

  it('gives what has come before the end, and then ends', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened()
    const messages = socket.messages()
    wire.say('a')
    wire.end(4000)
    expect([await messages.next(), await messages.next()]).toEqual([{ done: false, value: 'a' }, over])
    // There is nothing to come.
    expect(await socket.messages().next()).toEqual(over)
  })

  it('stops listening when its reader leaves', async () => {
    const world = socketWorld()
    const { socket, told, wire } = await world.opened()
    const messages = socket.messages({ maxCount: 1 })
    wire.say('a')
    for await (const data of messages) {
      expect(data).toBe('a')
      break
    }
    wire.say('b')
    wire.say('c')
    expect(await messages.next()).toEqual(over)
    expect(told.filter(({ type }) => type === 'overflow')).toEqual([])
    const waiting = socket.messages()
    const read = waiting.next()
    await waiting.return?.()
    expect(await read).toEqual(over)
  })

  it('ends with the reason of its signal, for those who wait and those who come later', async () => {
    const world = socketWorld()
    const { socket, wire } = await world.opened()
    const controller = new AbortController()
    const messages = socket.messages({ signal: controller.signal })
    const first = messages.next()
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(first).rejects.toBe(reason)
    wire.say('a')
    await expect(messages.next()).rejects.toBe(reason)
    await expect(socket.messages({ signal: controller.signal }).next()).rejects.toBe(reason)
  })
})
