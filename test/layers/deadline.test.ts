import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { Chain } from '../../src/core/chain.ts'
import { type Call, type Context, stack } from '../../src/core/layer.ts'
import { OptionsError } from '../../src/core/options.ts'
import { DeadlineError, type DeadlineNeeds, deadline, type Ongoing } from '../../src/layers/deadline/index.ts'
import { Limiter, limit } from '../../src/layers/limit/index.ts'
import { observe } from '../../src/layers/observe.ts'
import { hang, script } from '../../src/testing/index.ts'
import { type World, world } from '../support/world.ts'

/** A call that takes its time and never looks at its signal. */
function deaf(w: World, ms: number, value = 'late'): Call<string, string> {
  return async () => {
    await w.clock.sleep(ms)
    return value
  }
}

function play(w: World, ms: number, call: Call<string, string>, needs: DeadlineNeeds<string, string> = {}) {
  const run = stack([deadline({ ms }, needs)], call, w)
  return (given: Partial<Context> = {}) => run('request', w.context(given))
}

/** What has become of a promise so far. */
function watch(promise: Promise<unknown>) {
  const seen: { value?: unknown; error?: unknown } = {}
  promise.then(
    (value) => {
      seen.value = value
    },
    (error) => {
      seen.error = error
    },
  )
  return seen
}

describe('a call that takes too long', () => {
  it.each(['call', 'attempt'] as const)('ends at its limit, with an error that names the %s', async (scope) => {
    const w = world()
    const below = script<string, string>(hang())
    const seen = watch(play(w, 100, below, { scope })())
    await w.clock.advance(99)
    expect(seen).toEqual({})
    await w.clock.advance(1)
    expect(seen.error).toBeInstanceOf(DeadlineError)
    expect(seen.error).toMatchObject({ code: 'deadline', name: 'DeadlineError', scope, limitMs: 100 })
    expect(below.contexts[0]?.signal.reason).toBe(seen.error)
  })

  it('is the whole call where nothing is said', async () => {
    const w = world()
    const seen = watch(play(w, 100, script<string, string>(hang()))())
    await w.clock.advance(100)
    expect(seen.error).toMatchObject({ scope: 'call' })
  })

  it('ends even if nothing below looks at its signal, and frees a value that comes later', async () => {
    const w = world()
    const freed: string[] = []
    const seen = watch(play(w, 100, deaf(w, 150), { discard: (value) => freed.push(value) })())
    await w.clock.advance(100)
    expect(seen.error).toBeInstanceOf(DeadlineError)
    expect(freed).toEqual([])
    await w.clock.advance(50)
    expect(freed).toEqual(['late'])
  })

  it('keeps what those above have had, although freeing a value that comes later fails', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {})
    const w = world()
    const limiter = new Limiter({}, w)
    const ended = vi.fn()
    const error = new Error('not to be freed')
    const discard = () => {
      throw error
    }
    const layers = [
      observe<string, string>({ ended }),
      limit<string, string>({}, { limiter }),
      deadline<string, string>({ ms: 100 }, { discard }),
    ]
    const seen = watch(stack(layers, deaf(w, 150), w)('request', w.context()))
    await w.clock.advance(200)
    expect(seen.error).toBeInstanceOf(DeadlineError)
    expect(ended).toHaveBeenCalledOnce()
    expect(limiter.inFlight).toBe(0)
    expect(reported.mock.calls.flat()).toContain(error)
    reported.mockRestore()
  })

  it('takes no notice of an error that comes later', async () => {
    const w = world()
    const later = async () => {
      await w.clock.sleep(150)
      throw new Error('nobody waits for it')
    }
    const seen = watch(play(w, 100, later)())
    await w.clock.advance(200)
    expect(seen.error).toBeInstanceOf(DeadlineError)
  })

  it('has a limit of its own where the request says so', async () => {
    const w = world()
    const seen = watch(play(w, 100, script<string, string>(hang()), { msOf: () => 20 })())
    await w.clock.advance(20)
    expect(seen.error).toMatchObject({ limitMs: 20 })
  })
})

