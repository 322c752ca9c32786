import type { Runtime } from '../core/runtime.ts'
import type { Classify } from './classify.ts'
import type { DialUpstream } from './dial.ts'
import type { Environment } from './environment.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import type { FirstWindows } from './machine/index.ts'
import type { OutboxOptions } from './outbox.ts'
import type { Session } from './session.ts'
import type { SocketToken } from './token.ts'
import type { OpenTransport } from './transport.ts'

export interface SocketOptions {
  /**
   * Whether a lost connection is made again. With `false` the socket is the platform's WebSocket: one dial, no queue.
   * @default true
   */
  reconnect: boolean
  /**
   * How many losses in a row are answered with another dial; the next one ends it. 0 dials once, `Infinity` never gives up.
   * @default Infinity
   */
  maxAttempts: number
  /**
   * Width of the first window that a wait is drawn from, in ms, by what happened; a number for all of them. A window
   * of the fleet's size over what the server accepts per second is what it can take; the server can say so itself
   * (`reconnectHint`).
   * @default { local: 1000, drop: 5000, restart: 10000, overload: 30000 }
   */
  firstWindowMs: number | Partial<FirstWindows>
  /**
   * The widest window, in ms: a fleet of N drains only while N / (patience + mean wait) stays below what the server
   * accepts.
   * @default 900000
   */
  maxWindowMs: number
  /**
   * How long one attempt may take from the question for its URL to a session that is ready, in ms; at most 15 s before
   * the first success. It doubles with each timeout.
   * @default 45000
   */
  patienceMs: number
  /**
   * The longest patience, in ms.
   * @default 180000
   */
  maxPatienceMs: number
  /**
   * How long TCP and TLS may take, in ms, where that can be told (Node). It doubles with each such timeout, to three
   * times as much.
   * @default 20000
   */
  transportMs: number
  /**
   * How long a connection must live to count as a success, in ms; at least as long as the window it was drawn from, up
   * to a minute.
   * @default 10000
   */
  provenMs: number
  /**
   * What a page does that nobody looks at: dial over a window of at least a minute, or wait until somebody looks.
   * @default 'slow'
   */
  whenHidden: 'slow' | 'wait'
  /**
   * Decides for itself why a connection ended; undefined leaves it to the table of close codes and statuses.
   * @default undefined
   */
  classify: Classify | undefined
  /**
   * How a connection is found to be dead; `false`: not at all.
   * @default { intervalMs: 25000, timeoutMs: 10000 }
   */
  heartbeat: Partial<HeartbeatOptions> | false
  /**
   * Messages that wait for a connection.
   * @default { maxCount: 1000, maxBytes: 1048576, overflow: 'reject' }
   */
  outbox: Partial<OutboxOptions>
  /**
   * A protocol on top: greeting, resuming, acknowledging.
   * @default undefined
   */
  session: Session | undefined
  /**
   * Whose token each dial carries: as a header in Node, elsewhere handed to the providers of URL and subprotocols. An
   * `Authorization` among the `headers` stays.
   * @default undefined
   */
  token: SocketToken | undefined
  /**
   * Headers of the upgrade, in Node; other platforms cannot send any.
   * @default {}
   */
  headers: Readonly<Record<string, string>>
  /**
   * The largest message that is taken, in bytes. `Infinity` takes all.
   * @default 4194304
   */
  maxPayload: number
  /**
   * Closes the socket for good when it aborts.
   * @default undefined
   */
  signal: AbortSignal | undefined
  /**
   * Whether there is a network and somebody who looks; the page's own if absent.
   * @default undefined
   */
  environment: Environment | undefined
  /**
   * Time, chance and an ear other than the platform's.
   * @default undefined
   */
  runtime: Partial<Runtime> | undefined
  /**
   * How one connection is made, for simulations; the platform's own if absent.
   * @default undefined
   */
  transport: OpenTransport | undefined
  /**
   * What is known of a URL's server; `client.socket()` gives its own.
   * @default undefined
   */
  upstreamOf: ((url: URL) => DialUpstream) | undefined
}

export const socketDefaults: Readonly<SocketOptions> = {
  reconnect: true,
  maxAttempts: Infinity,
  firstWindowMs: { local: 1_000, drop: 5_000, restart: 10_000, overload: 30_000 },
  maxWindowMs: 900_000,
  patienceMs: 45_000,
  maxPatienceMs: 180_000,
  transportMs: 20_000,
  provenMs: 10_000,
  whenHidden: 'slow',
  classify: undefined,
  heartbeat: { intervalMs: 25_000, timeoutMs: 10_000 },
  outbox: { maxCount: 1_000, maxBytes: 1_048_576, overflow: 'reject' },
  session: undefined,
  token: undefined,
  headers: {},
  maxPayload: 4_194_304,
  signal: undefined,
  environment: undefined,
  runtime: undefined,
  transport: undefined,
  upstreamOf: undefined,
}
