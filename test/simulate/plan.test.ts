import { describe, expect, it } from 'vitest'
import { OptionsError, plan, simulate } from '../../src/simulate/index.ts'
import { candidatesOf, standard } from '../../src/simulate/plan/candidates.ts'
import { best, firmest, reason } from '../../src/simulate/plan/choice.ts'
import type { Candidate } from '../../src/simulate/plan/index.ts'
import { planDefaults } from '../../src/simulate/plan/index.ts'
import { fleetFor } from '../../src/simulate/plan/trial.ts'

const small = { fleet: 300 }

function candidate(more: Partial<Candidate>): Candidate {
  return {
    ...standard,
    socket: {},
    t99Ms: 50_000,
    tAllMs: 51_000,
    runMs: 900_000,
    attemptsPerClient: 1,
    peakOverCapacity: 1,
    wastedPerClient: 0,
    back: 1,
    loneWaitMs: 2_500,
    ...more,
  }
}

describe('a plan', () => {
  it('is a hint for a fleet that would queue up, and a wide window where there is none', async () => {
    const found = await plan({ clients: 100_000, capacity: 2_000, ...small })
    const { defaults, recommended, withoutHint } = found
    expect(recommended?.hint).toEqual({ afterMs: 0, withinMs: 55_000 })
    expect(withoutHint?.socket.firstWindowMs).toEqual({ drop: 55_000, restart: 55_000 })
    expect(withoutHint?.loneWaitMs).toBe(27_500)
    expect(recommended?.loneWaitMs).toBe(defaults?.loneWaitMs)
    expect(recommended?.peakOverCapacity).toBeLessThan((defaults?.peakOverCapacity ?? 0) / 3)
    expect(found.capacity).toEqual({ connections: 100_000, acceptPerSecond: 2_000 })
    expect(found.boundMs).toBe(50_000)
    expect(found.simulated).toMatchObject({ clients: 300, capacity: 6, scaled: true })
    expect(found.why).toContain('says when it wants its clients back')
    expect(found.partial).toBe(false)
  })

  it('has what the scenario gives for the same settings', async () => {
    const found = await plan({ clients: 300, capacity: 6 })
    const report = await simulate({ name: 'reconnect', clients: 300, capacity: 6 })
    expect(found.simulated.scaled).toBe(false)
    expect(found.defaults).toMatchObject({
      t99Ms: report.t99Ms,
      attemptsPerClient: report.attemptsPerClient,
      peakOverCapacity: report.peakOverCapacity,
    })
  })

  it('shows a fleet that never comes back by the defaults, and settings by which it does', async () => {
    const { defaults, recommended, withoutHint } = await plan({ clients: 300_000, capacity: 1_000, ...small })
    expect(defaults?.t99Ms).toBeNull()
    expect(defaults?.back).toBeLessThan(0.5)
    expect(recommended?.t99Ms).toBeLessThan(1.15 * 300_000)
    expect(recommended?.attemptsPerClient).toBeLessThan(1.05)
    expect(withoutHint?.t99Ms).toBeLessThan(1.15 * 300_000)
    // At half the capacity that was told of, patience is what holds.
    expect(withoutHint?.patienceMs).toBe(180_000)
  })

  it('leaves the defaults alone where nothing is better', async () => {
    const found = await plan({ clients: 300, capacity: 66 })
    expect(found.recommended).toBe(found.defaults)
    expect(found.withoutHint?.socket).toEqual({})
    expect(found.why).toContain('nothing to change')
  })

  it('counts an outage in, and tells it in the hint', async () => {
    const found = await plan({ clients: 10_000, capacity: 500, outageMs: 30_000, ...small })
    expect(found.capacity.afterMs).toBe(30_000)
    expect(found.recommended?.hint).toEqual({ afterMs: 30_000, withinMs: 22_000 })
    expect(found.recommended?.attemptsPerClient).toBeLessThan(1.05)
    expect(found.defaults?.attemptsPerClient).toBeGreaterThan(4)
  })

  it('knows a bounded backlog, which it makes smaller with the fleet', async () => {
    const { simulated, defaults } = await plan({ clients: 30_000, capacity: 600, server: 'backlog', ...small })
    expect(simulated.backlog).toBe(41)
    expect(defaults?.attemptsPerClient).toBeGreaterThan(1.1)
  })

  it('widens the widest window where a quarter of an hour is not enough', async () => {
    const { silent, hinted } = candidatesOf({ ...planDefaults, clients: 1_000_000, capacity: 1_000 })
    expect(Math.max(...silent.map(({ maxWindowMs }) => maxWindowMs))).toBe(1_100_000)
    expect(hinted.maxWindowMs).toBe(1_100_000)
  })

  it('is the same for the same seed, and no figure of it is lost as JSON', async () => {
    const request = { clients: 300, capacity: 20, seed: 7 }
    const one = await plan(request)
    expect(await plan(request)).toEqual(one)
    expect(JSON.parse(JSON.stringify(one))).toEqual(one)
  })

  it('tells how far it is', async () => {
    const told: number[] = []
    const trials = new Set<number>()
    let last = 0
    await plan(
      { clients: 100, capacity: 10 },
      {
        onProgress: ({ share, trial, of }) => {
          told.push(share)
          trials.add(trial)
          last = of
        },
      },
    )
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(told.at(-1)).toBe(1)
    expect(trials.size).toBe(last)
  })

  it('has what was tried when it is ended, and recommends nothing', async () => {
    const end = new AbortController()
    const found = await plan(
      { clients: 300, capacity: 6 },
      {
        signal: end.signal,
        onProgress: ({ trial, share }) => {
          if (trial === 2 && share > 0.2) end.abort()
        },
      },
    )
    expect(found).toMatchObject({ partial: true, recommended: null, withoutHint: null })
    expect(found.tried).toHaveLength(1)
    expect(found.defaults).toBe(found.tried[0])
    expect(await plan({ clients: 300, capacity: 6 }, { signal: end.signal })).toMatchObject({
      defaults: null,
      tried: [],
    })
  })

  it.each<[object | undefined, RegExp]>([
    [undefined, /plan wants \{ clients, capacity \}/],
    [{ capacity: 1 }, /plan.clients wants a whole number/],
    [{ clients: 1 }, /plan.capacity wants/],
    [{ clients: 1, capacity: 0 }, /plan.capacity wants/],
    [{ clients: 1, capacity: 1, server: 'lifo' }, /plan.server wants/],
    [{ clients: 1, capacity: 1, fleet: 5 }, /plan.fleet wants/],
    [{ clients: 1, capacity: 1, hints: true }, /plan has no option/],
    [{ clients: 1_000_000, capacity: 100 }, /plan.capacity is too small.*at least 306/],
  ])('refuses %j', async (request, message) => {
    const refused = await plan(request as never).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(OptionsError)
    expect(String(refused)).toMatch(message)
  })
})

