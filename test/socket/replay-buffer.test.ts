import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReplayBuffer } from '../../src/socket/replay-buffer.ts'

const bytes = (text: string) => new TextEncoder().encode(text).length

/** The same in the plainest way: a list of all that was ever sent. */
class Model {
  sent: { body: string; keep: boolean; id: number }[] = []
  acknowledged = 0
  readonly receipts: number[] = []

  get left() {
    return this.sent.slice(this.acknowledged)
  }

  full(maxCount: number, maxBytes: number): boolean {
    const size = this.left.reduce((sum, { body }) => sum + bytes(body), 0)
    return this.left.length >= maxCount || (this.left.length > 0 && size >= maxBytes)
  }

  acknowledge(number: number): boolean {
    if (number > this.sent.length) return false
    for (; this.acknowledged < number; this.acknowledged++) this.receipts.push(this.sent[this.acknowledged]!.id)
    return true
  }

  renumber(): void {
    this.sent = this.left.filter(({ keep }) => keep)
    this.acknowledged = 0
  }
}

type Move =
  | { readonly do: 'add'; readonly body: string; readonly keep: boolean; readonly times: number }
  | { readonly do: 'acknowledge'; readonly share: number }
  | { readonly do: 'renumber' }

const moves: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      body: fc.string({ unit: 'binary', maxLength: 12 }),
      keep: fc.boolean(),
      times: fc.constantFrom(1, 2, 40, 150),
    }),
  },
  // Beyond 1: what was never sent.
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('acknowledge' as const),
      share: fc.double({ min: 0, max: 1.2, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renumber' as const) }) },
)

describe('a replay buffer', () => {
  it('holds, numbers, counts and acknowledges as a plain list would, whatever comes in whatever order', () => {
    const run = (maxCount: number, maxBytes: number, steps: readonly Move[]) => {
      const buffer = new ReplayBuffer(maxCount, maxBytes)
      const model = new Model()
      const receipts: number[] = []
      let id = 0
      for (const step of steps) {
        if (step.do === 'add') {
          for (let more = step.times; more > 0 && !buffer.full; more--) {
            const mine = ++id
            const { body, keep } = step
            model.sent.push({ body, keep, id: mine })
            expect(buffer.add({ body, keep, acknowledged: () => receipts.push(mine) })).toBe(model.sent.length)
          }
        } else if (step.do === 'acknowledge') {
          const number = Math.floor(step.share * (model.sent.length + 1))
          expect(buffer.acknowledge(number)).toBe(model.acknowledge(number))
        } else {
          buffer.renumber()
          model.renumber()
        }
        expect(buffer.size).toBe(model.left.length)
        expect(buffer.full).toBe(model.full(maxCount, maxBytes))
        expect(receipts).toEqual(model.receipts)
        const held = [...buffer.unacknowledged()].map(([number, { body, keep }]) => ({ number, body, keep }))
        expect(held).toEqual(
          model.left.map(({ body, keep }, at) => ({ number: model.acknowledged + at + 1, body, keep })),
        )
      }
    }
    const limits = fc.constantFrom(1, 2, 7, 100, 1_000, Infinity)
    fc.assert(fc.property(limits, limits, fc.array(moves, { maxLength: 40 }), run), { numRuns: 300 })
  })

  it('takes one message that is larger than all it may hold, and then no more', () => {
    const buffer = new ReplayBuffer(10, 5)
    expect(buffer.full).toBe(false)
    buffer.add({ body: 'much larger', keep: true, acknowledged: undefined })
    expect(buffer.full).toBe(true)
    buffer.acknowledge(1)
    expect(buffer.full).toBe(false)
  })

  it('costs the same per message however many it holds', () => {
    const perMessage = (held: number) => {
      const buffer = new ReplayBuffer(Infinity, Infinity)
      const message = { body: 'x', keep: true, acknowledged: undefined }
      for (let n = 0; n < held; n++) buffer.add(message)
      const startedAt = performance.now()
      for (let n = 1; n <= 100_000; n++) {
        buffer.add(message)
        buffer.acknowledge(n)
      }
      return performance.now() - startedAt
    }
    perMessage(10)
    const few = Math.min(perMessage(10), perMessage(10))
    expect(Math.min(perMessage(50_000), perMessage(50_000))).toBeLessThan(10 * few + 50)
  })
})
