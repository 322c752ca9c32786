import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget, type BudgetOptions, budgetDefaults } from '../../src/core/budget.ts'
import { OptionsError } from '../../src/core/options.ts'

describe('Budget', () => {
  it('starts with the initial tokens, at most the capacity', () => {
    expect(new Budget().tokens).toBe(budgetDefaults.initial)
    expect(new Budget({ capacity: 2, initial: 10 }).tokens).toBe(2)
    expect(new Budget({ capacity: 2, initial: Infinity }).tokens).toBe(2)
  })

  it('takes the whole cost or nothing', () => {
    const budget = new Budget({ capacity: 5, initial: 2 })
    expect(budget.spend(3)).toBe(false)
    expect(budget.tokens).toBe(2)
    expect(budget.spend(2)).toBe(true)
    expect(budget.tokens).toBe(0)
    expect(budget.spend(1)).toBe(false)
  })

  it('charges more after a timeout', () => {
    const budget = new Budget({ cost: 2, timeoutCost: 7 })
    expect(budget.cost(false)).toBe(2)
    expect(budget.cost(true)).toBe(7)
  })

  it('earns by success, up to its capacity', () => {
    const budget = new Budget({ capacity: 1, initial: 0, perSuccess: 0.4 })
    budget.earn()
    expect(budget.tokens).toBe(0.4)
    for (let call = 0; call < 100; call++) budget.earn()
    expect(budget.tokens).toBe(1)
  })

  it('pays for an extra attempt of 1 after ten successes of 0.1, though floats add up to less', () => {
    const budget = new Budget({ initial: 0, perSuccess: 0.1 })
    for (let call = 0; call < 9; call++) budget.earn()
    expect(budget.spend(1)).toBe(false)
    budget.earn()
    expect(budget.tokens).toBeLessThan(1)
    expect(budget.spend(1)).toBe(true)
    expect(budget.tokens).toBe(0)
  })

  it('gives a refund back whole, up to its capacity', () => {
    const budget = new Budget({ capacity: 5, initial: 3 })
    budget.spend(2)
    budget.refund(2)
    expect(budget.tokens).toBe(3)
    budget.refund(100)
    expect(budget.tokens).toBe(5)
  })

  it('of no capacity pays for nothing but what is free', () => {
    const budget = new Budget({ capacity: 0 })
    budget.earn()
    budget.refund(3)
    expect(budget.tokens).toBe(0)
    expect(budget.spend(1)).toBe(false)
    expect(budget.spend(0)).toBe(true)
  })

  it('of infinite capacity never refuses, whatever it started with', () => {
    for (const initial of [0, 3, Infinity]) {
      const budget = new Budget({ capacity: Infinity, initial })
      for (let attempt = 0; attempt < 1_000; attempt++) expect(budget.spend(1)).toBe(true)
      budget.refund(1)
      budget.earn()
      expect(budget.spend(Number.MAX_VALUE)).toBe(true)
      expect(budget.tokens).toBe(Infinity)
    }
  })

  it('lets free extra attempts pass even when empty', () => {
    const budget = new Budget({ initial: 0, cost: 0 })
    expect(budget.spend(budget.cost(false))).toBe(true)
    expect(budget.tokens).toBe(0)
  })
})

describe('a bad option is refused when the budget is built', () => {
  it.each<[Partial<BudgetOptions>, string]>([
    [{ capacity: -1 }, 'budget.capacity wants a number of at least 0, or Infinity, got -1'],
    [{ capacity: NaN }, 'budget.capacity wants a number of at least 0, or Infinity, got NaN'],
    [{ initial: -0.1 }, 'budget.initial wants a number of at least 0, or Infinity, got -0.1'],
    [{ perSuccess: Infinity }, 'budget.perSuccess wants a finite number of at least 0, got Infinity'],
    [{ cost: '1' as never }, 'budget.cost wants a finite number of at least 0, got a string'],
    [{ timeoutCost: null as never }, 'budget.timeoutCost wants a finite number of at least 0, got null'],
    [{ tokens: 1 } as never, "budget has no option 'tokens'; it has: capacity, initial, perSuccess, cost, timeoutCost"],
  ])('%o', (options, message) => {
    expect(() => new Budget(options)).toThrow(expect.objectContaining({ code: 'options', message }))
    expect(() => new Budget(options)).toThrow(OptionsError)
  })

  it('under the name of the part that it belongs to', () => {
    expect(() => new Budget({ cost: -1 }, 'hedge.budget')).toThrow(
      expect.objectContaining({ option: 'hedge.budget.cost', message: expect.stringMatching(/^hedge\.budget\.cost /) }),
    )
  })
})

describe('any sequence of calls', () => {
  type Step = { earn: true } | { spend: number } | { refund: number }
  const amount = fc.oneof(fc.constantFrom(0, 0.1, 1, 3), fc.double({ min: 0, max: 20, noNaN: true }))
  const steps = fc.array(
    fc.oneof(
      fc.constant<Step>({ earn: true }),
      amount.map((spend): Step => ({ spend })),
      amount.map((refund): Step => ({ refund })),
    ),
    { maxLength: 200 },
  )

  it('keeps the tokens between 0 and the capacity and never pays what was not put in', () => {
    fc.assert(
      fc.property(amount, amount, amount, steps, (capacity, initial, perSuccess, sequence) => {
        const budget = new Budget({ capacity, initial, perSuccess })
        let putIn = budget.tokens
        let paid = 0
        for (const step of sequence) {
          const before = budget.tokens
          if ('spend' in step) {
            const granted = budget.spend(step.spend)
            expect(granted).toBe(before + 1e-9 >= step.spend)
            expect(budget.tokens).toBe(granted ? Math.max(0, before - step.spend) : before)
            if (granted) paid += step.spend
          } else {
            const added = 'earn' in step ? perSuccess : step.refund
            if ('earn' in step) budget.earn()
            else budget.refund(step.refund)
            expect(budget.tokens).toBe(Math.min(capacity, before + added))
            putIn += added
          }
          expect(budget.tokens).toBeGreaterThanOrEqual(0)
          expect(budget.tokens).toBeLessThanOrEqual(capacity)
          expect(paid).toBeLessThanOrEqual(putIn + 1e-6)
        }
      }),
    )
  })
})
