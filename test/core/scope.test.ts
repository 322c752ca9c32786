import { describe, expect, it, vi } from 'vitest'
import { Following, never } from '../../src/core/abort.ts'
import { contextOf } from '../../src/core/guard.ts'
import { createContext } from '../../src/core/layer.ts'
import { canEnd, followContext, isOver, reasonOf, Scope, unfollowContext } from '../../src/core/scope.ts'

describe('a scope', () => {
  it('has what stands above it, and a deadline of its own', () => {
    const above = createContext({ attempt: 3, priority: 'low', deadlineAt: 900 })
    const scope = new Scope(above, 100)
    expect([scope.attempt, scope.priority, scope.deadlineAt]).toEqual([3, 'low', 100])
  })

  it('has one signal, whenever somebody asks for it', () => {
    const [before, after] = [new Scope(createContext(), 100), new Scope(createContext(), 100)]
    const { signal } = before
    expect(before.signal).toBe(signal)
    expect(signal.aborted).toBe(false)
    const reason = { why: 'time' }
    before.abort(reason)
    after.abort(reason)
    expect(signal.reason).toBe(reason)
    expect(after.signal.reason).toBe(reason)
  })

  it('ends once, with its first reason', () => {
    const scope = new Scope(createContext(), 100)
    expect(scope.isOver).toBe(false)
    scope.abort('first')
    scope.abort('second')
    expect([scope.isOver, scope.reason, scope.signal.reason]).toEqual([true, 'first', 'first'])
  })

  it('tells those who follow once, in the order of coming, but none who has left, even while it tells', () => {
    const scope = new Scope(createContext(), 100)
    const told: number[] = []
    const followers = [1, 2, 3, 4].map((name) => {
      const follower = new Following({
        aborted: () => {
          told.push(name)
          if (name === 2) scope.unfollow(followers[2] as Following)
        },
      })
      return follower
    })
    for (const follower of followers) scope.follow(follower)
    scope.unfollow(followers[0] as Following)
    scope.abort('over')
    scope.abort('again')
    expect(told).toEqual([2, 4])
  })
})

describe('the context of a scope, for others than guards', () => {
  it('can be spread, with all that a context above it carries', () => {
    const extra = Symbol('extra')
    const above = { ...createContext({ attempt: 2 }), [extra]: 'kept' }
    const outer = new Scope(above, 200)
    const inner = new Scope(outer, 100)
    const seen = contextOf(inner)
    expect({ ...seen }).toEqual({
      [extra]: 'kept',
      signal: inner.signal,
      attempt: 2,
      deadlineAt: 100,
      priority: 'normal',
    })
    expect(Object.keys(seen).sort()).toEqual(['attempt', 'deadlineAt', 'priority', 'signal'])
  })

  it('is itself where it is plain', () => {
    const context = createContext()
    expect(contextOf(context)).toBe(context)
  })
})

describe('any context', () => {
  it('says whether it is over and why, a scope without making a signal', () => {
    const made = vi.spyOn(globalThis, 'AbortController')
    const scope = new Scope(createContext({ signal: never() }), 100)
    expect(isOver(scope)).toBe(false)
    scope.abort('left')
    expect([isOver(scope), reasonOf(scope)]).toEqual([true, 'left'])
    expect(made).not.toHaveBeenCalled()
    made.mockRestore()
    const context = createContext({ signal: AbortSignal.abort('gone') })
    expect([isOver(context), reasonOf(context)]).toEqual([true, 'gone'])
    expect(isOver(createContext())).toBe(false)
  })

  it('can be ended from above, unless nobody could', () => {
    expect(canEnd(createContext())).toBe(false)
    expect(canEnd(createContext({ signal: new AbortController().signal }))).toBe(true)
    expect(canEnd(new Scope(createContext(), 100))).toBe(true)
  })

  it('is followed and left', () => {
    const controller = new AbortController()
    const scope = new Scope(createContext(), 100)
    const contexts = [createContext({ signal: controller.signal }), scope]
    const told = vi.fn()
    for (const context of contexts) {
      const gone = new Following({ aborted: () => told('gone') })
      followContext(context, gone)
      unfollowContext(context, gone)
      followContext(context, new Following({ aborted: () => told('stays') }))
    }
    controller.abort()
    scope.abort('over')
    expect(told.mock.calls.flat()).toEqual(['stays', 'stays'])
  })
})
