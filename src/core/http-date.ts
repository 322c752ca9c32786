/** The three forms of RFC 9110, 5.6.7: IMF-fixdate, RFC 850 and asctime. Each is anchored, so matching is linear. */
const forms = [
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>\w{3}) (?<day>\d\d| \d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
]

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const longestDate = 'Wednesday, 06-Nov-94 08:49:37 GMT'.length

/**
 * Epoch ms of an HTTP-date, or undefined for anything else. `Date.parse` is no alternative: it takes "1", "2026" and
 * local times for dates.
 *
 * @param wallNow epoch ms, against which a two-digit year is read (at most 50 years ahead)
 */
export function parseHttpDate(text: string, wallNow: number): number | undefined {
  if (text.length > longestDate) return undefined
  for (const form of forms) {
    const parts = form.exec(text)?.groups
    if (parts === undefined) continue
    const { day = '', month = '', year = '', time = '' } = parts
    return epochMs(fullYear(year, wallNow), months.indexOf(month), Number(day), time)
  }
  return undefined
}

function epochMs(year: number, month: number, day: number, time: string): number | undefined {
  const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number)
  // 60 is a leap second.
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined
  const midnight = new Date(0)
  midnight.setUTCFullYear(year, month, day)
  if (midnight.getUTCMonth() !== month || midnight.getUTCDate() !== day) return undefined
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000
}

function fullYear(digits: string, wallNow: number): number {
  const year = Number(digits)
  if (digits.length === 4) return year
  const latest = new Date(wallNow).getUTCFullYear() + 50
  return latest - ((latest - year) % 100)
}
