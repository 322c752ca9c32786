import { encodeHint, type Hint } from '../../socket/index.ts'
import type { World } from '../world.ts'
import type { Balancer } from './balancer.ts'
import type { HandshakeServer } from './handshake-server.ts'

export interface RestartOptions {
  /** How long one is away, in ms. */
  readonly awayMs: number
  /** What it says as it closes; without it, its connections just end. */
  readonly hint: Hint | undefined
}

/** A server is replaced: its connections end, it refuses new ones, and after a while it takes them again. */
function restart(world: World, server: HandshakeServer, { awayMs, hint }: RestartOptions): void {
  if (awayMs > 0) server.reach = 'refusing'
  world.later(awayMs, () => {
    server.reach = 'open'
  })
  if (hint) server.end(1012, encodeHint(hint))
  else server.end()
}

/** Several are replaced one after another, the next when the one before is back and its health check has seen it. */
export function rollingRestart(
  world: World,
  servers: readonly HandshakeServer[],
  balancer: Balancer,
  everyMs: number,
  options: RestartOptions,
): void {
  servers.forEach((server, at) => {
    world.later(at * everyMs, () => {
      restart(world, server, options)
      balancer.changed(server)
      world.later(options.awayMs, () => balancer.changed(server))
    })
  })
}