describe('two deadlines', () => {
  const both = (w: World, callMs: number, attemptMs: number) => {
    const below = script<string, string>(hang())
    const layers = [
      deadline<string, string>({ ms: callMs }),
      deadline<string, string>({ ms: attemptMs }, { scope: 'attempt' }),
    ]
    return { below, seen: watch(stack(layers, below, w)('request', w.context())) }
  }

  it.each([101, 200])('end by the outer one where it comes first: %d', async (attemptMs) => {
    const w = world()
    const { below, seen } = both(w, 100, attemptMs)
    await w.clock.advance(100)
    expect(seen.error).toMatchObject({ scope: 'call', limitMs: 100 })
    expect(below.contexts[0]?.signal.reason).toBe(seen.error)
    expect(w.clock.pending).toBe(0)
  })

  it('end by the outer one where both come at once', async () => {
    const w = world()
    const { seen } = both(w, 100, 100)
    await w.clock.advance(100)
    expect(seen.error).toMatchObject({ scope: 'call' })
    expect(w.clock.pending).toBe(0)
  })

  it('end by the inner one where it comes first', async () => {
    const w = world()
    const { below, seen } = both(w, 200, 100)
    await w.clock.advance(100)
    expect(seen.error).toMatchObject({ scope: 'attempt', limitMs: 100 })
    expect(below.contexts[0]?.signal.reason).toBe(seen.error)
    expect(w.clock.pending).toBe(0)
  })

  it.each([
    ['the outer', 100, 200],
    ['the inner', 200, 100],
  ])('tell what is below the earlier moment: %s', (_which, callMs, attemptMs) => {
    const { below } = both(world(), callMs, attemptMs)
    expect(below.contexts[0]?.deadlineAt).toBe(100)
  })
})

describe('a limit', () => {
  it('of 0 ends the call at once and sends nothing', async () => {
    const w = world()
    const below = script<string, string>('value')
    await expect(play(w, 0, below)()).rejects.toMatchObject({ code: 'deadline', limitMs: 0 })
    expect(below.requests).toEqual([])
    expect(w.clock.pending).toBe(0)
  })

  it('of Infinity never ends it and sets no timer', async () => {
    const w = world()
    const seen = watch(play(w, Infinity, deaf(w, 1e9))())
    expect(w.clock.pending).toBe(1)
    await w.clock.advance(1e9)
    expect(seen.value).toBe('late')
  })

  it.each([-1, Number.NaN, '5' as unknown as number])('of %s is refused', (ms) => {
    expect(() => deadline({ ms })).toThrow(OptionsError)
  })
})

