import { number, numberOrInfinity, oneOf, type Rules } from '../../core/options.ts'

export interface ThrottleOptions {
  /**
   * Calls allowed per call that the server accepts, before the rest is refused here. 2 lets it see twice what it takes;
   * near 1 the noise of a small client is mistaken for overload.
   * @default 2
   */
  k: number
  /**
   * How far back calls and accepts count, in ms.
   * @default 120000
   */
  windowMs: number
  /**
   * The largest share of calls of one priority that is refused: some must find out that the server is well.
   * @default 0.9
   */
  maxRejection: number
  /**
   * Calls per second below which accepts are not counted: too few to tell.
   * @default 5
   */
  minPerSecond: number
  /**
   * Whether timeouts in a row hold calls back, for clients too slow for a limit or a rate to bite.
   * @default true
   */
  timeoutGate: boolean
}

export const throttleDefaults: Readonly<ThrottleOptions> = {
  k: 2,
  windowMs: 120_000,
  maxRejection: 0.9,
  minPerSecond: 5,
  timeoutGate: true,
}

export const throttleRules: Rules<ThrottleOptions> = {
  k: number(1, Number.MAX_VALUE),
  windowMs: number(1, Number.MAX_VALUE),
  maxRejection: number(0, 1),
  minPerSecond: numberOrInfinity(0),
  timeoutGate: oneOf(true, false),
}
