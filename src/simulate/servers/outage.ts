import type { World } from '../world.ts'
import type { RequestServer } from './request-server.ts'

/** What a server does while it is out of order: it says 503, refuses connections, or nothing comes back at all. */
export const outageKinds = ['503', 'refusing', 'black-hole'] as const

export type OutageKind = (typeof outageKinds)[number]

/** A server is out of order from now on, for so long; then it is as before. */
export function outage(world: World, server: RequestServer, kind: OutageKind, forMs: number): void {
  if (kind === '503') server.turnsAwayWith = () => ({ status: 503 })
  else if (kind === 'refusing') server.crash()
  else server.reach = 'black-hole'
  world.later(forMs, () => {
    server.turnsAwayWith = undefined
    server.reach = 'open'
  })
}
