import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Chain, Link } from '../../src/core/chain.ts'

/** The members from the first to the last, and again from the last to the first. */
function walked<Value>(chain: Chain<Link<Value>>): [Value[], Value[]] {
  const [there, back]: [Value[], Value[]] = [[], []]
  for (let link = chain.first; link !== undefined; link = link.next) there.push(link.value)
  for (let link = chain.last; link !== undefined; link = link.previous) back.push(link.value)
  return [there, back]
}

describe('a chain', () => {
  it('is empty at first, and again when everybody has left', () => {
    const chain = new Chain<Link<number>>()
    const link = chain.add(new Link(1))
    expect([chain.first, chain.last, chain.size]).toEqual([link, link, 1])
    expect(chain.remove(link)).toBe(true)
    expect([chain.first, chain.last, chain.size]).toEqual([undefined, undefined, 0])
  })

  it('removes nobody twice, and nobody of another chain', () => {
    const [one, other] = [new Chain<Link<number>>(), new Chain<Link<number>>()]
    const link = one.add(new Link(1))
    other.add(new Link(2))
    expect(other.remove(link)).toBe(false)
    expect([one.remove(link), one.remove(link), link.leave()]).toEqual([true, false, false])
    expect([one.size, other.size]).toEqual([0, 1])
  })

  it('takes back who has left it, at the end', () => {
    const chain = new Chain<Link<number>>()
    const [one] = [1, 2].map((value) => chain.add(new Link(value)))
    expect(one?.leave()).toBe(true)
    chain.add(one as Link<number>)
    expect(walked(chain)).toEqual([
      [2, 1],
      [1, 2],
    ])
  })

  it('keeps nobody by way of one who has left', () => {
    const chain = new Chain<Link<number>>()
    const links = [1, 2, 3].map((value) => chain.add(new Link(value)))
    links[1]?.leave()
    expect([links[1]?.previous, links[1]?.next, links[1]?.chain]).toEqual([undefined, undefined, undefined])
  })

  it('has the members of an array in its order, whoever comes and goes', () => {
    const step = fc.oneof(fc.constant('add' as const), fc.nat(20))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const chain = new Chain<Link<number>>()
        const model: Link<number>[] = []
        steps.forEach((what, index) => {
          if (what === 'add') model.push(chain.add(new Link(index)))
          else for (const link of model.splice(what, 1)) expect(link.leave()).toBe(true)
          const values = model.map(({ value }) => value)
          expect(walked(chain)).toEqual([values, values.toReversed()])
          expect(chain.size).toBe(model.length)
        })
      }),
      { numRuns: 50 },
    )
  })
})
