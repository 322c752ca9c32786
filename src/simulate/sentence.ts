import type { PolicyReport } from './report.ts'

/** `49.5 s`, `2 min 30 s`. */
export function inSeconds(ms: number): string {
  const seconds = ms / 1_000
  if (seconds < 120) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  const rest = whole - minutes * 60
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`
}

/** `1,000` */
export function inFull(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 })
}

/** A sentence for each policy, ours first; `note` is what has to be known of the others. */
export function oneByOne(
  who: string,
  tell: (policy: PolicyReport) => string,
  [ours, ...others]: readonly [PolicyReport, ...PolicyReport[]],
  note = '',
): string {
  const alone = note !== '' && others.length > 0 ? [note] : []
  return [`${who}: ${tell(ours)}.`, ...alone, ...others.map((other) => `${other.label}: ${tell(other)}.`)].join(' ')
}

/** How a fleet came back, and how the others did beside it. */
export function recoverySentence(who: string, ours: PolicyReport, compared: readonly PolicyReport[]): string {
  const others = compared.map((other) => `${other.label}: ${cameBack(other)}`)
  const first = `${who}: ${cameBack(ours)}.`
  const sentence = first.charAt(0).toUpperCase() + first.slice(1)
  return others.length === 0 ? sentence : `${sentence} ${others.join('; ')}.`
}

/** `1 socket`, `2,000 sockets`. */
export function inNumber(value: number, one: string, many = `${one}s`): string {
  const figure = inFull(value)
  return `${figure} ${figure === '1' ? one : many}`
}

function cameBack(report: PolicyReport): string {
  const { t99Ms, boundMs, attemptsPerClient, goodputLost, partial, curves, details } = report
  const each = `${inNumber(attemptsPerClient, 'attempt')} each`
  if (t99Ms === null) {
    const back = `${inFull(100 * (1 - goodputLost))} % back`
    const after = inSeconds(1_000 * curves.recovered.length)
    if (details.gaveUp) return `the rest had given up after ${after} (${back}), ${each}`
    return partial ? `${back} when it was ended, ${each}` : `not recovered after ${after} (${back}), ${each}`
  }
  // The bound is that of the last one, so it may come a little later than 99 of 100.
  const bound = boundMs === null ? '' : ` (the soonest possible for all: ${inSeconds(boundMs)})`
  return `99 % back after ${inSeconds(t99Ms)}${bound}, ${each}`
}
