import type { Transport, TransportListener } from '../../src/socket/index.ts'
import type { Harbour } from './harbour.ts'

/** What the network takes one way, in ms. */
export const wayMs = 10

/** A server's end of a connection. */
export interface Berth {
  send(text: string): void
  close(code: number, reason?: string): void
  /** Does something in so many ms, if the connection is there still. */
  later(ms: number, act: () => void): void
}

/** One connection to a harbour, both ends of it. */
export class VirtualTransport implements Transport {
  readonly bufferedAmount = 0
  readonly protocol = ''
  readonly extensions = ''
  binaryType: BinaryType = 'blob'
  gone = false
  readonly #harbour: Harbour
  readonly #listener: TransportListener

  constructor(harbour: Harbour, listener: TransportListener) {
    this.#harbour = harbour
    this.#listener = listener
    const { clock } = harbour.options
    harbour.dials.push(clock.now())
    clock.setTimer(wayMs, () => harbour.arrives(this))
  }

  /** The server's end. */
  get berth(): Berth {
    return {
      send: (text) => this.tell(text),
      close: (code, reason = '') => this.#later(wayMs, () => this.end(code, reason)),
      later: (ms, act) => this.#later(ms, act),
    }
  }

  // What the server does.

  connected(): void {
    if (!this.gone && this.#harbour.options.seesTransport !== false) this.#listener.connected()
  }

  opened(): void {
    this.#listener.opened()
  }

  tell(text: string): void {
    this.#later(wayMs, () => this.#listener.received(text))
  }

  end(code: number, reason: string): void {
    if (this.gone) return
    this.#leave()
    this.#listener.closed(code, reason, code !== 1006, { failed: code === 1006 })
  }

  refused(slotMs: number): void {
    if (this.gone) return
    this.#leave()
    const header = (name: string) =>
      name.toLowerCase() === 'retry-after' ? String(Math.ceil(slotMs / 1_000)) : undefined
    this.#listener.closed(1006, '', false, { failed: true, refusal: { status: 503, header } })
  }

  // What the client does.

  /** What it says is nothing to this server. */
  send(): void {}

  ping(): void {
    const { pingsQueue, clock } = this.#harbour.options
    this.#harbour.pings.push(clock.now())
    clock.setTimer(2 * wayMs + (pingsQueue ? this.#harbour.queueMs : 0), () => {
      if (!this.gone && !this.#harbour.silent) this.#listener.alive()
    })
  }

  close(code = 1005, reason = ''): void {
    this.#harbour.options.clock.setTimer(2 * wayMs, () => this.end(code, reason))
  }

  terminate(): void {
    this.#leave()
  }

  #later(ms: number, act: () => void): void {
    this.#harbour.options.clock.setTimer(ms, () => {
      if (!this.gone) act()
    })
  }

  #leave(): void {
    this.gone = true
    this.#harbour.left(this)
  }
}
