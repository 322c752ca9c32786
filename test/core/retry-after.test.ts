import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRetryAfter, parseSeconds } from '../../src/core/retry-after.ts'

const now = Date.UTC(2026, 5, 15, 12, 0, 0)

describe('parseRetryAfter', () => {
  it.each([
    ['0', 0],
    ['1', 1_000],
    ['120', 120_000],
    ['007', 7_000],
    ['999999999999999', 999_999_999_999_999_000],
  ])('reads %s seconds', (text, afterMs) => {
    expect(parseRetryAfter(text, now)).toBe(afterMs)
  })

  it.each(['Mon, 15 Jun 2026 12:00:30 GMT', 'Monday, 15-Jun-26 12:00:30 GMT', 'Mon Jun 15 12:00:30 2026'])(
    'reads a date: %s',
    (text) => {
      expect(parseRetryAfter(text, now)).toBe(30_000)
    },
  )

  it('takes a date that has passed for at once', () => {
    expect(parseRetryAfter('Mon, 15 Jun 2026 11:59:59 GMT', now)).toBe(0)
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', now)).toBe(0)
  })

  it('reads a date in the far future for what it says', () => {
    expect(parseRetryAfter('Fri, 31 Dec 9999 23:59:59 GMT', now)).toBe(Date.UTC(9999, 11, 31, 23, 59, 59) - now)
  })

  it.each([
    '',
    ' ',
    '-1',
    '+1',
    '-0',
    '1e3',
    '0x10',
    '0b1',
    '1_000',
    '1,000',
    '1, 5',
    '1;5',
    '1.5',
    '1.',
    '.5',
    ' 5',
    '5 ',
    '5\n',
    '5s',
    '٣',
    'NaN',
    'Infinity',
    'null',
    'undefined',
    '[5]',
    '9'.repeat(16),
    '9'.repeat(10_000),
    '2026-06-15T12:00:30Z',
    'Jun 15 2026',
  ])('%j is malformed', (text) => {
    expect(parseRetryAfter(text, now)).toBeUndefined()
  })

  it.each([16, 17, 400, 10_000])('%d digits are no number of seconds', (length) => {
    for (const digit of ['0', '1', '9']) expect(parseRetryAfter(digit.repeat(length), now)).toBeUndefined()
  })

  it('any whole seconds and any date come back as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), fc.integer({ min: 0, max: 10 ** 10 }), (seconds, at) => {
        expect(parseRetryAfter(String(seconds), at)).toBe(seconds * 1000)
        const date = new Date(at * 1000 + seconds * 1000)
        expect(parseRetryAfter(date.toUTCString(), at * 1000)).toBe(seconds * 1000)
      }),
    )
  })

  it('no text makes it throw or give anything but a finite wait', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9 ,:GMTSun-]{0,40}$/)), (text) => {
        const afterMs = parseRetryAfter(text, now)
        if (afterMs !== undefined) expect(Number.isFinite(afterMs) && afterMs >= 0).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('parseSeconds', () => {
  it('takes up to 15 digits, and nothing else', () => {
    expect(parseSeconds('9'.repeat(15))).toBe(999_999_999_999_999)
    expect(parseSeconds('9'.repeat(16))).toBeUndefined()
    expect(parseSeconds('1e3')).toBeUndefined()
  })
})
