import { describe, expect, it } from 'vitest'
import { stack } from '../../src/core/layer.ts'
import { OptionsError } from '../../src/core/options.ts'
import { Gate, PushbackError, type PushbackOptions, pushback } from '../../src/layers/pushback/index.ts'
import { world } from '../support/world.ts'

const second = 1_000

function hint(afterMs: number) {
  return { afterMs, header: 'retry-after' }
}

describe('the layer', () => {
  type Answer = ReturnType<typeof hint> | 'unhinted' | 'served' | undefined
  const layer = (gate?: Gate) => pushback<Answer, Answer>({}, { read: (value) => value, ...(gate && { gate }) })

  it('hands the answer that closes the gate up to the call that received it, and holds the next one back', async () => {
    const w = world(0.5)
    const call = stack([layer()], async (answer: Answer) => answer, w)
    const busy = hint(10 * second)
    expect(await call(busy, w.context())).toBe(busy)
    await expect(call('served', w.context({ deadlineAt: 5 * second }))).rejects.toBeInstanceOf(PushbackError)
    const patient = call('served', w.context())
    await w.clock.advance(11 * second)
    expect(await patient).toBe('served')
  })

  it('holds the next ones back longer after each answer that names no time, until one is served', async () => {
    const w = world(0.5)
    const call = stack([layer()], async (answer: Answer) => answer, w)
    const waits: number[] = []
    for (const answer of ['unhinted', 'unhinted', 'unhinted', 'served', 'unhinted'] as const) {
      await call(answer, w.context())
      const from = w.clock.now()
      const next = call(undefined, w.context()).then(() => waits.push(w.clock.now() - from))
      await w.clock.advance(60 * second)
      await next
    }
    expect(waits).toEqual([500, 1_000, 2_000, 0, 500])
  })

  it('holds back whoever shares the layer or the gate', async () => {
    const w = world()
    const deadlineAt = 5 * second
    const shared = layer()
    const [one, two] = [1, 2].map(() => stack([shared], async (answer: Answer) => answer, w))
    await one?.(hint(10 * second), w.context())
    await expect(two?.('served', w.context({ deadlineAt }))).rejects.toBeInstanceOf(PushbackError)

    const gate = new Gate({}, w)
    const [three, four] = [1, 2].map(() => stack([layer(gate)], async (answer: Answer) => answer, w))
    await three?.(hint(10 * second), w.context())
    await expect(four?.('served', w.context({ deadlineAt }))).rejects.toBeInstanceOf(PushbackError)
  })

  it.each<[string, Partial<Record<keyof PushbackOptions, unknown>>]>([
    ['a negative maxMs', { maxMs: -1 }],
    ['an endless maxMs', { maxMs: Infinity }],
    ['a jitter that is no number', { jitter: '1' }],
    ['a status that is no refusal', { statuses: [200] }],
    ['a header that nobody sends', { headers: ['Retry-After'] }],
  ])('refuses %s when it is built', (_what, options) => {
    expect(() => pushback(options as Partial<PushbackOptions>, { read: () => undefined })).toThrow(OptionsError)
  })
})
