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

function cameBack({ t99Ms, boundMs, attemptsPerClient, goodputLost, partial }: PolicyReport): string {
  const dials = `${inFull(attemptsPerClient)} attempts each`
  if (t99Ms === null) {
    const back = `${inFull(100 * (1 - goodputLost))} % back`
    return partial ? `${back} when it was ended, ${dials}` : `never recovered (${back} at the end), ${dials}`
  }
  const bound = boundMs === null ? '' : ` (${inFull(t99Ms / boundMs)} × the soonest possible)`
  return `99 % back after ${inSeconds(t99Ms)}${bound}, ${dials}`
}
