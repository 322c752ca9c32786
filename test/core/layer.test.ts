import { describe, expect, it } from 'vitest'
import { never } from '../../src/core/abort.ts'
import { createContext, type Layer, stack } from '../../src/core/layer.ts'
import { world } from '../support/world.ts'

describe('stack', () => {
  const mark =
    (name: string): Layer<string, string> =>
    (next) =>
    async (request, context) =>
      `${name}(${await next(`${request}>${name}`, context)})`

  it('puts the first layer outermost and the last one next to the call', async () => {
    const here = world()
    const call = stack([mark('a'), mark('b'), mark('c')], async (request) => request, here)
    expect(await call('request', here.context())).toBe('a(b(c(request>a>b>c)))')
  })

  it('of no layers is the call itself', () => {
    const call = async () => 1
    expect(stack([], call, world())).toBe(call)
  })

  it('hands every layer the runtime, and builds each once for all calls', async () => {
    const here = world()
    const seen: unknown[] = []
    const layer: Layer<number, number> = (next, runtime) => {
      seen.push(runtime)
      return next
    }
    const call = stack([layer, layer], async (request) => request + 1, here)
    expect([await call(1, here.context()), await call(2, here.context())]).toEqual([2, 3])
    expect(seen).toEqual([here, here])
  })
})

describe('a context', () => {
  it('of a call that nobody has said anything about has no end', () => {
    const nothing = { signal: never(), attempt: 1, deadlineAt: Infinity, priority: 'normal' }
    expect(createContext()).toEqual(nothing)
    expect(createContext({})).toEqual(nothing)
    expect(createContext({ signal: undefined as never })).toEqual(nothing)
    expect(createContext()).not.toBe(createContext())
  })

  it('has what is given, and no more', () => {
    const given = { signal: AbortSignal.abort(), attempt: 3, deadlineAt: 0, priority: 'low' } as const
    const context = createContext({ ...given, more: true } as object)
    expect(context).toEqual(given)
    expect(context.signal).toBe(given.signal)
  })
})
