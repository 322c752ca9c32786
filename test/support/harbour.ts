import { Network } from '../../src/simulate/network.ts'
import { HandshakeServer, type HandshakeServerOptions } from '../../src/simulate/servers/handshake-server.ts'
import type { World } from '../../src/simulate/world.ts'

export type HarbourOptions = HandshakeServerOptions

/** The simulator's server, with a memory of every dial and ping. */
export class Harbour extends HandshakeServer {
  /** When somebody dialed. */
  dials: number[] = []
  /** When somebody pinged. */
  pings: number[] = []
  /** Handshakes per second now. */
  #perSecond: number

  constructor(world: World, options: HarbourOptions) {
    super(world, new Network(world, { latencyMs: 10, loss: 0 }, -1), options)
    this.#perSecond = options.perSecond
    this.onDial = () => this.dials.push(world.clock.now())
    this.onPing = () => this.pings.push(world.clock.now())
  }

  get perSecond(): number {
    return this.#perSecond
  }

  set perSecond(perSecond: number) {
    this.#perSecond = perSecond
    this.speed = perSecond / this.options.perSecond
  }

  /** Refuses connections at once. */
  set down(down: boolean) {
    this.reach = down ? 'refusing' : 'open'
  }

  /** Starts to count anew. */
  forget(): void {
    this.dials = []
    this.pings = []
    this.wasted = 0
  }
}
