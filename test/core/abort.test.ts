import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Aborter, Following, follow, isNever, never, onAbort, unfollow } from '../../src/core/abort.ts'
import { settled } from '../../src/core/clock.ts'
import { collect } from './heap-growth.ts'

const listenersOn = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

describe('onAbort', () => {
  it('puts one listener on a signal, however many calls hang on it, and takes it off with the last', () => {
    const { signal } = new AbortController()
    const leaves = Array.from({ length: 1_000 }, () => onAbort(signal, () => {}))
    expect(listenersOn(signal)).toBe(1)
    for (const leave of leaves.slice(1)) leave()
    expect(listenersOn(signal)).toBe(1)
    leaves[0]?.()
    expect(listenersOn(signal)).toBe(0)
  })

  it('touches the signal once for 10,000 calls that come and go', () => {
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    const leaves = Array.from({ length: 10_000 }, () => onAbort(signal, () => {}))
    for (const leave of leaves) leave()
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1])
  })

  it('works again on a signal that everybody had left', () => {
    const controller = new AbortController()
    onAbort(controller.signal, () => {})()
    const told = vi.fn()
    onAbort(controller.signal, told)
    controller.abort()
    expect(told).toHaveBeenCalledOnce()
  })

  it('tells everybody once, in the order of coming, and leaves nothing on the signal', () => {
    const controller = new AbortController()
    const told: number[] = []
    for (const name of [1, 2, 3]) onAbort(controller.signal, () => told.push(name))
    controller.abort()
    controller.signal.dispatchEvent(new Event('abort'))
    expect(told).toEqual([1, 2, 3])
    expect(listenersOn(controller.signal)).toBe(0)
  })

  it('keeps signals apart', () => {
    const [one, other] = [new AbortController(), new AbortController()]
    const told: string[] = []
    onAbort(one.signal, () => told.push('one'))
    onAbort(other.signal, () => told.push('other'))
    one.abort()
    expect(told).toEqual(['one'])
  })

  it('runs at once on a signal that has aborted already, and hangs nothing on it', () => {
    const signal = AbortSignal.abort()
    const told = vi.fn()
    const leave = onAbort(signal, told)
    expect(told).toHaveBeenCalledOnce()
    expect(listenersOn(signal)).toBe(0)
    leave()
  })

  it('counts the same function given twice as two', () => {
    const controller = new AbortController()
    const told = vi.fn()
    onAbort(controller.signal, told)
    const leave = onAbort(controller.signal, told)
    onAbort(controller.signal, told)
    leave()
    leave()
    controller.abort()
    expect(told).toHaveBeenCalledTimes(2)
  })
})

it('holds nobody after it has fired, however long the signal lives', async () => {
  const controller = new AbortController()
  const hang = () => {
    const held = { told: 0 }
    onAbort(controller.signal, () => held.told++)
    return new WeakRef(held)
  }
  const refs = [hang(), hang()]
  controller.abort()
  await settled()
  collect()
  expect(refs.map((ref) => ref.deref())).toEqual([undefined, undefined])
  expect(controller.signal.aborted).toBe(true)
})

describe('while it fires', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('does not tell a listener that one before it has taken back', () => {
    const controller = new AbortController()
    const told: string[] = []
    onAbort(controller.signal, () => {
      told.push('first')
      leaveSecond()
    })
    const leaveSecond = onAbort(controller.signal, () => told.push('second'))
    onAbort(controller.signal, () => told.push('third'))
    controller.abort()
    expect(told).toEqual(['first', 'third'])
  })

  it('lets a listener take back itself and the ones before it', () => {
    const controller = new AbortController()
    const told = vi.fn()
    const leaves = [1, 2, 3].map((name) =>
      onAbort(controller.signal, () => {
        told(name)
        for (const leave of leaves.slice(0, name)) leave()
      }),
    )
    controller.abort()
    expect(told.mock.calls.flat()).toEqual([1, 2, 3])
  })

  it('tells a newcomer at once and goes on', () => {
    const controller = new AbortController()
    const told: string[] = []
    onAbort(controller.signal, () => {
      onAbort(controller.signal, () => told.push('newcomer'))
      told.push('first')
    })
    onAbort(controller.signal, () => told.push('second'))
    controller.abort()
    expect(told).toEqual(['newcomer', 'first', 'second'])
  })

  it('tells the others although one throws, and reports what it threw as the platform would', () => {
    const reports: (() => void)[] = []
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((report) => void reports.push(report))
    const controller = new AbortController()
    const [first, third] = [new Error('first'), new Error('third')]
    const told: string[] = []
    const fail = (error: Error) => () => {
      throw error
    }
    onAbort(controller.signal, fail(first))
    onAbort(controller.signal, () => told.push('second'))
    onAbort(controller.signal, fail(third))
    onAbort(controller.signal, () => told.push('fourth'))
    controller.abort()
    expect(told).toEqual(['second', 'fourth'])
    expect(reports).toHaveLength(2)
    expect(reports[0]).toThrow(first)
    expect(reports[1]).toThrow(third)
  })
})

describe('a signal that never aborts', () => {
  it('is one for all, and nothing is hung on it', () => {
    const add = vi.spyOn(never(), 'addEventListener')
    const follower = new Following({ aborted: () => {} })
    follow(never(), follower)
    onAbort(never(), () => {})()
    unfollow(never(), follower)
    expect(add).not.toHaveBeenCalled()
    expect([follower.chain, never().aborted, isNever(never())]).toEqual([undefined, false, true])
    expect(isNever(new AbortController().signal)).toBe(false)
  })
})

describe('a signal of our own', () => {
  it('tells everybody once, with its reason, and needs no listener for that', () => {
    const aborter = new Aborter()
    const told: unknown[] = []
    const leave = onAbort(aborter.signal, () => told.push('gone'))
    onAbort(aborter.signal, () => told.push(aborter.signal.reason))
    expect(listenersOn(aborter.signal)).toBe(0)
    leave()
    aborter.abort('first')
    aborter.abort('second')
    onAbort(aborter.signal, () => told.push('late'))
    expect(told).toEqual(['first', 'late'])
  })

  it("is a signal like any other for the platform's own listeners", () => {
    const aborter = new Aborter()
    const told = vi.fn()
    aborter.signal.addEventListener('abort', told)
    const all = AbortSignal.any([aborter.signal])
    aborter.abort('reason')
    expect(told).toHaveBeenCalledOnce()
    expect(all.reason).toBe('reason')
  })
})

describe('a signal that takes nothing new', () => {
  it('tells all the same, with one listener', () => {
    const controller = new AbortController()
    Object.preventExtensions(controller.signal)
    const told = vi.fn()
    onAbort(controller.signal, told)
    onAbort(controller.signal, told)
    const leave = onAbort(controller.signal, told)
    leave()
    expect(listenersOn(controller.signal)).toBe(1)
    controller.abort()
    expect(told).toHaveBeenCalledTimes(2)
  })
})
