import { describe, expect, it } from 'vitest'
import { stack } from '../../../src/core/layer.ts'
import { type Judge, plainJudge, type Verdict } from '../../../src/core/outcome.ts'
import {
  type BreakerNeeds,
  type BreakerOptions,
  breaker,
  Circuit,
  CircuitOpenError,
} from '../../../src/layers/breaker/index.ts'
import { DeadlineError, deadline } from '../../../src/layers/deadline/index.ts'
import { LimitError } from '../../../src/layers/limit/index.ts'
import { type World, world } from '../../support/world.ts'

/** Values are their own verdicts. */
const judge: Judge<string, Verdict> = { value: (verdict) => verdict, error: plainJudge.error }

/** Sends what it is told through a breaker that three failures in a row open. */
function play(w: World, options: Partial<BreakerOptions> = {}, needs: BreakerNeeds<string, Verdict> = { judge }) {
  const circuit = new Circuit({ consecutive: 3, ...options }, w)
  let next: Verdict | Error = 'success'
  let sent = 0
  const call = stack<string, Verdict>(
    [breaker({}, { circuit, ...needs })],
    async () => {
      sent++
      if (next instanceof Error) throw next
      return next
    },
    w,
  )
  const send = async (what: Verdict | Error, times = 1) => {
    next = what
    for (let time = 0; time < times; time++) await call('request', w.context()).catch(() => undefined)
    return circuit.phase
  }
  return { circuit, call, send, sent: () => sent }
}

describe('an answer', () => {
  it.each(['throttled', 'neutral'] as const)('that is %s says nothing of the circuit', async (verdict) => {
    const { send } = play(world(), { minCalls: 4 })
    expect(await send(verdict, 1_000)).toBe('closed')
    await send('failure', 2)
    await send(verdict, 10)
    expect(await send('failure')).toBe('open')
  })

  it('that is our own refusal, or the abort of its caller, says nothing either', async () => {
    const w = world()
    const { call, send, circuit } = play(w, { minCalls: 4 })
    expect(await send(new LimitError({ inFlight: 1, queued: 1, limit: 1 }), 100)).toBe('closed')
    for (let time = 0; time < 100; time++) {
      await call('request', w.context({ signal: AbortSignal.abort('left') })).catch(() => undefined)
    }
    expect(circuit.phase).toBe('closed')
  })

  it.each<[string, Verdict | Error]>([
    ['a failure', 'failure'],
    ['an overload', 'overload'],
    ['an error', new TypeError('fetch failed')],
  ])('that is %s counts in a row', async (_what, what) => {
    const { send } = play(world())
    expect(await send(what, 2)).toBe('closed')
    expect(await send(what)).toBe('open')
  })

  it('that is the deadline of an attempt counts towards the rate only', async () => {
    const { send } = play(world(), { minCalls: 10 })
    const late = new DeadlineError('attempt', 10_000)
    expect(await send(late, 9)).toBe('closed')
    expect(await send(late)).toBe('open')
  })

  it('is handed up as it came, value or error', async () => {
    const w = world()
    const value = Object.freeze({})
    const error = Object.freeze(new Error('given'))
    const call = stack<string, object>(
      [breaker()],
      async (what) => (what === 'value' ? value : Promise.reject(error)),
      w,
    )
    expect(await call('value', w.context())).toBe(value)
    await expect(call('error', w.context())).rejects.toBe(error)
  })
})

