/** The storm that a restart makes, the same for both fleets. */
export interface Storm {
  readonly sockets: number
  /** Handshakes that the server can make in a second, once it has been started again. */
  readonly handshakesPerSecond: number
  /** How long it is gone. */
  readonly downMs: number
  /** What it says a restart takes, when it welcomes a client. */
  readonly saidDownMs: number
  /** From the kill to the end of the run, if they are not all back before. */
  readonly runMs: number
  /** The naive client: how long it lets a dial take, and its waits, which double. */
  readonly connectMs: number
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  readonly bucketMs: number
}

/**
 * Three hundred sockets on a server that needs six seconds for so many handshakes: fewer than two seconds more than the
 * naive client waits for one.
 */
export const storm: Storm = {
  sockets: 300,
  handshakesPerSecond: 50,
  downMs: 1_800,
  saidDownMs: 2_000,
  runMs: 14_500,
  connectMs: 4_000,
  firstWaitMs: 1_000,
  longestWaitMs: 30_000,
  bucketMs: 100,
}

/** How long all handshakes take one after the other. */
export function queueMs({ sockets, handshakesPerSecond }: Storm): number {
  return (sockets * 1_000) / handshakesPerSecond
}
