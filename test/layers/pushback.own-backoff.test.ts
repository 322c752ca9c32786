import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Gate, type PushbackEvent } from '../../src/layers/pushback/index.ts'
import { type World, world } from '../support/world.ts'

const second = 1_000

function hint(afterMs: number) {
  return { afterMs, header: 'retry-after' }
}

/** The width of the spread that a throttled answer opens: `w` draws halves. */
async function widthOf(w: World, gate: Gate): Promise<number> {
  gate.closeUnhinted()
  const before = w.told('pushback.waiting').length
  const passing = gate.pass(w.context())
  const told = w.told<PushbackEvent & { delayMs: number }>('pushback.waiting')[before]
  await w.clock.advance(60 * second)
  await passing
  return (told?.delayMs ?? 0) * 2
}

describe('a 429 that names no time', () => {
  it('holds calls back for our own backoff, which widens up to a cap', async () => {
    const w = world(0.5)
    const gate = new Gate({}, w)
    const widths: number[] = []
    for (let answer = 0; answer < 7; answer++) widths.push(await widthOf(w, gate))
    expect(widths).toEqual([1, 2, 4, 8, 16, 20, 20].map((seconds) => seconds * second))
    expect(w.told('pushback.received')[0]).toEqual({ type: 'pushback.received' })
  })

  it.each<[string, (gate: Gate) => void]>([
    ['a success', (gate) => gate.served()],
    ['a hint', (gate) => gate.close(hint(0))],
  ])('begins anew after %s', async (_what, reset) => {
    const w = world(0.5)
    const gate = new Gate({}, w)
    await widthOf(w, gate)
    await widthOf(w, gate)
    reset(gate)
    await w.clock.advance(60 * second)
    expect(await widthOf(w, gate)).toBe(second)
  })

  it('begins anew after a success in the middle of a wait as well', async () => {
    const w = world(0.5)
    const gate = new Gate({}, w)
    await widthOf(w, gate)
    await widthOf(w, gate)
    gate.closeUnhinted()
    await w.clock.advance(3.9 * second)
    gate.served()
    gate.closeUnhinted()
    await w.clock.advance(second)
    expect(gate.pass(w.context())).toBeUndefined()
  })

  it('has no floor: nobody is refused for it', () => {
    const w = world()
    const gate = new Gate({}, w)
    gate.closeUnhinted()
    expect(gate.refuse(1)).toBeUndefined()
    expect(gate.shutForMs).toBe(0)
  })

  it('widens once when a whole burst of calls is told so', async () => {
    const w = world(0.5)
    const gate = new Gate({}, w)
    for (let answer = 0; answer < 30; answer++) gate.closeUnhinted()
    const call = gate.pass(w.context())
    expect(w.told('pushback.waiting')).toEqual([{ type: 'pushback.waiting', delayMs: second / 2 }])
    await w.clock.advance(second)
    await call
    expect(await widthOf(w, gate)).toBe(2 * second)
  })

  it('never hides a hint, however wide the backoff is', async () => {
    const w = world(0)
    const gate = new Gate({}, w)
    for (let answer = 0; answer < 6; answer++) await widthOf(w, gate)
    gate.closeUnhinted()
    gate.close(hint(5 * second))
    expect(gate.shutForMs).toBe(5 * second)
    expect(gate.refuse(w.clock.now() + 4 * second)).toMatchObject({ retryAfterMs: 5 * second })
  })
})

type Action = readonly [what: 'hint' | 'wait', ms: number] | readonly ['unhinted' | 'served' | 'call']

const actions = fc.array(
  fc.oneof<fc.Arbitrary<Action>[]>(
    fc.tuple(fc.constant('hint' as const), fc.nat(40 * second)),
    fc.tuple(fc.constant('wait' as const), fc.nat(10 * second)),
    fc.tuple(fc.constantFrom('unhinted' as const, 'served' as const, 'call' as const)),
    fc.tuple(fc.constant('call' as const)),
  ),
  { maxLength: 60, size: 'max' },
)

describe('whatever is answered in whatever order', () => {
  it('no call passes while a hint stands, and all have passed soon after the last', async () => {
    await fc.assert(
      fc.asyncProperty(actions, fc.nat(), async (steps, seed) => {
        const maxMs = 30 * second
        let draws = seed
        const w = world(() => (draws++ * 0.6180339887) % 1)
        const gate = new Gate({ maxMs }, w)
        let floorAt = 0
        let waiting = 0
        let early = 0
        const refused: unknown[] = []
        const call = async () => {
          waiting++
          try {
            const turn = gate.pass(w.context())
            if (turn) await turn
            early += w.clock.now() < floorAt ? 1 : 0
          } catch (error) {
            refused.push(error)
          }
          waiting--
        }
        const calls: Promise<void>[] = []
        for (const [what, ms = 0] of steps) {
          if (what === 'hint') {
            gate.close(hint(ms))
            floorAt = Math.max(floorAt, w.clock.now() + Math.min(ms, maxMs))
          } else if (what === 'wait') await w.clock.advance(ms)
          else if (what === 'call') calls.push(call())
          else if (what === 'unhinted') gate.closeUnhinted()
          else gate.served()
          expect(gate.shutForMs).toBe(Math.max(0, floorAt - w.clock.now()))
        }
        await w.clock.advance(maxMs + 20 * second)
        expect({ waiting, early }).toEqual({ waiting: 0, early: 0 })
        expect(gate.pass(w.context())).toBeUndefined()
        await Promise.all(calls)
        for (const error of refused) expect(error).toMatchObject({ code: 'pushback' })
      }),
    )
  })
})