describe('an open circuit', () => {
  it('sends nothing', async () => {
    const w = world()
    const { call, send, sent } = play(w)
    await send('failure', 3)
    const refusal = await call('request', w.context()).catch((error) => error)
    expect(refusal).toBeInstanceOf(CircuitOpenError)
    expect(refusal.name).toBe('CircuitOpenError')
    expect(sent()).toBe(3)
  })

  it('sees an attempt that hangs end by its deadline, and a probe gives its place back by it', async () => {
    const w = world(0.5)
    const circuit = new Circuit({ minCalls: 1, openMs: 1_000 }, w)
    const layers = [
      breaker<string, string>({}, { circuit }),
      deadline<string, string>({ ms: 100 }, { scope: 'attempt' }),
    ]
    const call = stack(layers, () => new Promise<string>(() => {}), w)
    const run = async () => {
      const result = call('request', w.context()).catch((error) => error)
      await w.clock.advance(100)
      return result
    }
    expect(await run()).toBeInstanceOf(DeadlineError)
    expect(circuit.phase).toBe('open')
    await w.clock.advance(750)
    expect(await run()).toBeInstanceOf(DeadlineError)
    expect(circuit.phase).toBe('open')
    expect(circuit.check()?.retryAfterMs).toBe(1_500)
  })

  it.each<[string, Verdict]>([
    ['throttled', 'throttled'],
    ['neutral', 'neutral'],
  ])('is moved by no probe that is %s', async (_what, verdict) => {
    const w = world(0.5)
    const { circuit, send } = play(w, { openMs: 1_000 })
    await send('failure', 3)
    await w.clock.advance(750)
    expect(await send(verdict)).toBe('half-open')
    expect(circuit.check()).toBeUndefined()
  })
})

describe('isFailure', () => {
  it('is asked about values and errors, and its word counts', async () => {
    const asked: unknown[] = []
    const isFailure: BreakerOptions['isFailure'] = (ending) => {
      asked.push(ending)
      return 'value' in ending
    }
    const { send } = play(world(), { isFailure })
    const error = new Error('harmless')
    expect(await send(error, 10)).toBe('closed')
    expect(asked[0]).toEqual({ error })
    expect(await send('success', 3)).toBe('open')
    expect(asked[10]).toEqual({ value: 'success' })
  })

  it('leaves the usual rule where it says nothing', async () => {
    const { send } = play(world(), { isFailure: () => undefined })
    expect(await send('success', 100)).toBe('closed')
    expect(await send('throttled', 100)).toBe('closed')
    expect(await send('failure', 3)).toBe('open')
  })

  it('can make failures of answers that are throttled', async () => {
    expect(await play(world(), { isFailure: () => true }).send('throttled', 3)).toBe('open')
  })

  it('leaves the usual rule where it throws, and the answer and the place of a probe are not lost', async () => {
    const w = world(0.5)
    const isFailure = () => {
      throw new Error('a fault in the rule')
    }
    const { circuit, call, send } = play(w, { isFailure, openMs: 1_000, probes: 1 })
    expect(await call('request', w.context())).toBe('success')
    expect(await send('failure', 3)).toBe('open')
    await w.clock.advance(750)
    expect(await send('success')).toBe('closed')
    expect(circuit.check()).toBeUndefined()
  })

  it('is not asked about what says nothing of the server', async () => {
    let asked = 0
    const { send } = play(world(), { isFailure: () => ++asked > 0 })
    expect(await send('neutral', 100)).toBe('closed')
    expect(asked).toBe(0)
  })

  it('leaves a timeout a timeout, which no row counts', async () => {
    const { send } = play(world(), { isFailure: () => true })
    expect(await send(new DeadlineError('attempt', 100), 9)).toBe('closed')
  })
})

describe('a circuit', () => {
  it('is shared by all stacks of one layer', async () => {
    const w = world()
    const layer = breaker<string, string>({ consecutive: 1 })
    const [one, two] = [1, 2].map(() => stack([layer], async () => Promise.reject(new Error('broken')), w))
    await expect(one?.('request', w.context())).rejects.toThrow('broken')
    await expect(two?.('request', w.context())).rejects.toBeInstanceOf(CircuitOpenError)
  })

  it('is not shared by two layers', async () => {
    const w = world()
    for (let layer = 0; layer < 2; layer++) {
      const call = stack(
        [breaker<string, string>({ consecutive: 1 })],
        async () => Promise.reject(new Error('broken')),
        w,
      )
      await expect(call('request', w.context())).rejects.toThrow('broken')
    }
  })
})
