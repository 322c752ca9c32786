import { describe, expect, it } from 'vitest'
import { Goodput } from '../../src/simulate/goodput.ts'
import { Latencies } from '../../src/simulate/latencies.ts'
import { World } from '../../src/simulate/world.ts'

/** A call in each second; `plan` has the second's outcome: `.` succeeds, `x` fails, `-` never ends. */
async function goodputOf(plan: string): Promise<Goodput> {
  const world = new World({ seed: 1 })
  const goodput = new Goodput(world)
  goodput.begin()
  for (const outcome of plan) {
    const tell = goodput.call()
    if (outcome !== '-') world.later(1_500, () => tell(outcome === '.'))
    await world.clock.advance(1_000)
  }
  goodput.end()
  await world.clock.advance(5_000)
  return goodput
}

describe('goodput', () => {
  it('belongs to the second in which a call began', async () => {
    const goodput = await goodputOf('.x.-')
    expect(goodput.curve).toEqual([1, 0, 1, 0])
    expect([goodput.wanted, goodput.pending, goodput.lost]).toEqual([4, 1, 0.5])
    // The one that never ended has waited longer than the others.
    expect(goodput.worstWaitMs).toBe(6_000)
  })

  it.each([
    ['..........', 0],
    // As long as the trouble lasts nobody has recovered.
    ['xx........', 3_000],
    ['xxxx.x......', 6_000],
    ['xxxx....x......', 9_000],
    ['xxxx.....x......', 4_000],
    // Four good seconds are too few to call it over.
    ['xxxxxx....', null],
    ['xxxxxxxxxx', null],
  ])('%s, with trouble in the first three seconds, is back after %s', async (plan, backMs) => {
    const goodput = await goodputOf(plan)
    expect(goodput.backAfterMs(0.95, 3_000)).toBe(backMs)
  })

  it('is back at once where nobody calls, and is not held up by an end without calls', async () => {
    const world = new World({ seed: 1 })
    const goodput = new Goodput(world)
    goodput.begin()
    await world.clock.advance(4_000)
    goodput.call()(false)
    expect(goodput.backAfterMs(0.95, 3_000)).toBeNull()
    await world.clock.advance(6_000)
    expect(goodput.backAfterMs(0.95, 3_000)).toBe(5_000)
    goodput.end()
    await world.clock.advance(60_000)
    expect(goodput.backAfterMs(0.95, 3_000)).toBe(5_000)
    const silent = new Goodput(world)
    silent.begin()
    await world.clock.advance(6_000)
    expect(silent.backAfterMs(0.95, 3_000)).toBe(0)
  })

  it('counts nothing before it begins and after it ends', async () => {
    const world = new World({ seed: 1 })
    const goodput = new Goodput(world)
    goodput.call()(false)
    expect([goodput.wanted, goodput.lost, goodput.worstWaitMs, goodput.curve]).toEqual([0, 0, 0, []])
    goodput.begin()
    const late = goodput.call()
    goodput.end()
    goodput.call()(false)
    late(true)
    expect([goodput.wanted, goodput.lost, goodput.pending]).toEqual([1, 0, 0])
  })
})

describe('latencies', () => {
  it('are those of all calls, and of one that runs until now', async () => {
    const world = new World({ seed: 1 })
    const latencies = new Latencies(world)
    expect(latencies.quantiles(0.5)).toEqual([null])
    for (let ms = 1; ms <= 100; ms++) {
      const end = latencies.begin()
      world.later(ms, end)
    }
    latencies.begin()
    await world.clock.advance(500)
    expect(latencies.count).toBe(101)
    expect(latencies.quantiles(0.5, 0.99, 0.999)).toEqual([51, 100, 500])
  })
})
