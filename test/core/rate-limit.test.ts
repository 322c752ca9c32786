import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRateLimit } from '../../src/core/rate-limit.ts'

describe('parseRateLimit', () => {
  it.each([
    ['"default";r=50;t=30', 30_000],
    ['"default";r=999;pk=:dHJpYWwxMjEzMjM=:', undefined],
    ['"default";r=300000000;t=60;pk=:QXBwLTk5OQ==:', 60_000],
    ['"problemPolicy";r=0;t=10', 10_000],
    ['"default";r=1;t=7', 7_000],
    ['"daily";r=1;t=86400', 86_400_000],
    ['"default";r=0;t=50', 50_000],
    ['"dayLimit";r=100;t=36000', 36_000_000],
    ['"dynamic";r=0;t=20', 20_000],
  ])('reads the example of the draft: %s', (text, afterMs) => {
    expect(parseRateLimit(text)).toBe(afterMs)
  })

  it('takes 0 for at once', () => {
    expect(parseRateLimit('"default";r=0;t=0')).toBe(0)
  })
})

describe('of several policies', () => {
  it.each([
    ['the exhausted one counts', '"burst";r=0;t=5, "daily";r=120;t=3600', 5_000],
    ['wherever it stands', '"daily";r=120;t=3600,"burst";r=0;t=5', 5_000],
    ['even when it comes back last', '"burst";r=3;t=5, "daily";r=0;t=3600', 3_600_000],
    ['the latest of the exhausted ones', '"burst";r=0;t=5, "daily";r=0;t=3600, "hourly";r=0;t=600', 3_600_000],
    ['the earliest when none is exhausted', '"daily";r=9;t=3600, "burst";r=1;t=5', 5_000],
    ['an exhausted one without a time gives way to one with', '"burst";r=0, "daily";r=0;t=60', 60_000],
    ['one without a time says nothing', '"burst";r=5, "daily";r=7', undefined],
  ])('%s', (_what, text, afterMs) => {
    expect(parseRateLimit(text)).toBe(afterMs)
  })
})

describe('what RFC 9651 allows around it', () => {
  it.each([
    ['spaces after a semicolon', '"a"; r=0; t=5'],
    ['tabs and spaces around the comma', '"a";r=0;t=5 \t,\t "b";r=1;t=1'],
    ['a name with escapes', '"say \\"\\\\\\"";r=0;t=5'],
    ['a name with all that a field could end with', '"a;r=9;t=9,:b:";r=0;t=5'],
    ['an empty name', '"";r=0;t=5'],
    ['parameters in any order', '"a";t=5;r=0'],
    ['the last one of two alike', '"a";t=7;r=1;t=5;r=0'],
    ['vendor parameters of every type', '"a";x-b=?1;flag;*c=tok:en/1*;d="t";e=-1.25;f=:YQ==:;r=0;t=5'],
    ['dates and display strings', '"a";until=@1659578233;label=%"f%c3%bc";r=0;t=5'],
  ])('%s', (_what, text) => {
    expect(parseRateLimit(text)).toBe(5_000)
  })
})

describe('malformed', () => {
  it.each([
    '',
    ' ',
    ',',
    '5',
    '"default"',
    '"default";t=5',
    '"default";r=0;t',
    '"default";r;t=5',
    '"default";r=-1;t=5',
    '"default";r=0;t=-5',
    '"default";r=0;t=1.5',
    '"default";r=0.5;t=5',
    '"default";r=0;t=1e3',
    '"default";r=0;t=0x10',
    '"default";r=0;t=Infinity',
    '"default";r=0;t="5"',
    '"default";r="0";t=5',
    '"default";r=0;t=1234567890123456',
    '"default";r=0;t=',
    '"default";=0;t=5',
    '"default";r=0;T=5;r=?0',
    '"default";R=0;t=5',
    '"default";r=0;t=5,',
    ',"default";r=0;t=5',
    '"default";r=0;t=5,,"b";r=0;t=1',
    '"default";r=0;t=5 "b";r=0;t=1',
    '"default";r=0;t=5;',
    '"default;r=0;t=5',
    '"def\\ault";r=0;t=5',
    '"défault";r=0;t=5',
    "'default';r=0;t=5",
    '"a"=1;r=0;t=5',
    '("a" "b");r=0;t=5',
    ':YQ:;r=0;t=5;k=:Y Q:',
    'limit=100, remaining=0, reset=5',
    '"good";r=0;t=5, "bad";r=x;t=5',
    '"good";r=0;t=5, "bad";t=5',
    '"good";r=0;t=5, "bad";r=0;t=1.5',
    '"a";r=0;t=5"b";r=0;t=1',
    '{"r":0,"t":5}',
  ])('%j is ignored', (text) => {
    expect(parseRateLimit(text)).toBeUndefined()
  })

  it('a field longer than any server sends is not read', () => {
    const padded = (length: number) => {
      const field = '"a";r=0;t=5;x=""'
      return field.replace('""', `"${'b'.repeat(length - field.length)}"`)
    }
    expect(parseRateLimit(padded(4_096))).toBe(5_000)
    expect(parseRateLimit(padded(4_097))).toBeUndefined()
  })

  it('no text makes it throw or give anything but whole seconds', () => {
    const piece = fc.constantFrom(
      '"a"',
      ';',
      'r',
      't',
      '=',
      '0',
      '5',
      ',',
      ' ',
      '"',
      '\\',
      ':',
      '?1',
      '-',
      '.',
      '@',
      '%"',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
        ),
        (text) => {
          const afterMs = parseRateLimit(text)
          if (afterMs !== undefined) expect(Number.isSafeInteger(afterMs / 1000) && afterMs >= 0).toBe(true)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

it('reads back whatever is written', () => {
  const seconds = fc.oneof(fc.nat(100_000), fc.integer({ min: 0, max: 999_999_999_999_999 }))
  const policy = fc.record({ r: fc.nat(3), t: fc.option(seconds, { nil: undefined }) })
  fc.assert(
    fc.property(fc.array(policy, { minLength: 1, maxLength: 8 }), (policies) => {
      const text = policies.map(({ r, t }, index) => `"p${index}";r=${r}${t === undefined ? '' : `;t=${t}`}`).join(', ')
      const timed = policies.filter((one): one is { r: number; t: number } => one.t !== undefined)
      const exhausted = timed.filter(({ r }) => r === 0).map(({ t }) => t * 1000)
      const all = timed.map(({ t }) => t * 1000)
      expect(parseRateLimit(text)).toBe(
        exhausted.length > 0 ? Math.max(...exhausted) : all.length > 0 ? Math.min(...all) : undefined,
      )
    }),
  )
})
