import type { DialRequest, OpenTransport, TransportListener } from '../../socket/index.ts'
import type { World } from '../world.ts'
import type { HandshakeServer } from './handshake-server.ts'

/**
 * Servers behind one address. A dial goes to the one that has the fewest connections of those that it believes to be
 * there; that one is gone, or is there again, it believes only after its health check.
 */
export class Balancer {
  readonly openTransport: OpenTransport
  readonly #world: World
  readonly #servers: readonly HandshakeServer[]
  readonly #noticeMs: number
  readonly #believed = new Set<HandshakeServer>()

  /** @param noticeMs how long its health check takes, or what a DNS record lives */
  constructor(world: World, servers: readonly [HandshakeServer, ...HandshakeServer[]], noticeMs: number) {
    this.#world = world
    this.#servers = servers
    this.#noticeMs = noticeMs
    const [{ seesTransport }] = servers
    for (const server of servers) this.#believed.add(server)
    const open = (request: DialRequest, listener: TransportListener) => this.#choose().openTransport(request, listener)
    this.openTransport = Object.assign(open, { seesTransport, platformEvents: false })
  }

  /** One has left, or is back: from the next health check on it is counted out or in. */
  changed(server: HandshakeServer): void {
    this.#world.later(this.#noticeMs, () => {
      if (server.reach === 'open') this.#believed.add(server)
      else this.#believed.delete(server)
    })
  }

  #choose(): HandshakeServer {
    const among = this.#believed.size > 0 ? [...this.#believed] : this.#servers
    return among.reduce((least, server) => (load(server) < load(least) ? server : least))
  }
}

/** It counts whom it has led there as well: a fleet that dials at once would all go where nobody has arrived yet. */
function load({ connections, expected }: HandshakeServer): number {
  return connections + expected
}
