import { callback, number, type Rules, resolve } from '../core/options.ts'
import type { Runtime } from '../core/runtime.ts'
import type { SocketData } from './transport.ts'

export interface HeartbeatOptions {
  /**
   * How long a connection is silent before it is asked for a sign of life, in ms: at least this, at most twice as long.
   * Twice the default stays below the minute after which many proxies drop a silent connection. `Infinity` never asks.
   * @default 25000
   */
  intervalMs: number
  /**
   * How long the sign may take, in ms, or as long as the dial took if that was longer. Whatever comes in counts as one.
   * @default 10000
   */
  timeoutMs: number
  /**
   * What to send where there is no protocol ping (browsers), or what makes it. Without one, and without a session that
   * has one, silence is not noticed there.
   * @default undefined
   */
  message: SocketData | (() => SocketData) | undefined
  /**
   * Whether an incoming message is an answer to `message`, which the application need not see.
   * @default undefined
   */
  isReply: ((data: string | ArrayBuffer | Blob) => boolean) | undefined
}

export const heartbeatDefaults: Readonly<HeartbeatOptions> = {
  intervalMs: 25_000,
  timeoutMs: 10_000,
  message: undefined,
  isReply: undefined,
}

const rules: Rules<HeartbeatOptions> = {
  intervalMs: { wants: 'ms above 0, or Infinity', holds: (value) => typeof value === 'number' && value > 0 },
  timeoutMs: number(1, Number.MAX_VALUE),
  message: { wants: 'a message, or a function that makes one', holds: (value) => value !== null },
  isReply: callback,
}

export function resolveHeartbeat(given: Partial<HeartbeatOptions>): Readonly<HeartbeatOptions> {
  return resolve('heartbeat', heartbeatDefaults, rules, given)
}

/** What a heartbeat listens to. */
export interface Pulse {
  /** Set by whatever comes in; a flag, because reading the clock for each message would cost more than the message. */
  heard: boolean
  /** How long the other side took to answer the dial, in ms: while it is that busy, an answer to a ping takes as long. */
  readonly dialMs: number
  /** Asks for a sign of life; false if there is no way to. */
  ping(): boolean
  dead(): void
}

/** A timer this late says that the process slept: what came meanwhile has not been read yet. */
const overdueMs = 1_000

/**
 * Finds out that the other side is gone although nothing says so. The first beat comes at a random phase, so that the
 * sockets of a fleet that connected together do not ping together; who receives all the time never pings.
 */
export class Heartbeat {
  readonly #options: Readonly<HeartbeatOptions>
  readonly #runtime: Runtime
  readonly #pulse: Pulse
  #cancel: () => void
  #waiting = false
  /** Whether the beat before this one came late. Timers of hidden pages always do. */
  #wasLate = false

  constructor(options: Readonly<HeartbeatOptions>, runtime: Runtime, pulse: Pulse) {
    this.#options = options
    this.#runtime = runtime
    this.#pulse = pulse
    this.#cancel = this.#arm(runtime.random() * options.intervalMs)
  }

  /** Asks now: the network changed, or the page was frozen. */
  check(): void {
    if (this.#waiting) return
    this.#cancel()
    this.#ask(false)
  }

  stop(): void {
    this.#cancel()
  }

  #arm(ms: number): () => void {
    return this.#runtime.clock.setTimer(Number.isNaN(ms) ? Infinity : ms, (lateMs) => this.#beat(lateMs))
  }

  #beat(lateMs: number): void {
    const { heard } = this.#pulse
    this.#wasLate = lateMs > overdueMs && !this.#wasLate
    if (!this.#wasLate && !heard) {
      this.#ask(false)
      return
    }
    this.#pulse.heard = false
    const { intervalMs, timeoutMs } = this.#options
    // All hearts of a process that slept are late together. They ask soon, and each at its own moment.
    this.#cancel = this.#arm(this.#wasLate ? this.#runtime.random() * timeoutMs : intervalMs)
  }

  #ask(again: boolean): void {
    const { clock } = this.#runtime
    this.#pulse.heard = false
    if (!this.#pulse.ping()) return
    this.#waiting = true
    const askedAt = clock.now()
    // A queue of handshakes stands before our pings too: 30 minutes after a restart that took 100 s of handshakes, 25 % of
    // a fleet was back without this, and all of it after 310 s with it.
    const timeoutMs = Math.max(this.#options.timeoutMs, this.#pulse.dialMs)
    this.#cancel = clock.setTimer(timeoutMs, (lateMs) => {
      this.#waiting = false
      if (this.#pulse.heard) this.#beat(lateMs)
      else if (!again && clock.now() - askedAt > timeoutMs + overdueMs) this.#ask(true)
      else this.#pulse.dead()
    })
  }
}
