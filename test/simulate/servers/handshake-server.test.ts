import { describe, expect, test } from 'vitest'
import { Network } from '../../../src/simulate/network.ts'
import { Balancer } from '../../../src/simulate/servers/balancer.ts'
import { HandshakeServer, type HandshakeServerOptions } from '../../../src/simulate/servers/handshake-server.ts'
import { rollingRestart } from '../../../src/simulate/servers/restart.ts'
import { World } from '../../../src/simulate/world.ts'
import type { OpenTransport } from '../../../src/socket/index.ts'

const request = { url: 'ws://x/', protocols: [], headers: {}, maxPayload: 1, binaryType: 'blob' } as const

interface Dialer {
  connectedAt?: number
  openAt?: number
  /** Code, reason, and status with `Retry-After` if the upgrade was refused. */
  closed?: readonly unknown[]
  leave(): void
}

function dial(world: World, open: OpenTransport): Dialer {
  const told: Dialer = { leave: () => transport.terminate() }
  const transport = open(request, {
    connected: () => (told.connectedAt = world.clock.now()),
    opened: () => (told.openAt = world.clock.now()),
    received() {},
    alive() {},
    closed(code, reason, _clean, { refusal }) {
      told.closed = [code, reason, ...(refusal ? [refusal.status, refusal.header('Retry-After')] : [])]
    },
  })
  return told
}

function site(options: Partial<HandshakeServerOptions> = {}) {
  const world = new World({ seed: 1 })
  const server = new HandshakeServer(world, new Network(world, { latencyMs: 10, loss: 0 }, -1), {
    perSecond: 10,
    ...options,
  })
  return { world, server, dial: () => dial(world, server.openTransport) }
}

describe('a server of handshakes', () => {
  test('takes them one after another; TCP stands long before', async () => {
    const { world, dial } = site()
    const dialers = [dial(), dial(), dial()]
    await world.run({ forMs: 1_000 })
    expect(dialers.map(({ connectedAt }) => connectedAt)).toEqual([10, 10, 10])
    expect(dialers.map(({ openAt }) => openAt)).toEqual([120, 220, 320])
  })

  test('spends its time on one whose client has left', async () => {
    const { world, server, dial } = site()
    const [first, second, third] = [dial(), dial(), dial()]
    await world.run({ forMs: 50 })
    second.leave()
    await world.run({ forMs: 1_000 })
    expect([first.openAt, second.openAt, third.openAt]).toEqual([120, undefined, 320])
    expect([server.wasted, server.connections]).toEqual([1, 2])
  })

  test('drops a SYN beyond its backlog, which comes again', async () => {
    const { world, dial } = site({ backlog: 1 })
    const dialers = [dial(), dial(), dial()]
    await world.run({ forMs: 5_000 })
    // One is served, one waits, the third is repeated after a second.
    expect(dialers.map(({ openAt }) => openAt)).toEqual([120, 220, 1_120])
    expect(dialers[2]?.connectedAt).toBe(1_010)
  })

  test('refuses, swallows, and can be reached again', async () => {
    const { world, server, dial } = site()
    server.reach = 'refusing'
    const refused = dial()
    await world.run({ forMs: 100 })
    expect(refused.closed).toEqual([1006, ''])
    server.reach = 'black-hole'
    const swallowed = dial()
    await world.run({ forMs: 5_000 })
    expect([swallowed.connectedAt, swallowed.closed]).toEqual([undefined, undefined])
    server.reach = 'open'
    await world.run({ forMs: 5_000 })
    // The fourth SYN, 7 s after the first.
    expect(swallowed.connectedAt).toBe(7_110)
    server.reach = 'black-hole'
    const never = dial()
    // The last SYN goes 63 s after the first, and is waited for 64 s more.
    await world.run({ forMs: 126_000 })
    expect(never.closed).toBeUndefined()
    await world.run({ forMs: 2_000 })
    expect(never.closed).toEqual([1006, ''])
  })

  test.each([
    ['status', [1006, '', 503, '2']],
    ['reason', [1013, expect.stringContaining('afterMs')]],
  ] as const)('sends away whom it cannot serve, by %s, with a slot', async (shedsBy, closed) => {
    const { world, dial } = site({ shedsBeyondMs: 1_000, shedsBy })
    const dialers = Array.from({ length: 14 }, dial)
    await world.run({ forMs: 10_000 })
    expect(dialers.filter(({ closed }) => closed === undefined)).toHaveLength(10)
    expect(dialers.at(-1)?.closed).toEqual(closed)
  })

  test('forgets who waited when its process is gone', async () => {
    const { world, server, dial } = site()
    const [open, waiting] = [dial(), dial()]
    await world.run({ forMs: 150 })
    server.end()
    await world.run({ forMs: 1_000 })
    expect([open.closed, waiting.closed]).toEqual([
      [1006, ''],
      [1006, ''],
    ])
    expect([waiting.openAt, server.queued, server.connections]).toEqual([undefined, 0, 0])
  })

  test('ends with its process whom its answer has not reached', async () => {
    const { world, server, dial } = site()
    const answered = dial()
    await world.run({ forMs: 115 })
    server.end()
    await world.run({ forMs: 1_000 })
    expect(answered).toMatchObject({ closed: [1006, ''] })
    expect([answered.openAt, server.connections, server.expected, server.wasted]).toEqual([undefined, 0, 0, 1])
  })
})

