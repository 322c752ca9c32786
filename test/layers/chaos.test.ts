import { describe, expect, it } from 'vitest'
import { settled } from '../../src/core/clock.ts'
import { stack } from '../../src/core/layer.ts'
import { OptionsError } from '../../src/core/options.ts'
import { type ChaosOptions, chaos, type Fault } from '../../src/testing/index.ts'
import { type World, world } from '../support/world.ts'

type Faults = readonly Fault<number, string>[]

function play(w: World, faults: Faults, options: Partial<ChaosOptions> = {}) {
  const run = stack([chaos<number, string>(faults, options)], async (request) => `answer ${request}`, w)
  return (request: number, signal?: AbortSignal) => run(request, w.context(signal ? { signal } : {}))
}

/** Which of so many calls fail. */
async function failures(faults: Faults, options: Partial<ChaosOptions> = {}, calls = 400): Promise<number[]> {
  const w = world()
  const call = play(w, faults, options)
  const failed: number[] = []
  for (let request = 0; request < calls; request++) {
    await Promise.race([call(request).catch(() => failed.push(request)), settled()])
    await w.clock.advance(1)
  }
  await w.clock.advance(100)
  return failed.sort((a, b) => a - b)
}

const broken = { error: () => new Error('chaos') }

describe('a fault', () => {
  it('that adds latency, fixed or by chance, answers late', async () => {
    const w = world()
    const fixed = play(w, [{ rate: 1, latencyMs: 50 }])(1).then(() => w.clock.now())
    const drawn = play(w, [{ rate: 1, latencyMs: (random) => 100 + random() * 100 }])(1).then(() => w.clock.now())
    await w.clock.advance(200)
    expect(await fixed).toBe(50)
    expect(await drawn).toBeGreaterThan(100)
    expect(await drawn).toBeLessThan(200)
  })

  it('that is an error throws it in place of calling', async () => {
    const w = world()
    const error = new Error('chaos')
    let called = 0
    const count = async (request: number) => {
      called++
      return String(request)
    }
    const call = stack([chaos<number, string>([{ rate: 1, error: () => error }])], count, w)
    await expect(call(1, w.context())).rejects.toBe(error)
    expect(called).toBe(0)
  })

  it('that is a value answers it', async () => {
    expect(await play(world(), [{ rate: 1, value: (request) => `status ${request}` }])(503)).toBe('status 503')
  })

  it('that comes after changes the answer, in the order of the list', async () => {
    const faults: Faults = [
      { rate: 1, after: (answer) => answer.slice(0, 3) },
      { rate: 1, after: (answer, request) => `${answer}|${request}` },
    ]
    expect(await play(world(), faults)(7)).toBe('ans|7')
  })

  it('that hangs ends only with the signal, with its reason', async () => {
    const w = world()
    const controller = new AbortController()
    const call = play(w, [{ rate: 1, hang: true }])
    const result = call(1, controller.signal).catch((reason) => reason)
    await w.clock.advance(1e9)
    expect(await Promise.race([result, settled()])).toBeUndefined()
    controller.abort('left')
    expect(await result).toBe('left')
    await expect(call(1, AbortSignal.abort('gone'))).rejects.toBe('gone')
  })

  it('that adds latency ends with the signal too, and leaves no timer', async () => {
    const w = world()
    const controller = new AbortController()
    const result = play(w, [{ rate: 1, latencyMs: 50 }])(1, controller.signal)
    controller.abort('left')
    await expect(result).rejects.toBe('left')
    expect(w.clock.pending).toBe(0)
  })

  it('with latency may fail after it', async () => {
    const w = world()
    const result = play(w, [{ rate: 1, latencyMs: 50, ...broken }])(1).catch(() => w.clock.now())
    await w.clock.advance(50)
    expect(await result).toBe(50)
  })
})

describe('the calls that are hit', () => {
  it.each([0, 0.1, 0.5, 1])('are a share of %d', async (rate) => {
    const { length } = await failures([{ rate, ...broken }], {}, 2_000)
    expect(Math.abs(length / 2_000 - rate)).toBeLessThan(rate % 1 === 0 ? 1e-9 : 0.04)
  })

  it('are the same with the same seed, and others with another', async () => {
    const faults = [{ rate: 0.3, ...broken }]
    const first = await failures(faults, { seed: 1 })
    expect(await failures(faults)).toEqual(first)
    expect(await failures(faults, { seed: 2 })).not.toEqual(first)
  })

  it('are the same in each stack that is built of the layer', async () => {
    const layer = chaos<number, string>([{ rate: 0.3, ...broken }])
    const hits = async () => {
      const w = world()
      const call = stack([layer], async () => 'fine', w)
      const seen: boolean[] = []
      for (let request = 0; request < 100; request++)
        seen.push(
          await call(request, w.context()).then(
            () => false,
            () => true,
          ),
        )
      return seen
    }
    expect(await hits()).toEqual(await hits())
  })

  it.each<[string, Fault<number, string>]>([
    ['one that never strikes', { rate: 0 }],
    ['one whose time is not yet', { rate: 1, fromMs: 1e9, ...broken }],
    ['one that waits', { rate: 0.5, latencyMs: 5 }],
    ['one that waits by chance', { rate: 0.5, latencyMs: (random) => random() * 5 }],
  ])('of one fault are not moved by the length of what another does: %s', async (_which, other) => {
    const plain = await failures([{ rate: 0 }, { rate: 0.3, ...broken }])
    expect(await failures([other, { rate: 0.3, ...broken }])).toEqual(plain)
  })

  it('lie in the window of the fault, counted from when the stack was built', async () => {
    const w = world()
    await w.clock.advance(777)
    const call = play(w, [{ rate: 1, fromMs: 10, untilMs: 20, ...broken }])
    const seen: number[] = []
    for (let ms = 0; ms < 30; ms++) {
      await call(ms).catch(() => seen.push(ms))
      await w.clock.advance(1)
    }
    expect(seen).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  })

  it('are none without faults', async () => {
    expect(await failures([])).toEqual([])
  })
})

describe('bad options', () => {
  it.each<[string, unknown]>([
    ['a rate above 1', { rate: 1.1 }],
    ['a rate below 0', { rate: -0.1 }],
    ['a rate that is no number', { rate: Number.NaN }],
    ['no rate', { latencyMs: 5 }],
    ['a start below 0', { rate: 1, fromMs: -1 }],
    ['an end that is no number', { rate: 1, untilMs: Number.NaN }],
    ['a wait below 0', { rate: 1, latencyMs: -1 }],
    ['a wait that is a text', { rate: 1, latencyMs: '5' }],
    ['an error that is none to make', { rate: 1, error: new Error('chaos') }],
    ['a value that is none to make', { rate: 1, value: 503 }],
    ['a name that does not exist', { rate: 1, latency: 5 }],
    ['no object', null],
  ])('are an OptionsError: %s', (_what, fault) => {
    expect(() => chaos([fault as Fault<number, string>])).toThrow(OptionsError)
  })

  it('are an OptionsError: a seed below 0, and one that is no number', () => {
    for (const seed of [-1, Number.NaN, '1' as unknown as number])
      expect(() => chaos([], { seed })).toThrow(OptionsError)
  })

  it('name the option, with its path', () => {
    const build = () => chaos([{ rate: 1, untilMs: -5 }])
    expect(build).toThrow(expect.objectContaining({ option: 'chaos.untilMs' }))
  })
})
