import { describe, expect, it } from 'vitest'
import { Budget } from '../../src/core/budget.ts'
import { BreakwaterError } from '../../src/core/error.ts'
import { type Context, stack } from '../../src/core/layer.ts'
import { plainJudge } from '../../src/core/outcome.ts'
import { CircuitOpenError } from '../../src/layers/breaker/index.ts'
import { DeadlineError } from '../../src/layers/deadline/index.ts'
import { LimitError } from '../../src/layers/limit/index.ts'
import { type RetryNeeds, retry } from '../../src/layers/retry.ts'
import { hang, type Step, script } from '../../src/testing/index.ts'
import { type World, world } from '../support/world.ts'

const failed = new Error('failed')
const tooLate = new DeadlineError('attempt', 10_000)

/** Plays the steps as one call that pays from `budget`; the tokens left at each attempt are noted. */
function play(
  w: World,
  budget: Budget,
  steps: Step<string, string>[],
  { context, needs }: { context?: Partial<Context>; needs?: RetryNeeds<string, string> } = {},
) {
  const tokensAt: number[] = []
  const below = script(...steps)
  const call = stack<string, string>(
    [retry({}, { judge: plainJudge, budgetOf: () => budget, ...needs })],
    (request, given) => {
      tokensAt.push(budget.tokens)
      return below(request, given)
    },
    w,
  )
  const result = call('request', w.context(context))
  const ending = result.catch((error) => error)
  return { ending, below, tokensAt }
}

async function playToTheEnd(w: World, budget: Budget, steps: Step<string, string>[]) {
  const run = play(w, budget, steps)
  await w.clock.advance(60_000)
  return { ...run, ending: await run.ending }
}

describe('a budget', () => {
  it('earns a tenth from a call that succeeds at its first attempt', async () => {
    const budget = new Budget()
    await playToTheEnd(world(), budget, ['value'])
    expect(budget.tokens).toBeCloseTo(3.1)
  })

  it('pays 1 for an extra attempt, and gets it back when that succeeds, but earns nothing', async () => {
    const budget = new Budget()
    const { tokensAt } = await playToTheEnd(world(), budget, [failed, 'value'])
    expect(tokensAt).toEqual([3, 2])
    expect(budget.tokens).toBe(3)
  })

  it('has paid for good when the extra attempts fail as well', async () => {
    const budget = new Budget()
    const { tokensAt } = await playToTheEnd(world(), budget, [failed, failed, failed])
    expect(tokensAt).toEqual([3, 2, 1])
    expect(budget.tokens).toBe(1)
  })

  it('pays 3 for an extra attempt after a timeout', async () => {
    const budget = new Budget({ initial: 5 })
    const { tokensAt } = await playToTheEnd(world(), budget, [tooLate, failed, failed])
    expect(tokensAt).toEqual([5, 2, 1])
  })

  it('is given back the 3 when the attempt after the timeout succeeds', async () => {
    const budget = new Budget()
    const { tokensAt } = await playToTheEnd(world(), budget, [tooLate, 'value'])
    expect(tokensAt).toEqual([3, 0])
    expect(budget.tokens).toBe(3)
  })

  it.each<[string, BreakwaterError]>([
    ['an open circuit', new CircuitOpenError('open', 500)],
    ['a full queue', new LimitError({ inFlight: 3, queued: 9, limit: 3 })],
    ['a gate', new BreakwaterError('pushback', 'come back later', { retryAfterMs: 9 })],
  ])('is given back what an attempt cost that %s refused: it was never sent', async (_who, refusal) => {
    const budget = new Budget()
    const { ending, tokensAt } = await playToTheEnd(world(), budget, [failed, refusal])
    expect(ending).toBe(refusal)
    expect(tokensAt).toEqual([3, 2])
    expect(budget.tokens).toBe(3)
  })

  it('is not given back what an attempt cost that timed out: the server may still work on it', async () => {
    const budget = new Budget()
    await playToTheEnd(world(), budget, [failed, tooLate])
    expect(budget.tokens).toBe(2)
  })

  it('is given back what a wait cost that the caller ended', async () => {
    const w = world(0.5)
    const budget = new Budget()
    const controller = new AbortController()
    const { ending } = play(w, budget, [failed], { context: { signal: controller.signal } })
    await w.clock.advance(10)
    expect(budget.tokens).toBe(2)
    controller.abort('left')
    expect(await ending).toBe('left')
    expect(budget.tokens).toBe(3)
  })

  it('is not given back what an attempt cost whose caller left in its middle: it was sent', async () => {
    const w = world(0.5)
    const budget = new Budget()
    const controller = new AbortController()
    const { ending, below } = play(w, budget, [failed, hang()], { context: { signal: controller.signal } })
    await w.clock.advance(1000)
    expect(below.requests.length).toBe(2)
    controller.abort('left')
    expect(await ending).toBe('left')
    expect(budget.tokens).toBe(2)
  })
})

describe('a budget that cannot pay', () => {
  it('refuses, says so, and the caller gets at once what there is', async () => {
    const w = world()
    const needs: RetryNeeds<string, string> = {
      label: () => ({ of: 'this' }),
      judge: { ...plainJudge, value: () => 'overload' },
      discard: () => expect.unreachable(),
    }
    const { ending, below } = play(w, new Budget({ initial: 0.9 }), ['busy'], { needs })
    expect(await ending).toBe('busy')
    expect(below.requests.length).toBe(1)
    expect(w.events).toEqual([{ type: 'retry.refused', of: 'this', attempt: 1, verdict: 'overload', reason: 'budget' }])
    expect(w.clock.pending).toBe(0)
  })

  it('refuses the dearer attempt after a timeout where it could pay for another', async () => {
    const w = world()
    const budget = new Budget({ initial: 2 })
    const { ending } = await playToTheEnd(w, budget, [tooLate])
    expect(ending).toBe(tooLate)
    expect(w.told('retry.refused')).toEqual([
      { type: 'retry.refused', attempt: 1, verdict: 'timeout', reason: 'budget' },
    ])
    expect(budget.tokens).toBe(2)
  })

  it('refuses all who share it: 100 calls that fail have three extra attempts between them', async () => {
    const w = world()
    const budget = new Budget()
    const runs = Array.from({ length: 100 }, () => play(w, budget, [failed, failed, failed]))
    await w.clock.advance(60_000)
    const attempts = runs.reduce((sum, { below }) => sum + below.requests.length, 0)
    expect(attempts).toBe(103)
    expect(w.told('retry.refused').length).toBe(100)
  })

  it('is asked only for an attempt that could be made', async () => {
    const budget = new Budget()
    const { ending } = play(world(), budget, [failed], { context: { deadlineAt: 0 } })
    expect(await ending).toBe(failed)
    expect(budget.tokens).toBe(3)
  })
})
