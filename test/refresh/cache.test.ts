import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it, vi } from 'vitest'
import { MemoryPlace, memoryCoordination } from '../../src/coordination/memory.ts'
import { ClosedError } from '../../src/core/closed-error.ts'
import { OptionsError } from '../../src/core/options.ts'
import { seededRandom } from '../../src/core/random.ts'
import { type CacheOptions, createCache } from '../../src/refresh/cache/index.ts'
import { world } from '../support/world.ts'

const ttlMs = 100_000

function make(given: Partial<CacheOptions<unknown>> = {}, random: number | (() => number) = 0) {
  const at = world(random)
  let loads = 0
  const load = vi.fn<CacheOptions<unknown>['load']>(async (key) => `${key} ${++loads}`)
  const options = { load, ttlMs, staleMs: 0, staleIfErrorMs: 0, runtime: at, ...given }
  return { ...at, load, cache: createCache(options) }
}

const down = () => Promise.reject(new Error('down'))

describe('a read', () => {
  it('loads a key once for all who ask, and then finds it there', async () => {
    const { cache, load } = make()
    expect(await Promise.all(Array.from({ length: 100 }, () => cache.get('a')))).toEqual(Array(100).fill('a 1'))
    expect(await cache.get('a')).toBe('a 1')
    expect(load).toHaveBeenCalledOnce()
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, joined: 99, stale: 0, loads: 1, failures: 0, entries: 1 })
  })

  it('keeps keys apart, those of every object included', async () => {
    const { cache } = make()
    expect(await cache.get('__proto__')).toBe('__proto__ 1')
    expect(await cache.get('constructor')).toBe('constructor 2')
    expect(cache.peek('toString')).toBeUndefined()
  })

  it('loads anew behind from four fifths of the life on', async () => {
    const { cache, load, clock } = make()
    await cache.get('a')
    await clock.advance(79_999)
    await cache.get('a')
    expect(load).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    expect(await cache.get('a')).toBe('a 1')
    await clock.advance(0)
    expect(await cache.get('a')).toBe('a 2')
    expect(load.mock.calls[1]?.[1]).toMatchObject({ previous: 'a 1' })
  })

  it('never gets anything that is older than ttlMs, where stale values are not wanted', async () => {
    const { cache, clock } = make({}, seededRandom(3))
    const loadedAt = new Map<string, number>()
    const times = createCache({
      load: async (key) => {
        loadedAt.set(key, clock.now())
        return clock.now()
      },
      ttlMs,
      staleMs: 0,
      earlyRefresh: 1,
      runtime: { clock, random: seededRandom(4) },
    })
    for (let step = 0; step < 500; step++) {
      const value = await times.get('a')
      expect(clock.now() - value).toBeLessThan(ttlMs)
      await clock.advance(3_333)
    }
    cache.close()
  })

  it('gets an old value at once for staleMs, while it is loaded anew', async () => {
    const { cache, load, clock } = make({ staleMs: 50_000 })
    await cache.get('a')
    await clock.advance(149_999)
    expect(await cache.get('a')).toBe('a 1')
    expect(cache.stats().stale).toBe(1)
    await clock.advance(0)
    expect([await cache.get('a'), load.mock.calls.length]).toEqual(['a 2', 2])
    await clock.advance(150_000)
    expect(await cache.get('a')).toBe('a 3')
  })

  it('does nothing of its own accord: what nobody reads is not loaded', async () => {
    const { cache, load, clock } = make({ staleMs: 50_000 })
    await cache.get('a')
    await clock.advance(10 * ttlMs)
    expect([load.mock.calls.length, clock.pending]).toEqual([1, 0])
  })

  it('does not end with the caller who began it, nor run in its context', async () => {
    const store = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const { cache, load } = make({
      load: async (key) => {
        seen.push(store.getStore())
        return `${key}!`
      },
    })
    const caller = new AbortController()
    const left = store.run('caller', () => cache.get('a', { signal: caller.signal }))
    const other = cache.get('a')
    caller.abort('left')
    await expect(left).rejects.toBe('left')
    expect(await other).toBe('a!')
    expect([seen, load.mock.calls.length]).toEqual([[undefined], 0])
  })
})

