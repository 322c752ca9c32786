import { expect, it } from 'vitest'
import { seededRandom } from '../../src/core/random.ts'
import { HerdWatch } from '../../src/telemetry/herd.ts'
import { HotKey } from '../../src/telemetry/hot-key.ts'
import { heapGrowth } from '../core/heap-growth.ts'
import { world } from '../support/world.ts'

it('knows nothing before the first call', () => {
  expect(new HotKey().top).toBeUndefined()
})

it.each([0.3, 0.6, 0.9])('finds the share of a key among thousands: %d', (share) => {
  const random = seededRandom(3)
  const hotKey = new HotKey()
  for (let call = 0; call < 20_000; call++) hotKey.add(random() < share ? 'hot' : `cold ${call % 5_000}`)
  // Whoever takes a place takes over its count, so what is found may be a little too much, and never too little.
  expect((hotKey.top?.share ?? 0) - share).toBeGreaterThan(-0.02)
  expect((hotKey.top?.share ?? 1) - share).toBeLessThan(0.12)
})

it.each([2, 3, 4, 5, 7, 8])('is not deceived by %d keys in turn', (keys) => {
  const hotKey = new HotKey()
  for (let call = 0; call < 10_000; call++) hotKey.add(`key ${call % keys}`)
  expect(hotKey.top?.share).toBeGreaterThan(0.9 / keys)
  expect(hotKey.top?.share).toBeLessThan(1.1 / keys + 0.02)
})

it('doubts what a few calls seem to say', () => {
  const hotKey = new HotKey()
  for (let call = 0; call < 40; call++) hotKey.add('hot')
  expect(hotKey.top).toMatchObject({ share: 1 })
  expect(0.5 + (hotKey.top?.doubt ?? 0)).toBeGreaterThan(1)
  for (let call = 0; call < 4_000; call++) hotKey.add('hot')
  expect(hotKey.top?.doubt).toBeLessThan(0.1)
})

it('forgets with time', () => {
  const hotKey = new HotKey()
  for (let call = 0; call < 1_000; call++) hotKey.add('hot')
  const { hash } = hotKey.top ?? {}
  hotKey.fade(20_000)
  for (let call = 0; call < 1_000; call++) hotKey.add('hotter')
  expect(hotKey.top?.hash).not.toBe(hash)
  expect(hotKey.top?.share).toBeGreaterThan(0.9)
  hotKey.fade(3_600_000)
  expect(hotKey.top).toBeUndefined()
})

it('tells a key by a hash, the same for the same key', () => {
  const hashOf = (key: string) => {
    const hotKey = new HotKey()
    hotKey.add(key)
    return hotKey.top?.hash
  }
  expect(hashOf('GET https://api.example/a')).toMatch(/^[0-9a-f]{8}$/)
  expect(hashOf('GET https://api.example/a')).toBe(hashOf('GET https://api.example/a'))
  expect(hashOf('GET https://api.example/a')).not.toBe(hashOf('GET https://api.example/b'))
})

it('takes no more memory for a million keys than for a few', () => {
  const w = world()
  const watch = new HerdWatch(w, 'api.example:443')
  const many = (calls: number) => {
    for (let call = 0; call < calls; call++) {
      watch.called(`GET https://api.example/${call}`)
      watch.attempted(false)
      watch.answered('success', 10)
    }
  }
  many(1_000)
  expect(heapGrowth(() => many(1_000_000))).toBeLessThan(100_000)
})
