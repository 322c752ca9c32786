import { describe, expect, it } from 'vitest'
import { type Layer, stack } from '../../src/core/layer.ts'
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