describe('a scaled fleet', () => {
  it('is one of the same clients per capacity', () => {
    const request = { ...planDefaults, clients: 1_000_000, capacity: 10_000 }
    expect(fleetFor(request)).toEqual({ clients: 2_000, capacity: 20, backlog: 8, scaled: true })
    expect(fleetFor({ ...request, fleet: Infinity })).toMatchObject({ clients: 1_000_000, scaled: false })
  })

  it.each([
    ['the defaults', 2_000, 20_000, {}],
    ['a hint', 1_000, 5_000, { hint: true }],
    ['an outage', 1_000, 5_000, { outageMs: 30_000 }],
    ['a backlog', 1_000, 5_000, { server: 'backlog' }],
  ] as const)('does as a larger one, with %s', async (_what, few, many, more) => {
    const run = (clients: number) => {
      const backlog = Math.round((4_096 * clients) / 100_000)
      return simulate({ name: 'reconnect', clients, capacity: clients / 50, backlog, ...more })
    }
    const [small, large] = [await run(few), await run(many)]
    expect(Math.abs(1 - (small.t99Ms ?? 0) / (large.t99Ms ?? 1))).toBeLessThan(0.03)
    expect(Math.abs(1 - small.attemptsPerClient / large.attemptsPerClient)).toBeLessThan(0.03)
  })
})

