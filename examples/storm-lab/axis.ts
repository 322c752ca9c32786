/** A time axis is marked at these, in seconds. */
export const marks = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400]

/** And it ends at one of these, so that it does not move with every second. */
const ends = [10, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1_200, 1_800, 2_700, 3_600, 5_400, ...marks]

/** Where a time axis ends that has to reach so far. */
export function roundSeconds(seconds: number): number {
  return ends.find((end) => end >= seconds) ?? roundTop(seconds)
}

/** The same for an axis of counts. */
export function roundTop(most: number): number {
  if (most <= 5) return 5
  const power = 10 ** Math.floor(Math.log10(most))
  return power * ([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((step) => step * power >= most) ?? 10)
}

/** `45 s`, `2:30 min`, `1:30 h`: short enough for a mark. */
export function inTime(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  const [small, unit] = seconds < 7_200 ? [seconds, 'min'] : [Math.round(seconds / 60), 'h']
  const rest = small % 60 === 0 ? '' : `:${String(small % 60).padStart(2, '0')}`
  return `${Math.floor(small / 60)}${rest} ${unit}`
}
