import { describe, expect, it } from 'vitest'
import { type Guard, halted } from '../../src/core/guard.ts'
import { type Context, createContext, type Layer, stack } from '../../src/core/layer.ts'
import { manualClock } from '../../src/core/manual-clock.ts'
import { pass } from '../../src/core/pass.ts'
import type { Runtime } from '../../src/core/runtime.ts'
import { Scope } from '../../src/core/scope.ts'
import { type World, world } from '../support/world.ts'

type Given = Guard<string, string, unknown>

const layer =
  (guard: Given, on?: Runtime): Layer<string, string> =>
  (next, runtime) =>
    pass(guard, next, on ?? runtime)

/** A guard that writes down what it sees. */
function noting(log: string[], name: string, given: Given = {}): Layer<string, string> {
  return layer({
    enter: () => {
      log.push(`>${name}`)
      return name
    },
    value: (value, _request, _context, mark) => void log.push(`${mark}:${value}`),
    error: (error, _request, _context, mark) => void log.push(`${mark}!${error}`),
    ...given,
  })
}

const fail = (reason: string) => () => {
  throw reason
}

function play(w: World, layers: Layer<string, string>[], call = async (request: string) => `${request}ed`) {
  return stack(layers, call, w)('ask', createContext()).catch((error) => `rejected: ${error}`)
}

describe('guards', () => {
  it('are entered from the first to the last, and see what comes up from the last to the first', async () => {
    const log: string[] = []
    const layers = ['a', 'b', 'c'].map((name) => noting(log, name))
    expect(await play(world(), layers)).toBe('asked')
    expect(await play(world(), layers, fail('no'))).toBe('rejected: no')
    expect(log).toEqual(['>a', '>b', '>c', 'c:asked', 'b:asked', 'a:asked', '>a', '>b', '>c', 'c!no', 'b!no', 'a!no'])
  })

  it('that stand on the same clock cost one turn of the microtask queue between them, others one each', async () => {
    const turns = async (runtimes: (Runtime | undefined)[]) => {
      const w = world()
      let over = false
      const layers = runtimes.map((on) => layer({}, on))
      void stack(
        layers,
        () => Promise.resolve('value'),
        w,
      )('ask', createContext()).then(() => {
        over = true
      })
      for (let turn = 0; ; turn++) {
        if (over) return turn
        await undefined
      }
    }
    const one = await turns([undefined])
    expect(await turns([undefined, undefined, undefined])).toBe(one)
    const other = world()
    expect(await turns([undefined, other, undefined])).toBe(one + 2)
    expect(await turns([undefined, undefined, other])).toBe(one + 1)
  })

  it('see the time of their own clock', async () => {
    const [w, other] = [world(), { ...world(), clock: manualClock() }]
    await w.clock.advance(10)
    const seen: number[] = []
    const enter: Given['enter'] = (_request, _context, now) => seen.push(now)
    await stack(
      [layer({ enter }), layer({ enter }, other), layer({ enter })],
      async () => 'value',
      w,
    )('ask', createContext())
    expect(seen).toEqual([10, 0, 10])
  })

  it('may stand twice in a stack, and in two stacks, each with marks of its own', async () => {
    const marks: unknown[] = []
    let entered = 0
    const twice = layer({
      enter: () => ++entered,
      value: (_value, _request, _context, mark) => void marks.push(mark),
    })
    const w = world()
    await Promise.all([play(w, [twice, twice]), play(w, [twice])])
    expect(marks.toSorted()).toEqual([1, 2, 3])
  })
})

describe('what a guard throws', () => {
  const around = (w: World, guard: Given, call?: () => Promise<string>) => {
    const log: string[] = []
    const middle = noting(log, 'b', guard)
    return { log, ended: play(w, [noting(log, 'a'), middle, noting(log, 'c')], call) }
  }

  it.each(['wait', 'enter', 'below'] as const)('before the call, in %s, goes up from above it', async (hook) => {
    const { log, ended } = around(world(), { [hook]: fail('thrown') })
    expect(await ended).toBe('rejected: thrown')
    expect(log.filter((entry) => entry !== '>b')).toEqual(['>a', 'a!thrown'])
  })

  it('in a promise for its turn goes up from above it', async () => {
    const { log, ended } = around(world(), { wait: async () => fail('thrown')() })
    expect(await ended).toBe('rejected: thrown')
    expect(log).toEqual(['>a', 'a!thrown'])
  })

  it('behind its turn goes up from above it', async () => {
    const { log, ended } = around(world(), { wait: async () => {}, enter: fail('thrown') })
    expect(await ended).toBe('rejected: thrown')
    expect(log).toEqual(['>a', 'a!thrown'])
  })

  it('at a value comes by its own other end, so that it gives back what it holds', async () => {
    const { log, ended } = around(world(), { value: fail('thrown') })
    expect(await ended).toBe('rejected: thrown')
    expect(log).toEqual(['>a', '>b', '>c', 'c:asked', 'b!thrown', 'a!thrown'])
  })

  it('at an error takes the place of that', async () => {
    const { log, ended } = around(world(), { error: fail('thrown') }, fail('first'))
    expect(await ended).toBe('rejected: thrown')
    expect(log).toEqual(['>a', '>b', '>c', 'c!first', 'a!thrown'])
  })

  it('at both ends is thrown once more and no oftener', async () => {
    const { log, ended } = around(world(), { value: fail('first'), error: fail('second') })
    expect(await ended).toBe('rejected: second')
    expect(log).toEqual(['>a', '>b', '>c', 'c:asked', 'a!second'])
  })

  it('may as well be thrown by a call that is no promise', async () => {
    const { log, ended } = around(world(), {}, fail('at once'))
    expect(await ended).toBe('rejected: at once')
    expect(log.slice(3)).toEqual(['c!at once', 'b!at once', 'a!at once'])
  })
})