describe('a load that fails', () => {
  it('is shared for a second by all who have nothing', async () => {
    const { cache, clock } = make()
    const load = vi.fn(down)
    const failing = createCache({ load, runtime: { clock, random: () => 0 } })
    for (let ms = 0; ms < 10_000; ms += 100) {
      await expect(failing.get('a')).rejects.toThrow('down')
      await clock.advance(100)
    }
    expect(load.mock.calls.length).toBe(10)
    expect(failing.stats().failures).toBe(10)
    cache.close()
  })

  it('is not repeated sooner than failureMs while an old value serves, and nobody sees it', async () => {
    const { cache, load, clock } = make({ staleMs: 20_000, staleIfErrorMs: 100_000, failureMs: 5_000 })
    await cache.get('a')
    await clock.advance(80_000)
    load.mockImplementation(down)
    for (let ms = 0; ms < 140_000 - 200; ms += 100) {
      expect(await cache.get('a')).toBe('a 1')
      await clock.advance(100)
    }
    expect(load.mock.calls.length - 1).toBeLessThanOrEqual(28)
    await clock.advance(6_000)
    await expect(cache.get('a')).rejects.toThrow('down')
  })

  it('is not repeated before the time that its error names', async () => {
    const { clock } = make()
    const load = vi.fn(() => Promise.reject(Object.assign(new Error('429'), { retryAfterMs: 60_000 })))
    const cache = createCache({ load, runtime: { clock, random: () => 0 } })
    for (let second = 0; second < 60; second++) {
      await cache.get('a').catch(() => {})
      await clock.advance(1_000)
    }
    expect(load).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['gives undefined', () => undefined],
    ['gives undefined in time', async () => undefined],
    [
      'throws at once',
      () => {
        throw new Error('at once')
      },
    ],
    ['throws nothing', () => Promise.reject(undefined)],
  ])('because it %s is a failure and no data', async (_what, load) => {
    const { cache } = make({ load })
    await expect(cache.get('a')).rejects.not.toBe('a')
    expect(cache.peek('a')).toBeUndefined()
    expect(cache.stats()).toMatchObject({ hits: 0, failures: 1 })
  })

  it('leaves other keys alone', async () => {
    const { cache } = make({ load: async (key) => (key === 'bad' ? down() : key) })
    await expect(cache.get('bad')).rejects.toThrow('down')
    expect(await cache.get('good')).toBe('good')
  })
})

