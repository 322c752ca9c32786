import { expect, it } from 'vitest'
import { createTokenSource } from '../../src/refresh/index.ts'
import { world } from '../support/world.ts'

it('a token source whose token has ended asks no sooner than the failure that it shares is over', async () => {
  const { clock, random } = world()
  const askedAt: number[] = []
  const token = createTokenSource({
    keepFresh: true,
    runtime: { clock, random },
    fetchToken: async () => {
      askedAt.push(clock.now())
      if (askedAt.length > 1) throw new Error('away')
      return { accessToken: 'short', expiresIn: 5 }
    },
  })
  await token.get()
  await clock.advance(60_000)
  const afterEnd = askedAt.filter((at) => at > 5_000)
  const gaps = afterEnd.slice(1).map((at, index) => at - (afterEnd[index] ?? 0))
  expect(gaps.length).toBeGreaterThan(5)
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000)
  await token.close()
})
