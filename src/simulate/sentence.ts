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

/** How a fleet came back, and how the others did beside it. */
export function recoverySentence(who: string, ours: PolicyReport, compared: readonly PolicyReport[]): string {
  const others = compared.map((other) => `${other.label}: ${cameBack(other)}`)
  const first = `${who}: ${cameBack(ours)}.`
  const sentence = first.charAt(0).toUpperCase() + first.slice(1)
  return others.length === 0 ? sentence : `${sentence} ${others.join('; ')}.`
}

function cameBack({ t99Ms, boundMs, attemptsPerClient, goodputLost, partial, curves }: PolicyReport): string {
  const attempts = inFull(attemptsPerClient)
  const each = `${attempts} ${attempts === '1' ? 'attempt' : 'attempts'} each`
  if (t99Ms === null) {
    const back = `${inFull(100 * (1 - goodputLost))} % back`
    const after = inSeconds(1_000 * curves.recovered.length)
    return partial ? `${back} when it was ended, ${each}` : `not recovered after ${after} (${back}), ${each}`
  }
  // The bound is that of the last one, so it may come a little later than 99 of 100.
  const bound = boundMs === null ? '' : ` (the soonest possible for all: ${inSeconds(boundMs)})`
  return `99 % back after ${inSeconds(t99Ms)}${bound}, ${each}`
}
