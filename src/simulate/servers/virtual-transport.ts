import type { Transport, TransportListener } from '../../socket/index.ts'
import type { Network } from '../network.ts'
import type { World } from '../world.ts'

/** What a connection needs of its server. */
export interface Host {
  readonly world: World
  readonly network: Network
  /** Whether the clients' platform is told that TCP stands. */
  readonly seesTransport: boolean
  /** How long a ping that comes now waits for its pong, in ms; Infinity where none comes. */
  pongAfterMs(): number
  dialed(): void
  arrives(berth: VirtualTransport): void
  left(berth: VirtualTransport): void
}

/** A server's end of a connection. */
export interface Berth {
  send(text: string): void
  close(code: number, reason?: string): void
  /** Does something in so many ms, if the connection is there still. */
  later(ms: number, act: () => void): void
}

/** Who listens to a connection that its client has left. */
const nobody: TransportListener = { connected() {}, opened() {}, received() {}, alive() {}, closed() {} }

/** One connection to a server, both ends of it. */
export class VirtualTransport implements Transport {
  readonly bufferedAmount = 0
  readonly protocol = ''
  readonly extensions = ''
  binaryType: BinaryType = 'blob'
  gone = false
  readonly #host: Host
  #listener: TransportListener

  constructor(host: Host, listener: TransportListener) {
    this.#host = host
    this.#listener = listener
    host.dialed()
    // A SYN that is lost is repeated on arrival, by the kernel's own schedule.
    host.world.later(host.network.latencyMs, () => host.arrives(this))
  }

  /** The server's end. */
  get berth(): Berth {
    return {
      send: (text) => this.tell(text),
      close: (code, reason = '') => this.#carry(() => this.end(code, reason)),
      later: (ms, act) => {
        this.#host.world.later(ms, () => {
          if (!this.gone) act()
        })
      },
    }
  }

  // What the server does.

  connected(): void {
    if (!this.gone && this.#host.seesTransport) this.#listener.connected()
  }

  opened(): void {
    this.#listener.opened()
  }

  tell(text: string): void {
    this.#carry(() => this.#listener.received(text))
  }

  end(code: number, reason: string): void {
    if (this.gone) return
    this.#leave().closed(code, reason, code !== 1006, { failed: code === 1006 })
  }

  refused(slotMs: number): void {
    if (this.gone) return
    const listener = this.#leave()
    const header = (name: string) =>
      name.toLowerCase() === 'retry-after' ? String(Math.ceil(slotMs / 1_000)) : undefined
    listener.closed(1006, '', false, { failed: true, refusal: { status: 503, header } })
  }

  // What the client does.

  /** What it says is nothing to this server. */
  send(): void {}

  ping(): void {
    const { network, world } = this.#host
    network.carry(() => world.later(this.#host.pongAfterMs(), () => this.#carry(() => this.#listener.alive())))
  }

  close(code = 1005, reason = ''): void {
    const { network } = this.#host
    network.carry(() => network.carry(() => this.end(code, reason)))
  }

  terminate(): void {
    this.#leave()
  }

  #carry(act: () => void): void {
    this.#host.network.carry(() => {
      if (!this.gone) act()
    })
  }

  /** Gives who is to be told of it, if anybody is. */
  #leave(): TransportListener {
    const listener = this.#listener
    this.gone = true
    // Who still holds the connection holds nothing of its client.
    this.#listener = nobody
    this.#host.left(this)
    return listener
  }
}
