import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHttpDate } from '../../src/core/http-date.ts'

const now = Date.UTC(2026, 5, 15)
const parse = (text: string, wallNow = now) => parseHttpDate(text, wallNow)

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

function write(epochMs: number) {
  const date = new Date(epochMs)
  const two = (value: number) => String(value).padStart(2, '0')
  const weekday = days[date.getUTCDay()] as string
  const month = months[date.getUTCMonth()] as string
  const day = date.getUTCDate()
  const year = String(date.getUTCFullYear()).padStart(4, '0')
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')
  return {
    imf: `${weekday.slice(0, 3)}, ${two(day)} ${month} ${year} ${time} GMT`,
    rfc850: `${weekday}, ${two(day)}-${month}-${year.slice(2)} ${time} GMT`,
    asctime: `${weekday.slice(0, 3)} ${month} ${String(day).padStart(2, ' ')} ${time} ${year}`,
  }
}

describe('parseHttpDate', () => {
  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads the example of RFC 9110: %s',
    (text) => {
      expect(parse(text)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37))
    },
  )

  it('reads every date it could be sent, in each of the three forms', () => {
    const second = fc.integer({ min: Date.parse('0001-01-01') / 1000, max: Date.UTC(9999, 11, 31, 23, 59, 59) / 1000 })
    fc.assert(
      fc.property(second, (epochSeconds) => {
        const epochMs = epochSeconds * 1000
        const { imf, rfc850, asctime } = write(epochMs)
        expect(parse(imf)).toBe(epochMs)
        expect(parse(asctime)).toBe(epochMs)
        expect(parse(rfc850, epochMs)).toBe(epochMs)
      }),
      { numRuns: 1_000 },
    )
  })

  it('agrees with the platform on how to write one', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        expect(parse(date.toUTCString())).toBe(Math.floor(date.getTime() / 1000) * 1000)
      }),
    )
  })

  it('does not take a year of four digits below 100 for one of two', () => {
    expect(parse('Sat, 01 Jan 0050 00:00:00 GMT')).toBe(Date.parse('0050-01-01'))
  })

  it('lets a leap second be the next one', () => {
    expect(parse('Sat, 31 Dec 2016 23:59:60 GMT')).toBe(Date.UTC(2017, 0, 1))
    expect(parse('Sat, 31 Dec 2016 23:59:61 GMT')).toBeUndefined()
  })

  it('knows which years have a 29th of February', () => {
    const leap = (year: string) => parse(`Thu, 29 Feb ${year} 00:00:00 GMT`)
    expect([leap('2024'), leap('2000')]).toEqual([Date.UTC(2024, 1, 29), Date.UTC(2000, 1, 29)])
    expect([leap('2023'), leap('1900')]).toEqual([undefined, undefined])
  })

  it.each([
    '',
    ' ',
    '0',
    '1',
    '2026',
    '2026-06-15',
    '2026-06-15T00:00:00Z',
    'Sun, 30 Feb 2020 00:00:00 GMT',
    'Sun, 31 Apr 2020 00:00:00 GMT',
    'Sun, 00 Jan 2020 00:00:00 GMT',
    'Sun, 32 Jan 2020 00:00:00 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 8:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Xyz, 06 Nov 1994 08:49:37 GMT',
    'Sun,06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov  6 08:49:37 1994 GMT',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT\n',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, ٠٦ Nov 1994 08:49:37 GMT',
  ])('does not take %j for one', (text) => {
    expect(parse(text)).toBeUndefined()
  })
})

describe('the year of the RFC 850 form', () => {
  const yearOf = (digits: string, thisYear: number) => {
    const epochMs = parse(`Monday, 15-Jun-${digits} 00:00:00 GMT`, Date.UTC(thisYear, 5, 15))
    return new Date(epochMs as number).getUTCFullYear()
  }

  it.each([
    ['26', 2026, 2026],
    ['76', 2026, 2076],
    ['77', 2026, 1977],
    ['94', 2026, 1994],
    ['99', 1999, 1999],
    ['00', 1999, 2000],
    ['00', 2000, 2000],
    ['00', 2099, 2100],
    ['05', 2080, 2105],
    ['50', 2000, 2050],
    ['51', 2000, 1951],
  ])('%s, read in %d, is %d: at most 50 years ahead, else the latest one past', (digits, thisYear, year) => {
    expect(yearOf(digits, thisYear)).toBe(year)
  })

  it('is the latest one with these digits that is not more than 50 years ahead', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1970, max: 2400 }), fc.nat(99), (thisYear, digits) => {
        const year = yearOf(String(digits).padStart(2, '0'), thisYear)
        expect(year % 100).toBe(digits)
        expect(year).toBeLessThanOrEqual(thisYear + 50)
        expect(year).toBeGreaterThan(thisYear - 50)
      }),
    )
  })
})