describe('a balancer', () => {
  function balanced(instances: number, noticeMs: number) {
    const world = new World({ seed: 1 })
    const make = () =>
      new HandshakeServer(world, new Network(world, { latencyMs: 10, loss: 0 }, -1), { perSecond: 1_000 })
    const servers: [HandshakeServer, ...HandshakeServer[]] = [make(), ...Array.from({ length: instances - 1 }, make)]
    const balancer = new Balancer(world, servers, noticeMs)
    return { world, servers, balancer, dial: () => dial(world, balancer.openTransport) }
  }
  const connections = (servers: readonly HandshakeServer[]) => servers.map((server) => server.connections)

  test('leads each to where the fewest are', async () => {
    const { world, servers, dial } = balanced(3, 0)
    for (let count = 0; count < 30; count++) {
      dial()
      await world.run({ forMs: 100 })
    }
    expect(connections(servers)).toEqual([10, 10, 10])
  })

  test('knows whom it has led where before they arrive', async () => {
    const { world, servers, dial } = balanced(3, 0)
    for (let count = 0; count < 30; count++) dial()
    await world.run({ forMs: 1_000 })
    expect(connections(servers)).toEqual([10, 10, 10])
  })

  test('leads to one that is gone until its health check', async () => {
    const { world, servers, balancer, dial } = balanced(2, 2_000)
    servers[0].reach = 'refusing'
    balancer.changed(servers[0])
    const early = dial()
    await world.run({ forMs: 2_000 })
    const late = dial()
    await world.run({ forMs: 100 })
    expect(early.closed).toEqual([1006, ''])
    expect(late.openAt).toBeDefined()
    servers[0].reach = 'open'
    balancer.changed(servers[0])
    await world.run({ forMs: 2_000 })
    dial()
    await world.run({ forMs: 100 })
    expect(connections(servers)).toEqual([1, 1])
  })

  test('restarts them one after another', async () => {
    const { world, servers, balancer } = balanced(3, 100)
    rollingRestart(world, servers, balancer, 10_000, { awayMs: 4_000, hint: undefined })
    const reach: string[][] = []
    for (let step = 0; step < 4; step++) {
      await world.run({ forMs: step === 0 ? 1_000 : 10_000 })
      reach.push(servers.map((server) => server.reach))
    }
    expect(reach).toEqual([
      ['refusing', 'open', 'open'],
      ['open', 'refusing', 'open'],
      ['open', 'open', 'refusing'],
      ['open', 'open', 'open'],
    ])
  })
})
