import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OptionsError } from '../../src/core/options.ts'
import { encodeHint, parseHint, reconnectHint } from '../../src/socket/index.ts'

const span = fc.nat(3_600_000)

describe('reconnectHint', () => {
  it('is 1.1 times what the fleet takes to be accepted', () => {
    expect(reconnectHint({ connections: 10_000, acceptPerSecond: 200 })).toEqual({ afterMs: 0, withinMs: 55_000 })
    const later = reconnectHint({ connections: 1, acceptPerSecond: 3, afterMs: 2_000.4 })
    expect(later).toEqual({ afterMs: 2_000, withinMs: 367 })
  })

  it('is an hour at most', () => {
    expect(reconnectHint({ connections: 1e9, acceptPerSecond: 1 }).withinMs).toBe(3_600_000)
  })

  it.each([
    {},
    { connections: 5 },
    { acceptPerSecond: 5 },
    { connections: -1, acceptPerSecond: 5 },
    { connections: 5, acceptPerSecond: 0 },
    { connections: Number.NaN, acceptPerSecond: 5 },
    { connections: 5, acceptPerSecond: 5, afterMs: 3_600_001 },
    { connections: 5, acceptPerSecond: 5, withinMs: 1 },
  ])('refuses %o', (capacity) => {
    expect(() => reconnectHint(capacity as never)).toThrow(OptionsError)
  })
})

describe('a hint as text', () => {
  it('comes back as it went, in no more than a close reason holds', () => {
    const runs = fc.property(span, span, (afterMs, withinMs) => {
      const text = encodeHint({ afterMs, withinMs })
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(123)
      expect(parseHint(text)).toEqual({ afterMs, withinMs })
    })
    fc.assert(runs)
  })

  it.each([
    { afterMs: -1, withinMs: 0 },
    { afterMs: 0, withinMs: 3_600_001 },
    { afterMs: Number.NaN, withinMs: 1 },
  ])('is not made of %o', (hint) => {
    expect(() => encodeHint(hint)).toThrow(OptionsError)
  })

  it.each([
    '',
    '{}',
    '[]',
    'null',
    '1',
    '{"afterMs":1}',
    '{"withinMs":-1}',
    '{"withinMs":"1"}',
    '{"withinMs":1e999}',
    '{"withinMs":3600001}',
    '{"afterMs":3600001,"withinMs":1}',
    '{"afterMs":null,"withinMs":1}',
    '{"withinMs":1',
    ' {"withinMs":1}',
    `{"withinMs":1,"more":"${'x'.repeat(120)}"}`,
  ])('is undefined for %s', (text) => {
    expect(parseHint(text)).toBeUndefined()
  })

  it('needs the window only, and leaves what it does not know alone', () => {
    expect(parseHint('{"withinMs":5}')).toEqual({ afterMs: 0, withinMs: 5 })
    expect(parseHint('{"withinMs":5,"afterMs":1.5,"why":"deploy"}')).toEqual({ afterMs: 1.5, withinMs: 5 })
  })

  it('is read from anything without a throw, and never out of bounds', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.json(),
      fc.record({ afterMs: fc.anything(), withinMs: fc.anything() }).map((value) => {
        try {
          return JSON.stringify(value)
        } catch {
          return '{'
        }
      }),
      fc.anything(),
    )
    const runs = fc.property(texts, (text) => {
      const hint = parseHint(text as string)
      if (hint === undefined) return
      for (const ms of [hint.afterMs, hint.withinMs]) {
        expect(ms).toBeGreaterThanOrEqual(0)
        expect(ms).toBeLessThanOrEqual(3_600_000)
      }
    })
    fc.assert(runs, { numRuns: 2_000 })
  })
})
