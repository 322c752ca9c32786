import type { Parameter } from 'breakwater/simulate'

export type Numeric = Exclude<Parameter, { kind: 'flag' | 'choice' }>

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1e3, min: 6e4, m: 6e4, h: 36e5, d: 864e5 }

const thousands: Readonly<Record<string, number>> = { k: 1e3, m: 1e6 }

/** A share of something: it is shown in per cent. */
export function isShare({ kind, most }: Numeric): boolean {
  return kind === 'number' && most <= 1
}

/** What somebody typed: `10,000`, `10k`, `30 s`, `2 min 30 s`, `5 %`; `NaN` where it is nothing of the kind. */
export function readQuantity(parameter: Numeric, text: string): number {
  const bare = text.trim().toLowerCase().replaceAll(/[\s_]/g, '')
  if (parameter.kind === 'duration') return readDuration(bare)
  if (isShare(parameter) && bare.endsWith('%')) return rounded(readNumber(bare.slice(0, -1)) / 100)
  return readNumber(bare)
}

/** The same for a person: `10,000`, `30 s`, `5 %`. */
export function writeQuantity(parameter: Numeric, value: number): string {
  if (parameter.kind === 'duration') return writeDuration(value)
  return isShare(parameter) ? `${exact(rounded(value * 100))} %` : exact(value)
}

/** What a parameter takes. */
export function boundsOf(parameter: Numeric): string {
  const { kind, least, most } = parameter
  const what = kind === 'count' ? 'a whole number' : kind === 'duration' ? 'a time' : 'a number'
  const low = writeQuantity(parameter, least)
  const bounds = most === Number.MAX_VALUE ? `of at least ${low}` : `from ${low} to ${writeQuantity(parameter, most)}`
  return `${what} ${bounds}${kind === 'duration' ? ', as in 500 ms, 30 s or 2 min' : ''}`
}

/** `500 ms`, `30 s`, `2 min 30 s`, `1 h`. */
export function writeDuration(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${exact(ms)} ms`
  if (ms < 120_000) return `${exact(ms / 1_000)} s`
  const hours = ms < 7_200_000 ? 0 : Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms - hours * 3_600_000) / 60_000)
  const parts = [
    [hours, 'h'],
    [minutes, 'min'],
    [rounded((ms - hours * 3_600_000 - minutes * 60_000) / 1_000), 's'],
  ] as const
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${exact(count)} ${unit}`])).join(' ')
}

/** `10,000`, `1.25`, `0.005`: as much of a figure as anybody reads. */
export function inFull(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 0.1 ? 4 : 2 })
}

/** What is shown in a box is what is set. */
function exact(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 6 })
}

function readNumber(text: string): number {
  const [, digits = '', suffix = ''] = /^([\d,.]+)([km]?)$/.exec(text) ?? []
  // A comma parts thousands; elsewhere it could be meant as a point.
  if (!/^(\d+|\d{1,3}(,\d{3})+)?(\.\d+)?$/.test(digits) || digits === '') return Number.NaN
  return rounded(Number(digits.replaceAll(',', '')) * (thousands[suffix] ?? 1))
}

/** A number without a unit is seconds. */
function readDuration(text: string): number {
  const alone = readNumber(text.replace(/[km]$/, '?'))
  if (!Number.isNaN(alone)) return rounded(alone * 1_000)
  const parts = [...text.matchAll(/([\d,.]+)(ms|s|min|m|h|d)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return Number.NaN
  return rounded(parts.reduce((sum, [, digits = '', unit = '']) => sum + readNumber(digits) * (unitMs[unit] ?? 1), 0))
}

/** 1.1 times a thousand is not quite 1,100. */
function rounded(value: number): number {
  return Number(value.toPrecision(12))
}
