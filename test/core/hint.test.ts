import { describe, expect, it, vi } from 'vitest'
import { seededRandom } from '../../src/core/random.ts'
import { hintHeaders, readHint } from '../../src/core/retry-after.ts'

const now = Date.UTC(2026, 5, 15, 12, 0, 0)
const read = (headers: Record<string, string | null>, wallNow = now) =>
  readHint((name) => headers[name], hintHeaders, wallNow)

describe('readHint', () => {
  it.each([
    ['retry-after', '7', 7_000],
    ['retry-after', 'Mon, 15 Jun 2026 12:00:30 GMT', 30_000],
    ['ratelimit', '"default";r=0;t=9', 9_000],
    ['ratelimit-reset', '11', 11_000],
    ['x-ratelimit-retry-after', '13', 13_000],
  ])('reads %s: %s', (header, text, afterMs) => {
    expect(read({ [header]: text })).toEqual({ afterMs, header })
  })

  it('believes them in the order of the list', () => {
    const headers: Record<string, string> = {
      'x-ratelimit-retry-after': '5',
      'x-ratelimit-reset': '4',
      'ratelimit-reset': '3',
      ratelimit: '"a";r=0;t=2',
      'retry-after': '1',
    }
    for (const afterMs of [1_000, 2_000, 3_000, 4_000, 5_000]) {
      const hint = read(headers)
      expect(hint?.afterMs).toBe(afterMs)
      delete headers[hint?.header as string]
    }
    expect(read(headers)).toBeUndefined()
  })

  it('passes over what is malformed or empty', () => {
    const headers = { 'retry-after': '1e3', ratelimit: '', 'ratelimit-reset': null, 'x-ratelimit-reset': '4' }
    expect(read(headers)).toEqual({ afterMs: 4_000, header: 'x-ratelimit-reset' })
    expect(read({ 'retry-after': '-1' })).toBeUndefined()
  })

  it('reads only the headers that it is told to', () => {
    const get = vi.fn((name: string) => (name === 'retry-after' ? '5' : null))
    expect(readHint(get, ['x-ratelimit-reset'], now)).toBeUndefined()
    expect(get).toHaveBeenCalledExactlyOnceWith('x-ratelimit-reset')
    expect(readHint(get, [], now)).toBeUndefined()
  })

  it('does not mind space around a value', () => {
    expect(read({ 'retry-after': ' 5\t' })?.afterMs).toBe(5_000)
  })

  it('does not mistake one header’s form for another’s', () => {
    expect(read({ 'retry-after': '"default";r=0;t=9' })).toBeUndefined()
    expect(read({ ratelimit: '9' })).toBeUndefined()
    expect(read({ ratelimit: 'Mon, 15 Jun 2026 12:00:30 GMT' })).toBeUndefined()
  })
})

describe('a clock that is wrong', () => {
  const retryAfter = 'Mon, 15 Jun 2026 12:00:30 GMT'
  const yearMs = 365 * 86_400_000

  it.each([-20 * yearMs, -3_600_000, 0, 3_600_000, 20 * yearMs])(
    'by %d ms does no harm where the server says its own time',
    (skewMs) => {
      expect(read({ date: 'Mon, 15 Jun 2026 12:00:00 GMT', 'retry-after': retryAfter }, now + skewMs)?.afterMs).toBe(
        30_000,
      )
    },
  )

  it('is all there is without a Date that can be read', () => {
    for (const date of [null, '', '2026-06-15', '12']) {
      expect(read({ date, 'retry-after': retryAfter }, now - 10_000)?.afterMs).toBe(40_000)
    }
  })

  it('does not touch a wait in seconds', () => {
    expect(read({ date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': '30' })?.afterMs).toBe(30_000)
  })
})

describe('x-ratelimit-reset', () => {
  const reset = (text: string, headers: Record<string, string> = {}, wallNow = now) =>
    read({ 'x-ratelimit-reset': text, ...headers }, wallNow)?.afterMs

  it.each([
    ['seconds from now', '60', 60_000],
    ['the longest wait in seconds', '999999999', 999_999_999_000],
    ['epoch seconds', String(now / 1000 + 60), 60_000],
    ['epoch ms', String(now + 60_500), 60_500],
    ['a date', 'Mon, 15 Jun 2026 12:01:00 GMT', 60_000],
    ['epoch seconds that have passed', String(now / 1000 - 60), 0],
    ['epoch ms that have passed', String(now - 60_000), 0],
  ])('in %s', (_form, text, afterMs) => {
    expect(reset(text)).toBe(afterMs)
  })

  it('as an epoch is read against the server’s own time', () => {
    const date = 'Mon, 15 Jun 2026 12:00:00 GMT'
    expect(reset(String(now / 1000 + 60), { date }, now - 3_600_000)).toBe(60_000)
    expect(reset(String(now + 60_000), { date }, now + 3_600_000)).toBe(60_000)
  })

  it.each(['-1', '1.5', '1e9', 'soon', '1, 5', '9'.repeat(16)])('%s is malformed', (text) => {
    expect(reset(text)).toBeUndefined()
  })

  it('only there: the others mean seconds from now, however many', () => {
    const epoch = String(now / 1000 + 60)
    for (const header of ['retry-after', 'ratelimit-reset', 'x-ratelimit-retry-after']) {
      expect(read({ [header]: epoch })?.afterMs).toBe(now + 60_000)
    }
  })
})

describe('hostile values', () => {
  const random = seededRandom(9)
  const noise = (alphabet: string) => (length: number) =>
    Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
  const repeat = (text: string) => (length: number) => text.repeat(Math.ceil(length / text.length)).slice(0, length)
  const kinds: Record<string, (length: number) => string> = {
    digits: noise('0123456789'),
    'printable noise': noise(Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')),
    'the characters of a date': noise('SunMoGT 0123456789:,-'),
    'the characters of a rate limit': noise('"rt=;,0123456789:'),
    'an unfinished text': (length) => `"${'a'.repeat(length)}`,
    'escapes without end': repeat('\\"'),
    'parameters without end': (length) => `"a"${repeat(';r=0;t=1')(length)}`,
    'policies without end': repeat('"a";r=0;t=1, '),
    'spaces within': (length) => `1${' '.repeat(length)}1`,
    'commas without end': repeat(','),
    'spaces and semicolons': repeat(' ;'),
  }

  /** The best of several runs: what the text costs and not what else the machine does. */
  const costMs = (text: string) => {
    const headers = Object.fromEntries([...hintHeaders, 'date'].map((name) => [name, text]))
    const runs = Array.from({ length: 7 }, () => {
      const start = performance.now()
      read(headers)
      return performance.now() - start
    })
    return Math.min(...runs)
  }

  it.each(Object.entries(kinds))('of 100 kB cost no more than in proportion: %s', (_kind, make) => {
    const [short, long] = [make(10_000), make(100_000)]
    // Ten times the length for ten times the work; a hundred times would be the square. Below 1 ms clocks are noise.
    expect(costMs(long)).toBeLessThan(50 * Math.max(1, costMs(short)))
    expect(read(Object.fromEntries(hintHeaders.map((name) => [name, long])))).toBeUndefined()
  })
})
