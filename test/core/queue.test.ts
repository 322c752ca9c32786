import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { settled } from '../../src/core/clock.ts'
import type { Context, Priority } from '../../src/core/layer.ts'
import { WaitQueue } from '../../src/core/queue.ts'

const priorities: Priority[] = ['critical', 'high', 'normal', 'low', 'background']

/** A queue, and what has become of those who wait in it, in that order. */
function scene() {
  const queue = new WaitQueue()
  const ends: string[] = []
  const enter = (name: string, priority: Priority = 'normal', signal = new AbortController().signal) => {
    const context: Context = { signal, attempt: 1, deadlineAt: Infinity, priority }
    queue.wait(context).then(
      () => ends.push(`${name} went`),
      (reason) => ends.push(`${name} left: ${reason}`),
    )
  }
  return { queue, ends, enter }
}

describe('WaitQueue', () => {
  it('wakes the more important first, whenever they came', async () => {
    const { queue, ends, enter } = scene()
    for (const priority of priorities.toReversed()) enter(priority, priority)
    while (queue.wake());
    await settled()
    expect(ends).toEqual(priorities.map((priority) => `${priority} went`))
  })

  it('wakes the earlier first among equals', async () => {
    const { queue, ends, enter } = scene()
    for (const name of ['first', 'second', 'third']) enter(name)
    while (queue.wake());
    await settled()
    expect(ends).toEqual(['first went', 'second went', 'third went'])
  })

  it('wakes one at a time, and says whether there was one', async () => {
    const { queue, ends, enter } = scene()
    expect(queue.wake()).toBe(false)
    enter('first')
    enter('second')
    expect([queue.size, queue.wake(), queue.size]).toEqual([2, true, 1])
    await settled()
    expect(ends).toEqual(['first went'])
    expect([queue.wake(), queue.wake(), queue.size]).toEqual([true, false, 0])
  })

  it('hands the turn over: who comes in between cannot take it', async () => {
    const { queue, ends, enter } = scene()
    enter('waiting', 'background')
    queue.wake()
    enter('newcomer', 'critical')
    await settled()
    expect(ends).toEqual(['waiting went'])
    expect(queue.size).toBe(1)
  })
})

describe('a caller who aborts', () => {
  it('leaves at that moment, with its reason, and nobody waits for its turn', async () => {
    const { queue, ends, enter } = scene()
    const leaver = new AbortController()
    enter('leaver', 'critical', leaver.signal)
    enter('other')
    leaver.abort('no patience')
    expect(queue.size).toBe(1)
    queue.wake()
    await settled()
    expect(ends).toEqual(['leaver left: no patience', 'other went'])
  })

  it('before it waits never enters', async () => {
    const { queue, ends, enter } = scene()
    enter('late', 'normal', AbortSignal.abort('too late'))
    expect(queue.size).toBe(0)
    await settled()
    expect(ends).toEqual(['late left: too late'])
  })

  it('after its turn changes nothing', async () => {
    const { queue, ends, enter } = scene()
    const leaver = new AbortController()
    enter('woken', 'normal', leaver.signal)
    enter('waiting')
    queue.wake()
    leaver.abort()
    expect(queue.size).toBe(1)
    await settled()
    expect(ends).toEqual(['woken went'])
  })

  it('leaves no listener behind, whichever way it left', async () => {
    const { queue, enter } = scene()
    const controllers = [new AbortController(), new AbortController(), new AbortController()] as const
    for (const { signal } of controllers) enter('one', 'normal', signal)
    queue.wake()
    controllers[1].abort()
    queue.failAll(() => 'closed')
    await settled()
    expect(controllers.map(({ signal }) => getEventListeners(signal, 'abort').length)).toEqual([0, 0, 0])
  })
})

describe('failAll', () => {
  it('sends everybody away, each with a reason of its own', async () => {
    const { queue, ends, enter } = scene()
    enter('second', 'low')
    enter('first', 'high')
    let count = 0
    queue.failAll(() => `closed ${++count}`)
    expect(queue.size).toBe(0)
    await settled()
    expect(ends).toEqual(['first left: closed 1', 'second left: closed 2'])
  })

  it('lets those wait who come after it', async () => {
    const { queue, ends, enter } = scene()
    queue.failAll(() => 'closed')
    enter('newcomer')
    await settled()
    expect([queue.size, ends.length]).toEqual([1, 0])
  })

  it('copes with a reason that makes others leave', async () => {
    const { queue, ends, enter } = scene()
    const leaver = new AbortController()
    enter('first')
    enter('second', 'normal', leaver.signal)
    queue.failAll(() => {
      leaver.abort('meanwhile')
      return 'closed'
    })
    expect(queue.size).toBe(0)
    await settled()
    expect(ends.toSorted()).toEqual(['first left: closed', 'second left: meanwhile'])
  })
})

it('does what a sorted list does, for any sequence', async () => {
  type Step = { enter: Priority } | { abort: number } | 'wake' | 'failAll'
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...priorities).map((enter): Step => ({ enter })) },
    { weight: 2, arbitrary: fc.nat(40).map((abort): Step => ({ abort })) },
    { weight: 3, arbitrary: fc.constant<Step>('wake') },
    { weight: 1, arbitrary: fc.constant<Step>('failAll') },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { queue, ends, enter } = scene()
      const controllers: AbortController[] = []
      let waiting: { name: number; priority: Priority }[] = []
      const expected: string[] = []
      for (const one of steps) {
        if (one === 'wake') {
          const next = priorities.flatMap((priority) => waiting.filter((waiter) => waiter.priority === priority))[0]
          waiting = waiting.filter((waiter) => waiter !== next)
          if (next) expected.push(`${next.name} went`)
          expect(queue.wake()).toBe(next !== undefined)
        } else if (one === 'failAll') {
          const all = priorities.flatMap((priority) => waiting.filter((waiter) => waiter.priority === priority))
          expected.push(...all.map(({ name }) => `${name} left: closed`))
          waiting = []
          queue.failAll(() => 'closed')
        } else if ('enter' in one) {
          const controller = new AbortController()
          const name = controllers.push(controller) - 1
          waiting.push({ name, priority: one.enter })
          enter(String(name), one.enter, controller.signal)
        } else {
          if (waiting.some(({ name }) => name === one.abort)) expected.push(`${one.abort} left: aborted`)
          waiting = waiting.filter(({ name }) => name !== one.abort)
          controllers[one.abort]?.abort('aborted')
        }
        expect(queue.size).toBe(waiting.length)
      }
      await settled()
      expect(ends).toEqual(expected)
    }),
  )
})