describe('an abort', () => {
  it('by what is asked for the limit or the upload ends the call there, and leaves nothing', async () => {
    for (const inner of [false, true]) {
      for (const name of ['msOf', 'startsAfter'] as const) {
        const w = world()
        const controller = new AbortController()
        const ongoing: Ongoing = new Chain()
        const leaves = { [name]: () => void controller.abort('left') as undefined }
        const layers = inner
          ? [deadline<string, string>({}, { ongoing }), deadline<string, string>({}, leaves)]
          : [deadline<string, string>({}, { ongoing, ...leaves })]
        const below = script<string, string>('value')
        const call = stack(layers, below, w)('request', w.context({ signal: controller.signal }))
        await expect(call).rejects.toBe('left')
        expect([below.requests, ongoing.size, w.clock.pending]).toEqual([[], 0, 0])
      }
    }
  })

  it('before the start sends nothing', async () => {
    const w = world()
    const reason = { why: 'left' }
    const below = script<string, string>('value')
    await expect(play(w, 100, below)({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(below.requests).toEqual([])
    expect(w.clock.pending).toBe(0)
  })

  it('ends a call that is deaf to it at once, and its value is freed when it comes', async () => {
    const w = world()
    const freed: string[] = []
    const controller = new AbortController()
    const seen = watch(
      play(w, 1000, deaf(w, 150), { discard: (value) => freed.push(value) })({ signal: controller.signal }),
    )
    await w.clock.advance(10)
    controller.abort('left')
    await w.clock.advance(0)
    expect(seen.error).toBe('left')
    await w.clock.advance(140)
    expect(freed).toEqual(['late'])
    expect(w.clock.pending).toBe(0)
  })
})

describe('a value', () => {
  it('cuts the link to the caller, whose later abort is about something else', async () => {
    const w = world()
    const controller = new AbortController()
    const below = script<string, string>('value')
    await play(w, 100, below)({ signal: controller.signal })
    controller.abort('late')
    expect(below.contexts[0]?.signal.aborted).toBe(false)
  })

  it('that lingers stays within reach of the abort until it is released, but not of the deadline', async () => {
    const w = world()
    const controller = new AbortController()
    const releases: (() => void)[] = []
    const below = script<string, string>('read to the end', 'still read')
    const call = play(w, 100, below, { linger: (_value, release) => releases.push(release) })
    await call({ signal: controller.signal })
    await call({ signal: controller.signal })
    await w.clock.advance(1000)
    const [first, second] = below.contexts.map(({ signal }) => signal)
    expect(second?.aborted).toBe(false)
    releases[0]?.()
    controller.abort('left')
    expect(first?.aborted).toBe(false)
    expect(second?.reason).toBe('left')
  })
})

describe('a time that starts later', () => {
  it.each(['resolves', 'rejects'])('runs from the moment the upload %s', async (how) => {
    const w = world()
    const upload = w.clock.sleep(500).then(() => (how === 'rejects' ? Promise.reject(new Error('upload')) : undefined))
    const below = script<string, string>(hang())
    const seen = watch(play(w, 100, below, { scope: 'attempt', startsAfter: () => upload })())
    expect(below.contexts[0]?.deadlineAt).toBe(Infinity)
    await w.clock.advance(599)
    expect(seen).toEqual({})
    await w.clock.advance(1)
    expect(seen.error).toBeInstanceOf(DeadlineError)
  })

  it('does not start for a call that is over', async () => {
    const w = world()
    const upload = w.clock.sleep(500)
    await play(w, 100, script<string, string>('early'), { startsAfter: () => upload })()
    await w.clock.advance(500)
    expect(w.clock.pending).toBe(0)
  })

  it('starts with the call where there is no upload', async () => {
    const w = world()
    const seen = watch(play(w, 100, script<string, string>(hang()), { startsAfter: () => undefined })())
    await w.clock.advance(100)
    expect(seen.error).toBeInstanceOf(DeadlineError)
  })
})

describe('what is asked about a value', () => {
  it.each(['covers', 'linger'] as const)('ends the call if it throws, and leaves nothing: %s', async (name) => {
    const w = world()
    const controller = new AbortController()
    const ended = vi.fn()
    const error = new Error('broken')
    const needs: DeadlineNeeds<string, string> = {
      [name]: () => {
        throw error
      },
    }
    const layers = [observe<string, string>({ ended }), deadline<string, string>({ ms: 100 }, needs)]
    const call = stack(layers, script<string, string>('value'), w)('request', w.context({ signal: controller.signal }))
    await expect(call).rejects.toBe(error)
    expect(w.clock.pending).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await w.clock.advance(1_000)
    expect(ended).toHaveBeenCalledOnce()
  })
})

describe('a limit that covers the body too', () => {
  const streaming = (w: World, ending: Promise<unknown> | undefined, given: Partial<Context> = {}) => {
    const below = script<string, string>('value')
    const result = play(w, 100, below, { scope: 'attempt', covers: () => ending, linger: () => {} })(given)
    return { result, signal: () => below.contexts[0]?.signal }
  }

  it('aborts the signal below when the time is up, but never the promise: its value has been handed up', async () => {
    const w = world()
    const { result, signal } = streaming(w, new Promise(() => {}))
    expect(await result).toBe('value')
    await w.clock.advance(99)
    expect(signal()?.aborted).toBe(false)
    await w.clock.advance(1)
    expect(signal()?.reason).toBeInstanceOf(DeadlineError)
    expect(signal()?.reason).toMatchObject({ scope: 'attempt', limitMs: 100 })
    expect(w.clock.pending).toBe(0)
  })

  it.each(['read to its end', 'broken off'])('lets go of one that is %s in time', async (how) => {
    const w = world()
    const body = Promise.withResolvers<void>()
    const { result, signal } = streaming(w, body.promise)
    await result
    await w.clock.advance(50)
    if (how === 'broken off') body.reject(new Error('the connection broke'))
    else body.resolve()
    await w.clock.advance(0)
    expect(w.clock.pending).toBe(0)
    await w.clock.advance(1_000)
    expect(signal()?.aborted).toBe(false)
  })

  it('ends at once where a value has no body', async () => {
    const w = world()
    await streaming(w, undefined).result
    expect(w.clock.pending).toBe(0)
  })

  it('has a timer of its own even where the caller is less patient: that one does not cover the body', async () => {
    const w = world()
    const { result, signal } = streaming(w, new Promise(() => {}), { deadlineAt: 10 })
    await result
    await w.clock.advance(100)
    expect(signal()?.reason).toBeInstanceOf(DeadlineError)
  })

  it('leaves the body within reach of the caller', async () => {
    const w = world()
    const controller = new AbortController()
    const { result, signal } = streaming(w, new Promise(() => {}), { signal: controller.signal })
    await result
    controller.abort('left')
    expect(signal()?.reason).toBe('left')
    await w.clock.advance(100)
    expect(signal()?.reason).toBe('left')
  })
})
