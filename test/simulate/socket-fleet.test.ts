import { expect, test } from 'vitest'
import { Network } from '../../src/simulate/network.ts'
import { Recovery } from '../../src/simulate/recovery.ts'
import { HandshakeServer } from '../../src/simulate/servers/handshake-server.ts'
import { SocketFleet } from '../../src/simulate/socket-fleet.ts'
import { World } from '../../src/simulate/world.ts'

const values = { windowMs: 5_000, maxWindowMs: 60_000, patienceMs: 45_000, timeouts: 'own' } as const

function fleetOver(network: { latencyMs: number; loss: number }, policy: string) {
  const clients = 200
  const world = new World({ seed: 1 })
  const server = new HandshakeServer(world, new Network(world, network, -1), { perSecond: 10 })
  server.speed = Infinity
  const recovery = new Recovery(clients)
  const { openTransport } = server
  return { world, recovery, fleet: new SocketFleet({ world, clients, policy, values, openTransport, recovery }) }
}

test.each([
  ['breakwater', { latencyMs: 10_000, loss: 0 }],
  ['breakwater', { latencyMs: 15, loss: 0.5 }],
  ['phoenix', { latencyMs: 15, loss: 0.5 }],
])('all of %s are connected, and have been for a while, with %o', async (policy, network) => {
  const { world, fleet, recovery } = fleetOver(network, policy)
  await fleet.settle()
  expect(recovery.complete).toBe(true)
  const { tAllMs } = recovery.times(0)
  expect(world.clock.now() - (tAllMs ?? Infinity)).toBeGreaterThanOrEqual(11_900)
})

test('a fleet that can never connect is not waited for', async () => {
  const { world, fleet, recovery } = fleetOver({ latencyMs: 60_000, loss: 0 }, 'signalr')
  await fleet.settle()
  expect(recovery.count).toBe(0)
  expect(world.clock.now()).toBeLessThan(700_000)
})
