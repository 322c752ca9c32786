import { describe, expect, it } from 'vitest'
import { Callers, withGoodput } from '../../src/simulate/callers.ts'
import { World } from '../../src/simulate/world.ts'

function fleet(call: (client: number, world: World) => Promise<boolean>, perSecond = 1, clients = 3) {
  const world = new World({ seed: 1 })
  const callers = new Callers(world, { clients, perSecond, patienceMs: 500, call: (client) => call(client, world) })
  return { world, callers }
}

describe('callers', () => {
  it.each([0.1, 1, 3, 25])('make %d calls a second each', async (perSecond) => {
    const calls = [0, 0, 0]
    const { world, callers } = fleet(async (client) => {
      calls[client] = (calls[client] ?? 0) + 1
      return true
    }, perSecond)
    callers.start()
    await world.run({ forMs: 100_000 })
    await callers.stop()
    for (const count of calls) expect(count / 100).toBeCloseTo(perSecond, 1)
    expect(callers.goodput).toMatchObject({ lost: 0, pending: 0 })
    expect(callers.longestMs).toBe(0)
    await world.clock.advance(10_000)
    expect(world.clock.pending).toBe(0)
  })

  it('count as lost what came too late, failed, was no good or never came', async () => {
    const fates = [
      (world: World) => world.clock.sleep(501).then(() => true),
      () => Promise.reject(new Error('no')),
      () => Promise.resolve(false),
      () => new Promise<boolean>(() => {}),
      (world: World) => world.clock.sleep(500).then(() => true),
    ]
    const { world, callers } = fleet((client, at) => (fates[client] as (world: World) => Promise<boolean>)(at), 0.1, 5)
    callers.start()
    await world.run({ forMs: 10_000 })
    await callers.stop()
    expect(callers.goodput.wanted).toBe(5)
    expect(callers.goodput.lost).toBeCloseTo(0.8)
  })

  it('remember who went without for how long, over several calls', async () => {
    const { world, callers } = fleet(async (_client, { clock }) => clock.now() >= 7_000, 1, 1)
    callers.start()
    await world.run({ forMs: 6_000 })
    const before = callers.longestMs
    expect(before).toBeGreaterThan(5_000)
    await world.run({ forMs: 4_000 })
    await callers.stop()
    expect(callers.longestMs).toBeGreaterThanOrEqual(before + 1_000)
    expect(callers.longestMs).toBeLessThanOrEqual(8_000)
    const curves = withGoodput({ arrivals: [], queue: Array(12).fill(0), recovered: [] }, callers.goodput)
    expect(curves.recovered).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
  })
})