describe('the choice', () => {
  it('prefers being back, then few attempts, then a low peak, then those who are lost alone', () => {
    const lost = candidate({ t99Ms: null, back: 0.2 })
    const slow = candidate({ t99Ms: 90_000 })
    const eager = candidate({ t99Ms: 45_000, attemptsPerClient: 3 })
    const steep = candidate({ peakOverCapacity: 10 })
    const wide = candidate({ loneWaitMs: 27_500 })
    const good = candidate({})
    expect(best([lost, slow, eager, steep, wide, good], 0)).toBe(good)
    expect(best([lost, slow, eager, steep, wide], 0)).toBe(wide)
    expect(best([lost, slow, eager, steep], 0)).toBe(steep)
    expect(best([lost, slow, eager], 0)).toBe(eager)
    expect(best([lost, slow], 0)).toBe(slow)
    expect(best([lost, candidate({ t99Ms: null, back: 0.1 })], 0)).toBe(lost)
    expect(best([], 0)).toBeUndefined()
  })

  it('does not let an outage hide who is slow', () => {
    const slow = candidate({ t99Ms: 340_000 })
    const quick = candidate({ t99Ms: 310_000, loneWaitMs: 9_000 })
    expect(best([slow, quick], 0)).toBe(slow)
    expect(best([slow, quick], 300_000)).toBe(quick)
  })

  it('takes more patience only where it holds better', () => {
    const short = candidate({ patienceMs: 45_000 })
    const long = candidate({ patienceMs: 180_000 })
    const atHalf = (shortMs: number | null, longMs: number | null) => [
      { ...short, t99Ms: shortMs },
      { ...long, t99Ms: longMs },
    ]
    expect(firmest(short, [short, long], atHalf(null, 100_000), 0)).toBe(long)
    expect(firmest(short, [short, long], atHalf(100_000, 95_000), 0)).toBe(short)
    expect(firmest(long, [long, short], atHalf(100_000, 95_000), 0)).toBe(short)
    expect(firmest(long, [long, short], atHalf(null, null), 0)).toBe(short)
    expect(firmest(short, [short, { ...long, t99Ms: 90_000 }], atHalf(null, 100_000), 0)).toBe(short)
    expect(firmest(short, [short], [], 0)).toBeUndefined()
  })

  it('is said in one sentence, whatever it is', () => {
    const lost = candidate({ t99Ms: null, back: 0.152 })
    const hinted = candidate({ hint: { afterMs: 0, withinMs: 1 } })
    const window = candidate({ windowMs: 30_000, patienceMs: 60_000 })
    expect(reason(lost, lost, 0)).toContain('at best 15.2 % are back')
    expect(reason(hinted, lost, 0)).toContain('with the defaults 15.2 % are back')
    expect(reason(window, candidate({ t99Ms: 99_000 }), 0)).toBe(
      'A first window of 30 s and a patience of 60 s bring 99 % back after 50 s with 1 attempt per client and a peak of 1 × the capacity; with the defaults it takes 99 s, 1 attempt per client and a peak of 1 × the capacity.',
    )
    expect(reason(candidate({}), candidate({}), 0)).toContain('nothing to change')
    const idle = reason(candidate({ ...hinted, peakOverCapacity: 0.0008 }), candidate({ peakOverCapacity: 0.0567 }), 0)
    expect(idle).toContain('a peak of < 0.01 × the capacity; with')
    expect(idle).toContain('a peak of 0.057 × the capacity.')
  })

  it('says what decided where the defaults are sooner', () => {
    const hinted = candidate({ hint: { afterMs: 0, withinMs: 1 } })
    const ending = (defaults: Partial<Candidate>) => reason(hinted, candidate(defaults), 0).split('the capacity').at(-1)
    expect(ending({ t99Ms: 45_000, peakOverCapacity: 4 })).toBe('; what decided is the peak.')
    expect(ending({ t99Ms: 45_000, attemptsPerClient: 2, peakOverCapacity: 4 })).toBe('; what decided is the attempts.')
    expect(ending({ t99Ms: 45_000 })).toBe('.')
    expect(ending({ t99Ms: 55_000, peakOverCapacity: 4 })).toBe('.')
  })
})
