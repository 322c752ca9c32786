import type { Clock } from '../core/clock.ts'

/** A timer that is moved about; there only while something is due, as a socket that is open mostly waits for nothing. */
export interface Alarm {
  readonly at: number
  readonly cancel: () => void
}

/** Rings at this moment, and not at the one that was set before; `Infinity` is never. */
export function setAlarm(
  alarm: Alarm | undefined,
  clock: Clock,
  at: number,
  keepsAlive: boolean,
  ring: (lateMs: number) => void,
): Alarm | undefined {
  if (alarm?.at === at) return alarm
  alarm?.cancel()
  return at < Infinity ? { at, cancel: clock.setTimer(Math.max(0, at - clock.now()), ring, keepsAlive) } : undefined
}