describe('values', () => {
  it.each([[null], [0], [''], [false]])('of %s are values', async (value) => {
    const { cache, clock } = make()
    const load = vi.fn(async () => value)
    const one = createCache<unknown>({ load, runtime: { clock, random: () => 0 } })
    expect([await one.get('a'), await one.get('a'), load.mock.calls.length]).toEqual([value, value, 1])
    cache.close()
  })

  it('that say "not there" can live shorter', async () => {
    const { cache, clock } = make({ load: async () => null, ttlMs: (value) => (value === null ? 1_000 : ttlMs) })
    await cache.get('a')
    await clock.advance(999)
    expect(cache.peek('a')).toBeNull()
    await clock.advance(1)
    expect(cache.peek('a')).toBeUndefined()
  })

  it('that are set are there, and a load that was under way does not replace them', async () => {
    let answer: ((value: string) => void) | undefined
    const { cache, clock } = make({
      load: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    const asked = cache.get('a')
    await clock.advance(10)
    cache.set('a', 'set')
    expect(await cache.get('a')).toBe('set')
    answer?.('older')
    expect(await asked).toBe('set')
    expect(cache.peek('a')).toBe('set')
    expect(() => cache.set('a', undefined)).toThrow(TypeError)
  })

  it('that are deleted are gone, and a load that was under way does not bring them back', async () => {
    let answer: ((value: string) => void) | undefined
    const { cache } = make({
      load: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    const asked = cache.get('a')
    expect(cache.delete('a')).toBe(true)
    answer?.('old')
    expect(await asked).toBe('old')
    expect([cache.peek('a'), cache.delete('a')]).toEqual([undefined, false])
  })
})

describe('bounds', () => {
  it('the key that was used longest ago goes first', async () => {
    const { cache } = make({ maxEntries: 3 })
    for (const key of ['a', 'b', 'c', 'a', 'd']) await cache.get(key)
    expect(['a', 'b', 'c', 'd'].map((key) => cache.peek(key) !== undefined)).toEqual([true, false, true, true])
    expect(cache.stats()).toMatchObject({ entries: 3, evicted: 1 })
  })

  it('bytes are counted where they are bounded', async () => {
    const { cache } = make({ maxBytes: 1_000, load: async (key) => 'x'.repeat(Number(key)) })
    for (const key of ['200', '201', '202']) await cache.get(key)
    expect(cache.stats()).toMatchObject({ entries: 2, bytes: 806 })
    // More than all may take: given, and not kept.
    expect(await cache.get('600')).toHaveLength(600)
    expect(cache.peek('600')).toBeUndefined()
  })

  it('failures and keys that nobody asks for again do not pile up', async () => {
    const { cache } = make({ maxEntries: 10, load: down })
    for (let key = 0; key < 1_000; key++) await cache.get(`${key}`).catch(() => {})
    expect(cache.stats().entries).toBe(10)
  })
})

describe('warm', () => {
  it('loads at a steady pace, leaves out what is there, and counts what fails', async () => {
    const { cache, load, clock } = make({}, 0.5)
    await cache.get('k0')
    const keys = Array.from({ length: 101 }, (_, index) => `k${index}`)
    load.mockImplementation(async (key) => (key === 'k50' ? down() : key))
    const warming = cache.warm(keys, { perSecond: 10 })
    await clock.advance(1_000)
    expect(load.mock.calls.length).toBeGreaterThanOrEqual(10)
    expect(load.mock.calls.length).toBeLessThanOrEqual(12)
    await clock.advance(10_000)
    expect(await warming).toEqual({ loaded: 99, known: 1, failed: 1 })
  })

  it('ends with its signal, and wants a pace', async () => {
    const { cache, clock, load } = make()
    const stop = new AbortController()
    const warming = cache.warm(['a', 'b', 'c'], { perSecond: 1, signal: stop.signal })
    warming.catch(() => {})
    await clock.advance(1_500)
    stop.abort('enough')
    await expect(warming).rejects.toBe('enough')
    expect(load.mock.calls.length).toBe(2)
    await expect(cache.warm([], { perSecond: 0 })).rejects.toBeInstanceOf(OptionsError)
  })
})

describe('figures', () => {
  it('10,000 keys set together are loaded anew over the jitter window, never above twice its mean', async () => {
    const hourMs = 3_600_000
    const { clock, random } = world(seededRandom(11))
    const perSecond = new Map<number, number>()
    const load = async () => {
      const second = Math.floor(clock.now() / 1_000)
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
      return 1
    }
    const cache = createCache({ load, ttlMs: hourMs, maxEntries: 10_000, runtime: { clock, random } })
    const keys = Array.from({ length: 10_000 }, (_, index) => `k${index}`)
    for (const key of keys) cache.set(key, 0)
    // Read all the time, so that each is loaded anew the moment it may be.
    for (let second = 0; second < 3_600; second++) {
      if (second > 0.7 * 3_600) for (const key of keys) cache.get(key)
      await clock.advance(1_000)
    }
    const windowSeconds = 0.8 * 0.1 * 3_600
    const busiest = Math.max(...perSecond.values())
    if (process.env.BREAKWATER_FIGURES) console.log(`${(busiest / (10_000 / windowSeconds)).toFixed(2)} × the mean`)
    expect([...perSecond.values()].reduce((sum, count) => sum + count, 0)).toBe(10_000)
    expect(busiest / (10_000 / windowSeconds)).toBeLessThanOrEqual(2)
  }, 120_000)

  it('a key that is read 20,000 times a second is loaded once per life', async () => {
    const { cache, load, clock } = make({ ttlMs: 1_000, jitter: 0 })
    load.mockImplementation(async () => {
      await clock.sleep(50)
      return 1
    })
    cache.get('hot')
    await clock.advance(50)
    for (let ms = 0; ms < 8_500; ms += 10) {
      for (let read = 0; read < 200; read++) cache.get('hot')
      await clock.advance(10)
    }
    // One each 800 ms and the 50 that a load takes, in 8.5 s.
    expect(load.mock.calls.length).toBe(11)
    expect(cache.stats()).toMatchObject({ misses: 1, joined: 0, stale: 0 })
  })

  it('XFetch loads a key about e ^ (1 / β) times per life, however often it is read', async () => {
    const { cache, load, clock } = make({ ttlMs: 10_000, jitter: 0, earlyRefresh: { beta: 1 } }, seededRandom(2))
    load.mockImplementation(async () => {
      await clock.sleep(100)
      return 1
    })
    cache.get('hot')
    await clock.advance(100)
    for (let ms = 0; ms < 500_000; ms += 20) {
      for (let read = 0; read < 5; read++) cache.get('hot')
      await clock.advance(20)
    }
    // Here a load is shared while it runs, so each life has one; the early ones make lives shorter, by a few loads' time.
    expect(load.mock.calls.length).toBeGreaterThanOrEqual(50)
    expect(load.mock.calls.length).toBeLessThanOrEqual(60)
    expect(cache.stats().misses).toBeLessThanOrEqual(3)
  })
})

describe('shared with others', () => {
  function fleet(size: number, given: Partial<CacheOptions<unknown>> = {}) {
    const at = world(seededRandom(5))
    const { clock, random } = at
    const place = new MemoryPlace()
    let loads = 0
    const load = vi.fn<CacheOptions<unknown>['load']>(async (key) => {
      await clock.sleep(100)
      return { key, serial: ++loads }
    })
    const caches = Array.from({ length: size }, () => {
      const coordination = memoryCoordination({ place, runtime: { clock, random } })
      return createCache<unknown>({ load, ttlMs, coordination, runtime: { clock, random }, ...given })
    })
    return { ...at, load, caches }
  }

  it('a key is loaded by one for all, in each life', async () => {
    const { caches, load, clock } = fleet(20)
    const first = Promise.all(caches.map((cache) => cache.get('a')))
    await clock.advance(2_000)
    expect(new Set((await first).map((value) => JSON.stringify(value)))).toEqual(new Set(['{"key":"a","serial":1}']))
    for (let second = 0; second < 500; second++) {
      for (const cache of caches) cache.get('a').catch(() => {})
      await clock.advance(1_000)
    }
    expect(load.mock.calls.length).toBeGreaterThanOrEqual(5)
    expect(load.mock.calls.length).toBeLessThanOrEqual(9)
  })

  it('a value that did not change is not loaded by each', async () => {
    const { caches, load, clock } = fleet(20)
    load.mockImplementation(async () => 'same')
    for (let second = 0; second < 500; second++) {
      for (const cache of caches) cache.get('a').catch(() => {})
      await clock.advance(1_000)
    }
    expect(load.mock.calls.length).toBeLessThanOrEqual(9)
  })

  it('what is set or deleted by one is so for who looks next', async () => {
    const { caches, load, clock } = fleet(3)
    const [one, two, three] = caches as [(typeof caches)[0], (typeof caches)[0], (typeof caches)[0]]
    one.set('a', 'by hand')
    const asked = two.get('a')
    await clock.advance(1_000)
    expect([await asked, load.mock.calls.length]).toEqual(['by hand', 0])
    one.delete('a')
    await clock.advance(0)
    const after = [one.get('a'), three.get('a')]
    await clock.advance(2_000)
    expect(await Promise.all(after)).toEqual([
      expect.objectContaining({ serial: 1 }),
      expect.objectContaining({ serial: 1 }),
    ])
  })

  it('two caches of different names share nothing', async () => {
    const at = world(0)
    const coordination = memoryCoordination({ runtime: at })
    const make = (name: string) => createCache({ name, load: async () => name, coordination, runtime: at })
    expect([await make('one').get('a'), await make('two').get('a')]).toEqual(['one', 'two'])
  })
})

it('a close ends what waits, and refuses what comes', async () => {
  const { cache, clock } = make({ load: () => new Promise(() => {}) })
  const waiting = cache.get('a')
  cache.close()
  cache.close()
  await expect(waiting).rejects.toBeInstanceOf(ClosedError)
  await expect(cache.get('a')).rejects.toThrow('the cache is closed')
  expect(() => cache.set('a', 1)).toThrow(ClosedError)
  const warming = cache.warm(['a'], { perSecond: 1 })
  await clock.advance(1_000)
  expect(await warming).toMatchObject({ failed: 1 })
  expect([cache.peek('a'), clock.pending]).toEqual([undefined, 0])
})

it.each<[options: object, option: string]>([
  [{}, 'cache.load'],
  [{ load: async () => 1, ttlMs: 0 }, 'cache.ttlMs'],
  [{ load: async () => 1, jitter: 2 }, 'cache.jitter'],
  [{ load: async () => 1, earlyRefresh: { beta: 0 } }, 'cache.earlyRefresh'],
  [{ load: async () => 1, maxEntries: 0 }, 'cache.maxEntries'],
  [{ load: async () => 1, ttl: 5 }, "no option 'ttl'"],
])('refuses %j', (options, option) => {
  expect(() => createCache(options as never)).toThrow(OptionsError)
  expect(() => createCache(options as never)).toThrow(option)
})
