/** What a suffix multiplies a count by: `100k`, `1M`. */
const thousands: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, g: 1e9 }

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, min: 6e4, h: 36e5, d: 864e5 }

const plain = /^[+-]?(\d+(_\d+)*)?(\.\d+)?(e[+-]?\d+)?$/i

/** `100000`, `100_000`, `100k`, `1.5M`, `1e5`; `NaN` for anything else. */
export function readNumber(text: string): number {
  const [, digits = '', suffix = ''] = /^(.*?)([kmg]?)$/i.exec(text) ?? []
  if (!/\d/.test(digits) || !plain.test(digits)) return Number.NaN
  // Rounded: 1.1 times a thousand is not quite 1,100.
  return Number((Number(digits.replaceAll('_', '')) * (thousands[suffix.toLowerCase()] ?? 1)).toPrecision(15))
}

/** `0.05`, `5%`; `NaN` for anything else. */
export function readShare(text: string): number {
  return text.endsWith('%') ? Number((readNumber(text.slice(0, -1)) / 100).toPrecision(15)) : readNumber(text)
}

/** Whether a number stands alone, without a unit. */
export function isPlain(text: string): boolean {
  return plain.test(text) && /\d/.test(text)
}

/**
 * Ms of `30s`, `500ms`, `2m`, `1h30m`, `1d`; `NaN` for anything else. A number without its unit is none, except 0: who
 * writes `30` for seconds would wait for 30 ms.
 */
export function readDuration(text: string): number {
  if (isPlain(text)) return readNumber(text) === 0 ? 0 : Number.NaN
  const parts = [...text.matchAll(/(\d[\d_]*(?:\.\d+)?)(ms|s|min|m|h|d)/gi)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return Number.NaN
  const ms = parts.reduce((sum, [, digits, unit]) => sum + readNumber(digits ?? '') * (unitMs[unitOf(unit)] ?? 0), 0)
  return Number(ms.toPrecision(15))
}

function unitOf(unit = ''): string {
  return unit.toLowerCase()
}

/** A duration as it is written on the command line: `30s`, `1.5s`, `15m`, `0`. */
export function writeDuration(ms: number): string {
  if (ms === 0) return '0'
  const unit = ['d', 'h', 'm', 's'].find((unit) => ms % (unitMs[unit] ?? 1) === 0)
  if (unit !== undefined) return `${ms / (unitMs[unit] ?? 1)}${unit}`
  return ms > 1_000 && ms % 100 === 0 ? `${ms / 1_000}s` : `${ms}ms`
}
