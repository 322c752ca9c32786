import { describe, expect, it } from 'vitest'
import { hang, script } from '../../src/testing/script.ts'
import { world } from '../support/world.ts'

const { context } = world()

describe('script', () => {
  it('plays one step per call: a value, an error, what a function does', async () => {
    const value = {}
    const error = new TypeError('fetch failed')
    const call = script<string, object | string | number>(
      value,
      error,
      (request) => `answer to ${request}`,
      async (_request, { attempt }) => attempt,
      () => {
        throw error
      },
      () => Promise.reject(error),
    )
    expect(await call('a', context())).toBe(value)
    await expect(call('b', context())).rejects.toBe(error)
    expect(await call('c', context())).toBe('answer to c')
    expect(await call('d', context({ attempt: 7 }))).toBe(7)
    await expect(call('e', context())).rejects.toBe(error)
    await expect(call('f', context())).rejects.toBe(error)
  })

  it.each([undefined, null, 0, '', false])('can give %o', async (value) => {
    expect(await script<string, unknown>(value)('a', context())).toBe(value)
  })

  it('notes what it was called with, and what is left', async () => {
    const call = script<string, number>(1, 2, 3)
    const contexts = [context({ attempt: 1 }), context({ attempt: 2 })] as const
    expect([call.requests, call.contexts, call.left]).toEqual([[], [], 3])
    await call('a', contexts[0])
    await call('b', contexts[1])
    expect(call.requests).toEqual(['a', 'b'])
    expect(call.contexts[0]).toBe(contexts[0])
    expect(call.contexts[1]).toBe(contexts[1])
    expect(call.left).toBe(1)
  })

  it('takes steps in the order of the calls, whichever ends first', async () => {
    const call = script<string, string>(() => new Promise((resolve) => setImmediate(resolve, 'slow')), 'quick')
    expect(await Promise.all([call('a', context()), call('b', context())])).toEqual(['slow', 'quick'])
  })

  it('fails a call beyond the last step with words that say so, and notes it', async () => {
    const call = script<string, number>(1, 2)
    await call('a', context())
    await call('b', context())
    const beyond = expect(call('c', context())).rejects
    await beyond.toThrow('the script has 2 steps; this was one call more')
    expect([call.requests.length, call.left]).toEqual([3, 0])
    await expect(script<string, number>()('a', context())).rejects.toThrow('the script has 0 steps')
  })
})

describe('hang', () => {
  it('never answers, and ends with the very reason of its signal', async () => {
    const controller = new AbortController()
    const reason = new Error('no more patience')
    const call = script<string, number>(hang())
    let ended = false
    const result = call('a', context({ signal: controller.signal })).catch((error) => {
      ended = true
      return error
    })
    await world().clock.advance(1e9)
    expect(ended).toBe(false)
    controller.abort(reason)
    expect(await result).toBe(reason)
  })

  it('ends at once on a signal that has aborted already', async () => {
    const call = script<string, number>(hang())
    await expect(call('a', context({ signal: AbortSignal.abort('before') }))).rejects.toBe('before')
  })
})
