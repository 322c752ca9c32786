import { describe, expect, it } from 'vitest'
import { stack } from '../../src/core/layer.ts'
import { OptionsError } from '../../src/core/options.ts'
import { Registry } from '../../src/upstream/registry.ts'
import type { UpstreamOptions } from '../../src/upstream/upstream.ts'
import { world } from '../support/world.ts'

const bound = 1_000

function registryOf(options: Partial<UpstreamOptions> = {}) {
  const w = world()
  const registry = new Registry({ attemptMs: 10_000, breaker: { consecutive: 1 }, ...options }, w)
  const known = () => Object.keys(registry.health())
  /** Talks to so many servers that nobody has talked to before. */
  let others = 0
  const meet = (count: number) => {
    for (let index = 0; index < count; index++) registry.get(`other-${others++}:80`)
  }
  const phase = (key: string) => registry.get(key).circuit.phase
  const open = (key: string) => registry.get(key).circuit.acquire().failure('failure', 10)
  return { w, registry, known, meet, phase, open }
}

describe('the registry', () => {
  it('has one upstream per key', () => {
    const { registry } = registryOf()
    const upstream = registry.get('a:80')
    expect(registry.get('a:80')).toBe(upstream)
    expect(registry.get('b:80')).not.toBe(upstream)
    expect(upstream.authority).toBe('a:80')
  })

  it('reports bad options when it is built, before there is any upstream', () => {
    expect(() => registryOf({ breaker: { openMs: -1 } })).toThrow(OptionsError)
    expect(() => registryOf({ budget: { cost: Number.NaN } })).toThrow(OptionsError)
    expect(registryOf().known()).toEqual([])
  })

  it('forgets idle ones beyond the bound, those used longest ago first', () => {
    const { registry, known, meet } = registryOf()
    const [a, b] = [registry.get('a:80'), registry.get('b:80')]
    meet(bound - 2)
    expect(registry.get('a:80')).toBe(a)
    meet(1)
    expect(known().length).toBe(bound)
    expect(known()).toContain('a:80')
    expect(known()).not.toContain('b:80')
    expect(registry.get('b:80')).not.toBe(b)
  })

  it('gives one that was kept by somebody again, and a new one for it if it was forgotten since', () => {
    const { registry, known, meet } = registryOf()
    const kept = registry.get('kept:80')
    for (let round = 0; round < 3; round++) {
      meet(bound - 1)
      expect(registry.use(kept)).toBe(kept)
    }
    meet(bound)
    expect(known()).not.toContain('kept:80')
    const fresh = registry.use(kept)
    expect(fresh).not.toBe(kept)
    expect(fresh.authority).toBe('kept:80')
    expect(registry.use(kept)).toBe(fresh)
    expect(registry.use(fresh)).toBe(registry.get('kept:80'))
    expect(known().length).toBe(bound)
  })

  it('completes the options once, for all its upstreams', () => {
    const { registry } = registryOf({ limit: { max: 5 }, budget: { cost: 7 } })
    const [a, b] = [registry.get('a:80'), registry.get('b:80')]
    expect(a.circuit.options).toMatchObject({ consecutive: 1, halfOpenMs: 20_000 })
    expect(a.limiter?.options.max).toBe(5)
    for (const part of ['budget', 'circuit', 'gate', 'limiter'] as const) {
      expect(a[part]?.options).toBe(b[part]?.options)
      expect(a[part]).not.toBe(b[part])
    }
    expect(registryOf().registry.get('a:80').limiter?.options.max).not.toBe(5)
  })

  it('never forgets one with calls under way', () => {
    const { registry, known, meet } = registryOf()
    const busy = registry.get('busy:80')
    busy.calls++
    meet(2 * bound)
    expect(registry.get('busy:80')).toBe(busy)
    expect(known().length).toBe(bound)
    busy.calls--
    meet(bound)
    expect(registry.get('busy:80')).not.toBe(busy)
  })

  it('never forgets the one that is asked for, however busy all others are', () => {
    const { registry, meet } = registryOf()
    meet(bound)
    for (let index = 0; index < bound; index++) registry.get(`other-${index}:80`).calls++
    expect(registry.get('new:80')).toBe(registry.get('new:80'))
  })

  it('keeps one that is open or shut until its time is over', async () => {
    const { w, registry, known, meet, open } = registryOf()
    open('open:80')
    const shut = registry.get('shut:80')
    const layers = shut.layers<string, string>({
      judge: { value: () => 'success', error: () => 'failure' },
      read: () => ({ afterMs: 60_000, header: 'retry-after' }),
    })
    await stack(layers, async () => 'busy', w)('request', w.context())
    meet(bound)
    expect(known()).toEqual(expect.arrayContaining(['open:80', 'shut:80']))
    await w.clock.advance(1_000)
    meet(bound)
    expect(known()).not.toContain('open:80')
    expect(known()).toContain('shut:80')
    await w.clock.advance(60_000)
    meet(bound)
    expect(known()).not.toContain('shut:80')
  })

  it('stays bounded where a thousand servers are dead', async () => {
    const { w, registry, known, open } = registryOf()
    for (let index = 0; index < 3 * bound; index++) {
      open(`dead-${index}:80`)
      await w.clock.advance(10)
    }
    await w.clock.advance(60_000)
    registry.get('last:80')
    expect(known().length).toBe(bound)
  })
})

describe('isolate', () => {
  it('holds one circuit open, met before or not, and lets it go', () => {
    const { registry, phase } = registryOf()
    registry.get('met:80')
    const holds = [registry.isolate('met:80'), registry.isolate('new:80')]
    expect(['met:80', 'new:80', 'other:80'].map(phase)).toEqual(['isolated', 'isolated', 'closed'])
    for (const hold of holds) hold[Symbol.dispose]()
    expect(['met:80', 'new:80'].map(phase)).toEqual(['closed', 'closed'])
  })

  it('is not forgotten with its upstream', () => {
    const { registry, meet, phase } = registryOf()
    registry.isolate('held:80')
    meet(2 * bound)
    expect(phase('held:80')).toBe('isolated')
  })

  it('without a key holds all of them open, those included that come later', () => {
    const { registry, phase } = registryOf()
    registry.get('met:80')
    const hold = registry.isolate()
    registry.get('new:80')
    expect(['met:80', 'new:80'].map(phase)).toEqual(['isolated', 'isolated'])
    hold[Symbol.dispose]()
    expect(['met:80', 'new:80', 'later:80'].map(phase)).toEqual(['closed', 'closed', 'closed'])
  })

  it('holds as long as anybody asks for it, and each lets go once', () => {
    const { registry, phase } = registryOf()
    const [all, again, one] = [registry.isolate(), registry.isolate(), registry.isolate('a:80')]
    expect(phase('b:80')).toBe('isolated')
    all[Symbol.dispose]()
    all[Symbol.dispose]()
    expect(['a:80', 'b:80', 'c:80'].map(phase)).toEqual(['isolated', 'isolated', 'isolated'])
    again[Symbol.dispose]()
    expect(['a:80', 'b:80', 'c:80'].map(phase)).toEqual(['isolated', 'closed', 'closed'])
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    expect(phase('a:80')).toBe('closed')
  })
})
