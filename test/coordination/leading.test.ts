import { describe, expect, it } from 'vitest'
import type { Board } from '../../src/coordination/tabs/board.ts'
import { Leading } from '../../src/coordination/tabs/leading.ts'
import { world } from '../support/world.ts'

/** A board that answers at once, and may be asked to wait before it gives a name away. */
function fakeBoard() {
  const names = new Map<string, number>()
  let gate: Promise<void> = Promise.resolve()
  const board: Board = {
    hold: async (name, mode) => {
      await gate
      if (mode === 'alone' && names.has(name)) return undefined
      names.set(name, (names.get(name) ?? 0) + 1)
      return async () => {
        const left = (names.get(name) ?? 1) - 1
        if (left > 0) names.set(name, left)
        else names.delete(name)
      }
    },
    names: async (start) => [...names.keys()].filter((name) => name.startsWith(start)),
    inTurn: (_name, work) => work(),
    close: () => {},
  }
  const hold = () => {
    let open = () => {}
    gate = new Promise((resolve) => {
      open = () => {
        gate = Promise.resolve()
        resolve()
      }
    })
    return () => open()
  }
  return { board, names, hold }
}

describe('who leads', () => {
  it('is one, also where two have seen other leaders and take other places', async () => {
    const { board, hold } = fakeBoard()
    const runtime = world()
    const [frozen, late, quick] = [0, 1, 2].map(() => new Leading(board, runtime, 1_000)) as [Leading, Leading, Leading]
    const old = await frozen.tryLead('k|')
    expect(await late.isLed('k|')).toBe(true)
    await runtime.clock.advance(1_000)
    // For `late` the first one is dead, so it takes the second place, and is held up in that.
    const open = hold()
    const second = late.tryLead('k|')
    await runtime.clock.advance(0)
    // Meanwhile the first place becomes free and is taken by somebody who sees nobody.
    await old?.release()
    open()
    const first = quick.tryLead('k|')
    const granted = (await Promise.all([first, second])).filter((lease) => lease !== undefined)
    expect(granted.length).toBeLessThanOrEqual(1)
  })

  it('leaves nothing on the board when it ends or withdraws', async () => {
    const { board, names } = fakeBoard()
    const leading = new Leading(board, world(), 1_000)
    const lease = await leading.tryLead('k|')
    expect(names.size).toBe(2)
    await lease?.renew()
    await lease?.renew()
    expect(names.size).toBe(2)
    await lease?.release()
    expect(names.size).toBe(0)
  })

  it('is not disturbed by names that are none of a leader', async () => {
    const { board } = fakeBoard()
    for (const name of ['k|lead|', 'k|lead|x', 'k|lead|-1', 'k|lead|1e3', 'k|has|e|1|2', 'k2|lead|0|e']) {
      await board.hold(name, 'together')
    }
    const leading = new Leading(board, world(), 1_000)
    expect(await leading.isLed('k|')).toBe(false)
    expect(await leading.tryLead('k|')).toBeDefined()
  })
})
