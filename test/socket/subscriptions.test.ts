import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/core/random.ts'
import { Subscriptions } from '../../src/socket/subscriptions.ts'
import { manualClock } from '../../src/testing/index.ts'

interface Told {
  readonly at: number
  readonly t: 'sub' | 'unsub'
  readonly key: string
  readonly data: string
}

/** A server's view of a client's subscriptions, and the connection between them. */
function watched(perSecond = 50, random: () => number = seededRandom(1)) {
  const clock = manualClock()
  const runtime = { clock, random }
  const told: Told[] = []
  const known = new Map<string, string>()
  const world = { room: true }
  const subscriptions = new Subscriptions(perSecond, (t, key, data) => {
    if (!world.room) return false
    told.push({ at: clock.now(), t, key, data })
    if (t === 'sub') known.set(key, data)
    else known.delete(key)
    return true
  })
  return { clock, runtime, told, known, world, subscriptions }
}

const keys = (told: readonly Told[]) => told.map(({ key }) => key)
const numbered = (count: number) => Array.from({ length: count }, (_, at) => `k${at}`)

describe('subscriptions', () => {
  it('are told at once on a connection, and once: the same again says nothing', () => {
    const { subscriptions, runtime, told } = watched()
    subscriptions.resume(runtime, false)
    subscriptions.set('prices', 'EUR')
    subscriptions.set('prices', 'EUR')
    subscriptions.set('prices', 'USD')
    subscriptions.delete('prices')
    subscriptions.delete('prices')
    expect(told.map(({ t, data }) => [t, data])).toEqual([
      ['sub', 'EUR'],
      ['sub', 'USD'],
      ['unsub', ''],
    ])
  })

  it('that changed while nobody was there are told by their last word only', () => {
    const { subscriptions, runtime, told } = watched()
    subscriptions.set('a', '1')
    subscriptions.set('b', '1')
    subscriptions.set('a', '2')
    subscriptions.delete('b')
    subscriptions.resume(runtime, false)
    expect(told.map(({ t, key, data }) => [t, key, data])).toEqual([
      ['sub', 'a', '2'],
      ['unsub', 'b', ''],
    ])
  })

  it('are not repeated to a server that still knows them', () => {
    const { subscriptions, runtime, told } = watched()
    subscriptions.resume(runtime, false)
    subscriptions.set('a', '1')
    subscriptions.pause()
    subscriptions.resume(runtime, false)
    expect(told).toHaveLength(1)
  })

  it('are repeated one by one, at the pace on average, to a server that has forgotten them', async () => {
    const { subscriptions, runtime, told, clock } = watched(50)
    for (const key of numbered(1_000)) subscriptions.set(key, '')
    subscriptions.resume(runtime, true)
    expect(told).toEqual([])
    await clock.advance(40_000)
    expect(keys(told)).toEqual(numbered(1_000))
    expect(told.at(-1)!.at).toBeGreaterThan(18_000)
    expect(told.at(-1)!.at).toBeLessThan(22_000)
    const busiest = Math.max(
      ...numbered(20).map((_, s) => told.filter(({ at }) => Math.floor(at / 1_000) === s).length),
    )
    expect(busiest).toBeLessThan(80)
    const gaps = new Set(told.map(({ at }, index) => Math.round(at - (told[index - 1]?.at ?? 0))))
    expect(gaps.size).toBeGreaterThan(20)
  })

  it('of a fleet that comes back together do not all begin in one moment', async () => {
    const fleet = Array.from({ length: 200 }, (_, seed) => watched(50, seededRandom(seed + 1)))
    for (const { subscriptions, runtime } of fleet) {
      subscriptions.set('a', '')
      subscriptions.resume(runtime, true)
    }
    await Promise.all(fleet.map(({ clock }) => clock.advance(100)))
    const first = fleet.map(({ told }) => told[0]!.at)
    for (const part of [0, 10, 20, 30]) {
      const share = first.filter((at) => at >= part && at < part + 10).length / 200
      expect(share).toBeGreaterThan(0.15)
      expect(share).toBeLessThan(0.35)
    }
  })

  it('keep their pace over a loss in the middle of it', async () => {
    const { subscriptions, runtime, told, clock } = watched(50, () => 0.5)
    for (const key of numbered(100)) subscriptions.set(key, '')
    subscriptions.resume(runtime, true)
    await clock.advance(200)
    subscriptions.pause()
    expect(keys(told)).toEqual(numbered(10))
    await clock.advance(1_000)
    expect(told).toHaveLength(10)
    subscriptions.resume(runtime, false)
    expect(told).toHaveLength(10)
    await clock.advance(1_800)
    expect(keys(told)).toEqual(numbered(100))
    expect(told.at(-1)!.at).toBe(200 + 1_000 + 1_800)
  })

  it('keep one pace when a rotation finds a server that has forgotten them, twice', async () => {
    const { subscriptions, runtime, told, clock } = watched(50, () => 0.5)
    for (const key of numbered(100)) subscriptions.set(key, '')
    subscriptions.resume(runtime, true)
    await clock.advance(100)
    subscriptions.resume(runtime, true)
    await clock.advance(1_000)
    expect(told).toHaveLength(5 + 50)
    subscriptions.pause()
    expect(clock.pending).toBe(0)
  })

  it('wait for room, and go on at their pace when there is some', async () => {
    const { subscriptions, runtime, told, clock, world } = watched(50, () => 0.5)
    for (const key of numbered(10)) subscriptions.set(key, '')
    world.room = false
    subscriptions.resume(runtime, true)
    await clock.advance(1_000)
    expect(told).toEqual([])
    world.room = true
    subscriptions.pump()
    expect(keys(told)).toEqual(['k0'])
    await clock.advance(180)
    expect(keys(told)).toEqual(numbered(10))
  })

  it('leave the server with what the client has, whatever happens in between', async () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('set' as const),
        key: fc.constantFrom('a', 'b', 'c'),
        data: fc.constantFrom('1', '2'),
      }),
      fc.record({ do: fc.constant('delete' as const), key: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ do: fc.constantFrom('pause', 'resume', 'forget', 'crowd', 'pass') }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { subscriptions, runtime, known, clock, world } = watched(1_000)
        const wanted = new Map<string, string>()
        for (const taken of steps) {
          if (taken.do === 'set' && 'data' in taken) {
            wanted.set(taken.key, taken.data)
            subscriptions.set(taken.key, taken.data)
          } else if (taken.do === 'delete' && 'key' in taken) {
            wanted.delete(taken.key)
            subscriptions.delete(taken.key)
          } else if (taken.do === 'pause') subscriptions.pause()
          else if (taken.do === 'resume') subscriptions.resume(runtime, false)
          else if (taken.do === 'forget') {
            known.clear()
            subscriptions.resume(runtime, true)
          } else if (taken.do === 'crowd') world.room = false
          else await clock.advance(1)
        }
        world.room = true
        subscriptions.resume(runtime, false)
        await clock.advance(1_000)
        expect(known).toEqual(wanted)
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 200 },
    )
  })
})
