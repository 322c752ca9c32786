import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { settled } from '../../src/core/clock.ts'
import { type Call, type Context, stack } from '../../src/core/layer.ts'
import { deadline } from '../../src/layers/deadline/index.ts'
import { retry } from '../../src/layers/retry.ts'
import { type SingleFlightNeeds, singleFlight } from '../../src/layers/single-flight.ts'
import { hang, script } from '../../src/testing/index.ts'
import { type World, world } from '../support/world.ts'

const unhandled = vi.fn()
beforeEach(() => void process.on('unhandledRejection', unhandled))
afterEach(async () => {
  await settled()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

interface Asked {
  readonly key?: string | undefined
}

const same: Asked = { key: 'same' }

function play<Res>(w: World, call: Call<Asked, Res>, needs: Partial<SingleFlightNeeds<Asked, Res>> = {}) {
  const run = stack([singleFlight<Asked, Res>({ keyOf: ({ key }) => key, ...needs })], call, w)
  return (given: Partial<Context> = {}, request = same) => run(request, w.context(given))
}

/** A call that takes 10 ms and gives a new object each time. */
function slowly(w: World) {
  const made: object[] = []
  const call: Call<Asked, object> = async (_request, { signal }) => {
    await w.clock.sleep(10, signal)
    made.push({})
    return made.at(-1) as object
  }
  return { call, made }
}

describe('callers who ask for the same', () => {
  it('share one piece of work, all 50,000 of them, each with a copy of its own', async () => {
    const w = world()
    const { call, made } = slowly(w)
    const ask = play(w, call, { share: async (value) => ({ copy: () => ({ value }) }) })
    const results = Array.from({ length: 50_000 }, () => ask())
    await w.clock.advance(10)
    const copies = await Promise.all(results)
    expect(made).toHaveLength(1)
    expect(new Set(copies).size).toBe(50_000)
  })

  it('all get the same value where nothing makes copies', async () => {
    const w = world()
    const { call, made } = slowly(w)
    const ask = play(w, call)
    const results = [ask(), ask(), ask()]
    await w.clock.advance(10)
    for (const value of await Promise.all(results)) expect(value).toBe(made[0])
  })

  it('do so only while it runs: the next one asks anew', async () => {
    const w = world()
    const { call, made } = slowly(w)
    const ask = play(w, call)
    for (let round = 0; round < 3; round++) {
      const results = [ask(), ask()]
      await w.clock.advance(10)
      await Promise.all(results)
    }
    expect(made).toHaveLength(3)
  })

  it('are told of, but for the first', async () => {
    const w = world()
    const joined = vi.fn()
    const { call } = slowly(w)
    const ask = play(w, call, { joined, label: () => ({ upstream: 'api.example:443' }) })
    const [leader, follower] = [{ key: 'same' }, { key: 'same' }]
    const results = [ask({}, leader), ask({}, follower)]
    expect(w.events).toEqual([{ type: 'flight.joined', upstream: 'api.example:443' }])
    await w.clock.advance(10)
    await Promise.all(results)
    expect(joined).toHaveBeenCalledExactlyOnceWith(follower, leader)
  })

  it('are kept apart by their key, and one without a key is left alone', async () => {
    const w = world()
    const below = script<Asked, string>('one', 'other', 'third', 'fourth')
    const ask = play<string>(w, below)
    const own = w.context()
    const alone = stack([singleFlight<Asked, string>({ keyOf: ({ key }) => key })], below, w)
    const results = [ask({}, { key: 'a' }), ask({}, { key: 'b' }), alone({}, own), alone({}, own)]
    expect(await Promise.all(results)).toEqual(['one', 'other', 'third', 'fourth'])
    // Not even its context is another one.
    expect(below.contexts.slice(2)).toEqual([own, own])
    expect(below.contexts[2]).toBe(own)
  })
})

describe('a caller who aborts', () => {
  it('leaves the others alone', async () => {
    const w = world()
    const { call, made } = slowly(w)
    const ask = play(w, call)
    const leavers = [new AbortController(), new AbortController()]
    const left = leavers.map(({ signal }) => ask({ signal }).catch((reason) => reason))
    const staying = ask()
    for (const [index, leaver] of leavers.entries()) leaver.abort(index)
    expect(await Promise.all(left)).toEqual([0, 1])
    await w.clock.advance(10)
    expect(await staying).toBe(made[0])
  })

  it('ends the work if it was the last one, with its reason', async () => {
    const w = world()
    const below = script<Asked, string>(hang(), 'fresh')
    const ask = play<string>(w, below)
    const leavers = [new AbortController(), new AbortController()]
    const left = leavers.map(({ signal }) => ask({ signal }).catch((reason) => reason))
    leavers[0]?.abort('first')
    expect(below.contexts[0]?.signal.aborted).toBe(false)
    leavers[1]?.abort('last')
    expect(below.contexts[0]?.signal.reason).toBe('last')
    expect(await ask()).toBe('fresh')
    expect(await Promise.all(left)).toEqual(['first', 'last'])
  })
})

describe('a value that one caller has for itself', () => {
  it.each(['a single caller', 'one of several'])(
    'stays within reach of its abort until it is released: %s',
    async (who) => {
      const w = world()
      const releases: (() => void)[] = []
      const below = script<Asked, string>('still read', 'own', 'read to the end', 'own')
      const share = async (value: string) => ({ one: value })
      const ask = play<string>(w, below, { share, linger: (_value, release) => releases.push(release) })
      const controller = new AbortController()
      for (let round = 0; round < 2; round++) {
        const asked = [ask({ signal: controller.signal })]
        if (who === 'one of several') asked.push(ask())
        else below(same, w.context())
        await Promise.all(asked)
      }
      releases.at(-1)?.()
      const signals = [below.contexts[0]?.signal, below.contexts[2]?.signal]
      expect(signals.map((signal) => signal?.aborted)).toEqual([false, false])
      controller.abort('left')
      expect(signals.map((signal) => signal?.reason)).toEqual(['left', undefined])
    },
  )
})

describe('a failure', () => {
  it('goes to all who wait as the very same error, and is forgotten', async () => {
    const w = world()
    const error = new Error('broken')
    const ask = play<string>(w, script<Asked, string>(error, 'mended'))
    const ends = await Promise.allSettled([ask(), ask(), ask()])
    for (const end of ends) expect(end.status === 'rejected' && end.reason).toBe(error)
    expect(await ask()).toBe('mended')
  })

  it('to make copies is one like any other', async () => {
    const w = world()
    const error = new Error('the body broke off')
    const ask = play<string>(w, script<Asked, string>('value'), { share: () => Promise.reject(error) })
    const ends = await Promise.allSettled([ask(), ask()])
    for (const end of ends) expect(end.status === 'rejected' && end.reason).toBe(error)
  })
})

describe('copies', () => {
  it('are not made for a single caller', async () => {
    const w = world()
    const share = vi.fn()
    const value = {}
    expect(await play<object>(w, script<Asked, object>(value), { share })()).toBe(value)
    expect(share).not.toHaveBeenCalled()
  })

  it.each([undefined, null, false, 0, ''])(
    'are not needed for %s either, which is a value like any other',
    async (nothing) => {
      const w = world()
      const below = script<Asked, unknown>(() => nothing)
      expect(await play<unknown>(w, below)()).toBe(nothing)
      expect(below.requests).toHaveLength(1)
    },
  )

  it('that cannot be made: one gets the value, and each of the others makes its own call', async () => {
    const w = world()
    const { call, made } = slowly(w)
    const ask = play(w, call, { share: async (value) => ({ one: value }) })
    const results = [ask(), ask(), ask()]
    await w.clock.advance(20)
    const values = await Promise.all(results)
    expect(values[0]).toBe(made[0])
    expect(new Set(values).size).toBe(3)
    expect(made).toHaveLength(3)
  })

  it('are there for one who joins while they are being made', async () => {
    const w = world()
    const { call, made } = slowly(w)
    const share = async (value: object) => {
      await w.clock.sleep(5)
      return { copy: () => ({ value }) }
    }
    const ask = play(w, call, { share })
    const results = [ask(), ask()]
    await w.clock.advance(12)
    results.push(ask())
    await w.clock.advance(3)
    expect(await Promise.all(results)).toEqual(Array(3).fill({ value: made[0] }))
    expect(made).toHaveLength(1)
  })
})

describe('the patience of the work', () => {
  it('is that of its caller, from the first moment on', async () => {
    const w = world()
    const seen: number[] = []
    const call: Call<Asked, string> = async (_request, context) => {
      seen.push(context.deadlineAt)
      return 'value'
    }
    await play(w, call)({ deadlineAt: 500 })
    await play(w, call)()
    expect(seen).toEqual([500, Infinity])
  })

  it('becomes that of the most patient who joins, and never less', async () => {
    const w = world()
    const below = script<Asked, string>(hang())
    const ask = play<string>(w, below)
    const controller = new AbortController()
    const ends: Promise<unknown>[] = []
    const seen = [100, 300, 200].map((deadlineAt) => {
      ends.push(ask({ deadlineAt, signal: controller.signal }).catch(() => {}))
      return below.contexts[0]?.deadlineAt
    })
    expect(seen).toEqual([100, 300, 300])
    controller.abort()
    await Promise.all(ends)
  })

  it('lets an attempt below be ended in its time', async () => {
    const w = world()
    const below = script<Asked, string>(hang())
    const layers = [
      singleFlight<Asked, string>({ keyOf: () => 'all' }),
      deadline<Asked, string>({ ms: 100 }, { scope: 'attempt' }),
    ]
    const result = stack(layers, below, w)(same, w.context({ deadlineAt: 1_000 })).catch((error) => error)
    await w.clock.advance(100)
    expect(await Promise.race([result, settled()])).toMatchObject({ code: 'deadline', scope: 'attempt' })
  })

  it('lets an attempt be ended in its time when its first caller had less, and others joined', async () => {
    const w = world()
    const layers = [
      singleFlight<Asked, string>({ keyOf: () => 'all' }),
      deadline<Asked, string>({ ms: 100 }, { scope: 'attempt' }),
    ]
    const ask = stack(layers, script<Asked, string>(hang()), w)
    const leaver = new AbortController()
    const leader = ask(same, w.context({ deadlineAt: 50, signal: leaver.signal })).catch((reason) => reason)
    const follower = ask(same, w.context({ deadlineAt: 1_000 })).catch((error) => error)
    await w.clock.advance(50)
    leaver.abort('no more patience')
    await w.clock.advance(50)
    expect(await leader).toBe('no more patience')
    expect(await Promise.race([follower, settled()])).toMatchObject({ code: 'deadline', scope: 'attempt' })
  })

  it('lets a retry wait as long as anybody does', async () => {
    const w = world(0.5)
    const below = script<Asked, string>(new Error('broken'), 'mended')
    const layers = [singleFlight<Asked, string>({ keyOf: () => 'all' }), retry<Asked, string>({ baseMs: 1_000 })]
    const ask = stack(layers, below, w)
    const results = [ask(same, w.context({ deadlineAt: 100 })), ask(same, w.context({ deadlineAt: 1_000 }))]
    await w.clock.advance(500)
    expect(await Promise.all(results)).toEqual(['mended', 'mended'])
  })
})
