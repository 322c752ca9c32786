import { describe, expect, it } from 'vitest'
import { type Layer, stack } from '../../src/core/layer.ts'
import { OptionsError } from '../../src/core/options.ts'
import { perKey } from '../../src/layers/per-key.ts'
import { world } from '../support/world.ts'

interface Request {
  key: unknown
  /** Holds the call until this settles. */
  until?: Promise<unknown>
}

/** A stack with a layer per key that counts its calls and gives them numbers; `made` has the keys in order of making. */
function play(maxKeys?: number) {
  const made: unknown[] = []
  const counting = (key: unknown): Layer<Request, number> => {
    made.push(key)
    let calls = 0
    return (next) => async (request, context) => {
      calls++
      await next(request, context)
      return calls
    }
  }
  const w = world()
  const layer = perKey<unknown, Request, number>({
    keyOf: ({ key }) => key,
    layerOf: counting,
    ...(maxKeys === undefined ? {} : { maxKeys }),
  })
  const run = stack(
    [layer],
    async ({ until }) => {
      await until
      return 0
    },
    w,
  )
  return { made, call: (key: unknown, until?: Promise<unknown>) => run({ key, ...(until && { until }) }, w.context()) }
}

describe('per-key', () => {
  it('gives every key a layer of its own, made once', async () => {
    const { made, call } = play()
    expect([await call('a'), await call('b'), await call('a'), await call(1), await call('a')]).toEqual([1, 1, 2, 1, 3])
    expect(made).toEqual(['a', 'b', 1])
  })

  it('forgets the key used longest ago beyond the bound', async () => {
    const { made, call } = play(2)
    await call('a')
    await call('b')
    await call('a')
    await call('c')
    expect(await call('a')).toBe(3)
    expect(await call('b')).toBe(1)
    expect(made).toEqual(['a', 'b', 'c', 'b'])
  })

  it('keeps a thousand keys where nothing is said', async () => {
    const { made, call } = play()
    for (let key = 0; key < 1_000; key++) await call(key)
    expect(await call(0)).toBe(2)
    await call('one more')
    expect(await call(0)).toBe(3)
    expect(await call(1)).toBe(1)
    expect(made.length).toBe(1_002)
  })

  it('never forgets a key with a call under way, and forgets it when that is over', async () => {
    const { made, call } = play(1)
    let finish = (): void => {}
    const until = new Promise<void>((resolve) => {
      finish = resolve
    })
    const long = call('busy', until)
    await call('a')
    await call('b')
    expect(made).toEqual(['busy', 'a', 'b'])
    finish()
    await long
    expect(await call('busy')).toBe(2)
    await call('c')
    expect(await call('busy')).toBe(1)
  })

  it('forgets a key whose call failed', async () => {
    const { made, call } = play(1)
    await expect(call('a', Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    await call('b')
    await call('a')
    expect(made).toEqual(['a', 'b', 'a'])
  })

  it('keeps objects as long as somebody else does, outside the bound', async () => {
    const { made, call } = play(1)
    const keys = [{}, {}, {}]
    for (const key of keys) await call(key)
    await call('a')
    for (const key of keys) expect(await call(key)).toBe(2)
    expect(await call('a')).toBe(2)
    expect(made.length).toBe(4)
  })

  it.each([0, -1, Number.NaN])('refuses a bound of %s', (maxKeys) => {
    expect(() => play(maxKeys)).toThrow(OptionsError)
  })

  it('has keys of its own in every stack', async () => {
    const made: string[] = []
    const layer = perKey<string, string, string>({
      keyOf: (request) => request,
      layerOf: (key) => {
        made.push(key)
        return (next) => next
      },
    })
    const w = world()
    for (const value of ['one', 'two']) {
      expect(await stack([layer], async () => value, w)('key', w.context())).toBe(value)
    }
    expect(made).toEqual(['key', 'key'])
  })
})
