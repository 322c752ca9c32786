import { describe, expect, expectTypeOf, it } from 'vitest'
import { createCache } from '../../src/refresh/cache/index.ts'

describe('the type of what a cache gives', () => {
  it('is that of its loader, also where that looks at its context', () => {
    const cache = createCache({ load: async (key, { signal }) => ({ key, left: signal.aborted }) })
    expectTypeOf(cache.get('a')).resolves.toEqualTypeOf<{ key: string; left: boolean }>()
    expectTypeOf(createCache({ load: (key) => key.length }).peek('a')).toEqualTypeOf<number | undefined>()
  })

  it('can be named, and then the value before has it too', () => {
    const cache = createCache<{ price: number }>({ load: (_key, { previous }) => previous ?? { price: 1 } })
    expectTypeOf(cache.get('a')).resolves.toEqualTypeOf<{ price: number }>()
  })

  it('knows the other options', () => {
    createCache({ load: async (key) => ({ key }), ttlMs: ({ key }) => key.length })
    // @ts-expect-error: there is no such option
    expect(() => createCache({ load: (key) => key.length, ttl: 3 })).toThrow("no option 'ttl'")
  })
})
