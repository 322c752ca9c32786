import type { Random } from '../../core/random.ts'

/** When a client dials again, as it is published: the packages themselves, or the page that describes the formula. */
export interface SocketFormula {
  readonly name: string
  readonly label: string
  /** Its own handshake timeout, in ms; Infinity where it has none. */
  readonly timeoutMs: number
  /** Dials after the loss; then it gives up. */
  readonly tries: number
  /** Waits of one client: ms before its n-th dial since the loss, n from 1; `dialMs` is what the dial before took. */
  waits(random: Random): (n: number, dialMs: number) => number
}

const phoenixMs = [10, 50, 100, 150, 200, 250, 500, 1_000, 2_000]
const signalrMs = [0, 2_000, 10_000, 30_000]

/** AWS, "Exponential Backoff And Jitter" (2015): a wait is drawn below `base · 2^(n − 1)`, up to a cap. */
function fullJitter(capMs: number): SocketFormula['waits'] {
  return (random) => (n) => random() * Math.min(capMs, 1_000 * 2 ** (n - 1))
}

/**
 * The clients of today. The versions are those whose source the formulas were read from. AWS describes no handshake
 * timeout and phoenix has none; the 5 s and Infinity here are what the figures of the field are made with.
 */
export const socketFormulas: readonly SocketFormula[] = [
  {
    name: 'reconnecting-websocket',
    label: 'reconnecting-websocket 4.4',
    timeoutMs: 4_000,
    tries: Infinity,
    waits(random) {
      const firstMs = 1_000 + 4_000 * random()
      return (n) => Math.min(10_000, firstMs * 1.3 ** (n - 1))
    },
  },
  {
    name: 'partysocket',
    label: 'partysocket 1.3',
    timeoutMs: 4_000,
    tries: Infinity,
    waits: () => (n) => Math.min(10_000, 3_000 * 1.3 ** (n - 1)),
  },
  {
    name: 'socket.io',
    label: 'socket.io-client 4.8',
    timeoutMs: 20_000,
    tries: Infinity,
    // The jitter comes before the cap, so from the fifth dial on everybody waits exactly 5 s.
    waits: (random) => (n) => Math.min(5_000, 1_000 * 2 ** (n - 1) * (0.5 + random())),
  },
  {
    name: 'phoenix',
    label: 'phoenix 1.8',
    timeoutMs: Infinity,
    tries: Infinity,
    waits: () => (n) => phoenixMs[n - 1] ?? 5_000,
  },
  {
    name: 'centrifuge',
    label: 'centrifuge 5.8',
    timeoutMs: 5_000,
    tries: Infinity,
    waits: (random) => (n) => Math.min(20_000, 500 + random() * Math.min(20_000, 500 * 2 ** (n - 1))),
  },
  {
    name: 'signalr',
    label: '@microsoft/signalr 10',
    timeoutMs: 15_000,
    tries: signalrMs.length,
    waits: () => (n) => signalrMs[n - 1] ?? Infinity,
  },
  {
    name: 'nats.ws',
    label: 'nats.ws 1.30',
    timeoutMs: 20_000,
    tries: 10,
    // Counted from the start of the dial before.
    waits: (random) => (n, dialMs) => (n === 1 ? 0 : Math.max(0, 2_000 + 100 * random() - dialMs)),
  },
  {
    name: 'graphql-ws',
    label: 'graphql-ws 6.4',
    timeoutMs: Infinity,
    tries: 5,
    waits: (random) => (n) => 1_000 * 2 ** (n - 1) + 300 + 2_700 * random(),
  },
  {
    name: 'grpc',
    label: 'gRPC connection backoff',
    timeoutMs: 20_000,
    tries: Infinity,
    waits: (random) => (n) => Math.min(120_000, 1_000 * 1.6 ** (n - 1)) * (0.8 + 0.4 * random()),
  },
  {
    name: 'aws-full-30',
    label: 'AWS full jitter, cap 30 s',
    timeoutMs: 5_000,
    tries: Infinity,
    waits: fullJitter(30_000),
  },
  {
    name: 'aws-full-60',
    label: 'AWS full jitter, cap 60 s',
    timeoutMs: 5_000,
    tries: Infinity,
    waits: fullJitter(60_000),
  },
  {
    name: 'aws-decorrelated',
    label: 'AWS decorrelated jitter, cap 60 s',
    timeoutMs: 5_000,
    tries: Infinity,
    waits(random) {
      let waitMs = 1_000
      return () => {
        waitMs = Math.min(60_000, 1_000 + random() * (3 * waitMs - 1_000))
        return waitMs
      }
    },
  },
  {
    name: 'aws-equal',
    label: 'AWS equal jitter, cap 60 s',
    timeoutMs: 5_000,
    tries: Infinity,
    waits: (random) => (n) => Math.min(60_000, 1_000 * 2 ** (n - 1)) * (0.5 + 0.5 * random()),
  },
]