describe('an end', () => {
  it('may give another outcome, which those above see', async () => {
    const log: string[] = []
    const saved = noting(log, 'b', { error: () => Promise.resolve('saved') })
    expect(await play(world(), [noting(log, 'a'), saved, noting(log, 'c')], fail('no'))).toBe('saved')
    expect(log.slice(3)).toEqual(['c!no', 'a:saved'])
    const spoilt = noting(log, 'b', { value: () => Promise.reject('spoilt') })
    expect(await play(world(), [noting(log, 'a'), spoilt])).toBe('rejected: spoilt')
    expect(log.at(-1)).toBe('a!spoilt')
  })

  it('lets nothing up where it says so', async () => {
    const log: string[] = []
    const w = world()
    let settled = false
    void play(w, [noting(log, 'a'), noting(log, 'b', { value: () => halted })]).then(() => {
      settled = true
    })
    await w.clock.advance(0)
    expect([settled, log]).toEqual([false, ['>a', '>b']])
  })
})

describe('a call that waits', () => {
  it('goes on below, at the time of its turn', async () => {
    const log: string[] = []
    const w = world()
    const times: number[] = []
    const enter: Given['enter'] = (_request, _context, now) => times.push(now)
    const call = play(w, [
      noting(log, 'a'),
      layer({ wait: () => w.clock.sleep(50), enter }),
      layer({ enter }),
      noting(log, 'c'),
    ])
    await w.clock.advance(49)
    expect(log).toEqual(['>a'])
    await w.clock.advance(1)
    expect(await call).toBe('asked')
    expect(times).toEqual([50, 50])
  })

  it('can be cut by a guard above it, and what comes later goes no further', async () => {
    const log: string[] = []
    const w = world()
    let cut = false
    const cutting = noting(log, 'b', {
      enter: (_request, context, _now, passing, at) => {
        w.clock.setTimer(10, () => {
          cut = true
          passing.cut(at, 'cut')
        })
        return new Scope(context, Infinity)
      },
      below: (scope) => scope as Scope,
      value: (value) => {
        log.push(`late ${value}`)
        return cut ? halted : undefined
      },
    })
    const call = play(w, [noting(log, 'a'), cutting, layer({ wait: () => w.clock.sleep(50) }), noting(log, 'c')])
    await w.clock.advance(10)
    expect(await call).toBe('rejected: cut')
    await w.clock.advance(40)
    expect(log).toEqual(['>a', 'a!cut', '>c', 'c:asked', 'late asked'])
  })
})

describe('the context', () => {
  it('of each guard is that of the nearest above it, and the call gets one that can be spread', async () => {
    const seen: unknown[] = []
    const scopes: Scope[] = []
    const look = layer({ enter: (_request, context) => seen.push(context), value: (_v, _r, c) => void seen.push(c) })
    const scoping = layer({
      enter: (_request, context) => {
        const scope = new Scope(context, 100 * (scopes.length + 1))
        scopes.push(scope)
        return scope
      },
      below: (scope) => scope as Scope,
    })
    const given = createContext({ attempt: 2 })
    const below: Context[] = []
    const call = async (_request: string, context: Context) => {
      below.push({ ...context })
      return 'value'
    }
    await stack([look, scoping, look, scoping, look], call, world())('ask', given)
    expect(seen.map((context) => (context === given ? 'given' : scopes.indexOf(context as Scope)))).toEqual([
      'given',
      0,
      1,
      1,
      0,
      'given',
    ])
    expect(below).toEqual([{ ...given, signal: scopes[1]?.signal, deadlineAt: 200 }])
  })
})
