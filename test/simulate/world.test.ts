import { describe, expect, test } from 'vitest'
import { Network, synRepeatMs } from '../../src/simulate/network.ts'
import { Recorder } from '../../src/simulate/recorder.ts'
import { Recovery } from '../../src/simulate/recovery.ts'
import { World } from '../../src/simulate/world.ts'

describe('a world', () => {
  test('lets time pass until it is over, or nothing is left to see', async () => {
    const world = new World({ seed: 1 })
    await world.run({ forMs: 2_500 })
    expect(world.clock.now()).toBe(2_500)
    await world.run({ forMs: 10_000, done: () => world.clock.now() >= 4_000 })
    expect(world.clock.now()).toBe(4_000)
  })

  test('tells each second, the last one too though it is not whole', async () => {
    const world = new World({ seed: 1 })
    const seconds: number[] = []
    await world.run({ forMs: 2_500, eachSecond: (second) => seconds.push(second) })
    expect(seconds).toEqual([1, 2, 3])
    await world.run({ forMs: 5_000, done: () => world.clock.now() >= 3_700, eachSecond: (at) => seconds.push(at) })
    expect(seconds).toEqual([1, 2, 3, 1, 2])
  })

  test('ends when it is told to, in the middle of whatever happens', async () => {
    const ending = new AbortController()
    const world = new World({ seed: 1, signal: ending.signal })
    let events = 0
    const again = () => {
      if (++events === 1_000) ending.abort()
      world.later(1, again)
    }
    again()
    await world.run({ forMs: 1_000_000 })
    expect(world.aborted).toBe(true)
    expect(events).toBeLessThan(1_200)
    let made = 0
    await world.forEach(5_000, () => made++)
    expect(made).toBe(0)
  })

  test('has one stream of chance for each number, another for each seed', () => {
    const draw = (seed: number, stream: number) => {
      const random = new World({ seed }).random(stream)
      return [random(), random(), random()]
    }
    expect(draw(1, 0)).toEqual(draw(1, 0))
    const all = [draw(1, 0), draw(1, 1), draw(2, 0), draw(1, -1), draw(0, 0)].map((values) => values.join())
    expect(new Set(all).size).toBe(5)
  })

  test('tells how far it is', async () => {
    const told: number[] = []
    const world = new World({ seed: 1, onStep: (_, share) => told.push(share) })
    await world.run({ forMs: 1_000 })
    expect(told).toHaveLength(10)
    expect(told.at(-1)).toBe(1)
  })
})

describe('a network', () => {
  test('carries after its latency, and later what it has lost on the way', async () => {
    const world = new World({ seed: 1 })
    const clear = new Network(world, { latencyMs: 20, loss: 0 }, -1)
    const lossy = new Network(world, { latencyMs: 20, loss: 0.5 }, -2)
    const took = { clear: [] as number[], lossy: [] as number[] }
    for (let packet = 0; packet < 400; packet++) {
      clear.carry(() => took.clear.push(world.clock.now()))
      lossy.carry(() => took.lossy.push(world.clock.now()))
    }
    await world.run({ forMs: 120_000 })
    expect(new Set(took.clear)).toEqual(new Set([20]))
    expect(took.lossy).toHaveLength(400)
    // Each repetition comes after twice the time of the one before.
    expect([...new Set(took.lossy)].sort((a, b) => a - b).slice(0, 4)).toEqual([20, 220, 620, 1_420])
    const once = took.lossy.filter((at) => at === 20).length
    expect(once / 400).toBeGreaterThan(0.4)
    expect(once / 400).toBeLessThan(0.6)
  })

  test('takes back what is not to arrive', async () => {
    const world = new World({ seed: 1 })
    let arrived = 0
    const takeBack = new Network(world, { latencyMs: 20, loss: 0 }, -1).carry(() => arrived++)
    takeBack()
    await world.run({ forMs: 1_000 })
    expect(arrived).toBe(0)
  })

  test('knows when a kernel repeats a SYN: one second, and twice as long each time', () => {
    expect(synRepeatMs).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000])
  })
})

describe('who is back', () => {
  test('counts each once, by the last time', () => {
    const recovery = new Recovery(4)
    recovery.back(0, 100)
    recovery.back(0, 200)
    recovery.back(1, 300)
    recovery.away(1)
    recovery.away(2)
    expect([recovery.count, recovery.share, recovery.complete]).toEqual([1, 0.25, false])
    for (const client of [1, 2, 3]) recovery.back(client, 400 + client)
    expect(recovery.complete).toBe(true)
    expect(recovery.times(0)).toEqual({ t50Ms: 401, t99Ms: 403, tAllMs: 403 })
    // Who was back before does not count.
    expect(recovery.times(300)).toEqual({ t50Ms: 102, t99Ms: null, tAllMs: null })
  })
})

describe('what is recorded', () => {
  test('begins with the trouble, in whole seconds from there', async () => {
    const world = new World({ seed: 1 })
    const recorder = new Recorder(world)
    recorder.arrived()
    await world.run({ forMs: 300 })
    recorder.begin()
    for (const atMs of [0, 999, 1_000, 2_999]) world.later(atMs, () => recorder.arrived())
    await world.run({ forMs: 3_000, eachSecond: (second) => recorder.sample(second, second / 4) })
    expect([recorder.total, recorder.peak(), recorder.peak(1), recorder.atMs]).toEqual([4, 2, 1, 3_000])
    expect(recorder.curves).toEqual({ arrivals: [2, 1, 1], queue: [1, 2, 3], recovered: [0.25, 0.5, 0.75] })
  })
})
