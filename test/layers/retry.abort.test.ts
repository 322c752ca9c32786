import { describe, expect, it } from 'vitest'
import { hang } from '../../src/testing/index.ts'
import { world } from '../support/world.ts'
import { answer, play } from './attempts.ts'

describe('an abort', () => {
  it('during a wait ends it at once with its reason, and no attempt follows', async () => {
    const w = world(0.5)
    const controller = new AbortController()
    const reason = { why: 'left' }
    const { result, below } = play(w, [answer('overload'), answer('success')], {
      context: { signal: controller.signal },
    })
    await w.clock.advance(100)
    controller.abort(reason)
    await expect(result).rejects.toBe(reason)
    expect(w.clock.now()).toBe(100)
    expect(w.clock.pending).toBe(0)
    await w.clock.advance(10_000)
    expect(below.requests.length).toBe(1)
  })

  it('during an attempt is not followed by another, whatever the attempt made of it', async () => {
    const w = world(0.5)
    const controller = new AbortController()
    const { result, below } = play(w, [hang(), answer('success')], { context: { signal: controller.signal } })
    await w.clock.advance(10)
    controller.abort('left')
    await expect(result).rejects.toBe('left')
    await w.clock.advance(10_000)
    expect(below.requests.length).toBe(1)
  })

  it('during an attempt that answers all the same leaves the answer to the caller, and nothing is freed', async () => {
    const w = world(0.5)
    const controller = new AbortController()
    const value = answer('failure')
    const deaf = async () => {
      controller.abort('left')
      return value
    }
    const { result, below } = play(w, [deaf], {
      context: { signal: controller.signal },
      needs: { discard: () => expect.unreachable() },
    })
    expect(await result).toBe(value)
    expect(below.requests.length).toBe(1)
    expect(w.events).toEqual([])
  })
})
