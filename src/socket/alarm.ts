import type { Clock } from '../core/clock.ts'

/** Who is woken. */
export interface Sleeper {
  readonly runtime: { readonly clock: Clock }
  due(lateMs: number): void
}

/** Sets an alarm, which is there only while something is due: a socket that is open mostly waits for nothing. */
export function setAlarm(
  alarm: Alarm | undefined,
  sleeper: Sleeper,
  at: number,
  keepsAlive: boolean,
): Alarm | undefined {
  const set = alarm ?? (at < Infinity ? new Alarm(sleeper) : undefined)
  set?.set(at, keepsAlive)
  return at < Infinity ? set : undefined
}

/** One timer that is moved about. */
export class Alarm {
  readonly #sleeper: Sleeper
  #at = Infinity
  #cancel: (() => void) | undefined

  constructor(sleeper: Sleeper) {
    this.#sleeper = sleeper
  }

  /** Rings at this moment and at no other; `Infinity` is never. */
  set(at: number, keepsAlive: boolean): void {
    if (at === this.#at) return
    this.#cancel?.()
    this.#cancel = undefined
    this.#at = at
    if (at === Infinity) return
    const ring = (lateMs: number) => {
      this.#at = Infinity
      this.#sleeper.due(lateMs)
    }
    const { clock } = this.#sleeper.runtime
    this.#cancel = clock.setTimer(Math.max(0, at - clock.now()), ring, keepsAlive)
  }
}
