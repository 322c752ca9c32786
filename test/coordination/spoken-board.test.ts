import { describe, expect, it } from 'vitest'
import type { Talk } from '../../src/coordination/tabs/messages.ts'
import { spokenBoard } from '../../src/coordination/tabs/spoken-board.ts'
import { seededRandom } from '../../src/core/random.ts'
import { type World, world } from '../support/world.ts'

type Message = Parameters<Talk['post']>[0]

/** Tabs that hear each other after so many ms. */
function hub(runtime: World) {
  const talks: { hear(message: Message): void }[] = []
  let delayMs = 1
  const join = (): Talk => {
    const listeners = new Set<(message: Message) => void>()
    const own = {
      hear: (message: Message) => {
        for (const listener of [...listeners]) listener(message)
      },
    }
    talks.push(own)
    return {
      heard: true,
      post: (message) => {
        for (const other of talks) if (other !== own) runtime.clock.setTimer(delayMs, () => other.hear(message))
      },
      listen: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      close: () => listeners.clear(),
    }
  }
  const board = () => spokenBoard(join(), runtime, 10_000)
  return {
    board,
    slow: (ms: number) => {
      delayMs = ms
    },
  }
}

describe('a board without Web Locks', () => {
  it('gives a name to one of ten who want it at once', async () => {
    const runtime = world(seededRandom(5))
    const { board } = hub(runtime)
    const boards = Array.from({ length: 10 }, board)
    const held = Promise.all(boards.map((one) => one.hold('lead', 'alone')))
    await runtime.clock.advance(200)
    expect((await held).filter((letGo) => letGo !== undefined)).toHaveLength(1)
  })

  it('shows what the others hold, and no more once they let go', async () => {
    const runtime = world()
    const { board } = hub(runtime)
    const [a, b] = [board(), board()]
    const letGo = await a.hold('x|1', 'together')
    await a.hold('y|1', 'together')
    const seen = b.names('x|')
    await runtime.clock.advance(200)
    expect(await seen).toEqual(['x|1'])
    await letGo?.()
    const later = b.names('x|')
    await runtime.clock.advance(200)
    expect(await later).toEqual([])
  })

  it('takes a late answer to an earlier question for nothing', async () => {
    const runtime = world()
    const { board, slow } = hub(runtime)
    const [a, b] = [board(), board()]
    const letGo = a.hold('x|1', 'alone')
    await runtime.clock.advance(200)
    // Question and answer take longer than anybody waits for them.
    slow(80)
    const early = b.names('x|')
    await runtime.clock.advance(100)
    expect(await early).toEqual([])
    await (await letGo)?.()
    slow(1)
    const now = b.names('x|')
    await runtime.clock.advance(100)
    expect(await now).toEqual([])
  })

  it('waits for its turn a second, and then goes ahead', async () => {
    const runtime = world(seededRandom(6))
    const { board } = hub(runtime)
    const [a, b] = [board(), board()]
    let free = () => {}
    const first = a.inTurn('turn', () => new Promise<void>((resolve) => (free = resolve)))
    await runtime.clock.advance(200)
    let ranAt: number | undefined
    const second = b.inTurn('turn', async () => {
      ranAt = runtime.clock.now()
    })
    await runtime.clock.advance(700)
    expect(ranAt).toBeUndefined()
    await runtime.clock.advance(800)
    expect(ranAt).toBeGreaterThan(1_000)
    free()
    await Promise.all([first, second])
  })
})
