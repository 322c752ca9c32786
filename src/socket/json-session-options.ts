import { countOrInfinity, duration, number, type Rules } from '../core/options.ts'

export interface JsonSessionOptions {
  /**
   * Messages sent and not acknowledged at most; more of them wait in the socket's outbox.
   * @default 1000
   */
  maxUnacknowledged: number
  /**
   * The same in bytes.
   * @default 1048576
   */
  maxUnacknowledgedBytes: number
  /**
   * How long a received message may go without our acknowledgement, in ms. 0 acknowledges each at once.
   * @default 200
   */
  acknowledgeMs: number
  /**
   * Messages received that are acknowledged together at most.
   * @default 32
   */
  acknowledgeCount: number
  /**
   * Subscriptions repeated per second, on average, to a server that does not know us any more.
   * @default 50
   */
  subscribePerSecond: number
}

export const jsonSessionDefaults: Readonly<JsonSessionOptions> = {
  maxUnacknowledged: 1_000,
  maxUnacknowledgedBytes: 1_048_576,
  acknowledgeMs: 200,
  acknowledgeCount: 32,
  subscribePerSecond: 50,
}

export const jsonSessionRules: Rules<JsonSessionOptions> = {
  maxUnacknowledged: countOrInfinity(1),
  maxUnacknowledgedBytes: countOrInfinity(1),
  acknowledgeMs: duration,
  acknowledgeCount: countOrInfinity(1),
  subscribePerSecond: number(0.001, Number.MAX_VALUE),
}
