import { describe, expect, it } from 'vitest'
import type { Context } from '../../src/core/layer.ts'
import type { Verdict } from '../../src/core/outcome.ts'
import type { Dialed, Dialing } from '../../src/socket/dial.ts'
import { limitDials } from '../../src/socket/dials.ts'
import { socketWorld } from '../support/socket-world.ts'
import { world } from '../support/world.ts'

/** Dials through one limit, each of which ends when a test says so. */
function harness() {
  const { clock, context, ...rest } = world()
  const dials = limitDials(clock)
  const underWay: { name: number; end: (verdict: Verdict) => void; overtaken: boolean }[] = []
  const began: number[] = []
  const results: (string | undefined)[] = []
  const call = dials.layer(
    (dialing) =>
      new Promise<Dialed>((resolve) => {
        const { name } = dialing as Dialing & { name: number }
        began.push(name)
        underWay.push({ name, end: (verdict) => resolve({ verdict }), overtaken: false })
      }),
    { clock, ...rest },
  )
  let count = 0
  const dial = (given: Partial<Context> = {}) => {
    const name = count++
    const dialing = {
      name,
      overtaken: () => {
        const mine = underWay.find((each) => each.name === name)
        if (mine) mine.overtaken = true
      },
    }
    call(dialing, context(given)).then(
      ({ verdict }) => {
        results[name] = verdict
      },
      (error: Error) => {
        results[name] = error.message
      },
    )
    return name
  }
  const end = async (name: number, verdict: Verdict) => {
    underWay.find((each) => each.name === name)?.end(verdict)
    await clock.advance(0)
  }
  return { clock, dials, dial, end, began, underWay, results }
}

describe('the limit on dials', () => {
  it('lets 64 through at a time, and the next one in the order in which they came', async () => {
    const { clock, dials, dial, end, began } = harness()
    for (let at = 0; at < 70; at++) dial()
    await clock.advance(0)
    expect([began.length, dials.waiting()]).toEqual([64, 6])
    await end(10, 'neutral')
    await end(3, 'failure')
    dial()
    await clock.advance(0)
    expect([began.slice(64), dials.waiting()]).toEqual([[64, 65], 5])
  })

  it('gives a place to nobody who came later than those who wait', async () => {
    const { clock, dial, end, began } = harness()
    for (let at = 0; at < 66; at++) dial()
    await clock.advance(0)
    const ended = end(0, 'neutral')
    dial()
    await ended
    await end(1, 'neutral')
    await end(2, 'neutral')
    expect(began.slice(64)).toEqual([64, 65, 66])
  })

  it('is halved by a timeout or an overload, once a second, to no less than 4', async () => {
    const { clock, dials, dial, end, began } = harness()
    for (let at = 0; at < 200; at++) dial()
    await clock.advance(1_000)
    // A stall is seen by all that are under way, and is one stall.
    for (let at = 0; at < 32; at++) await end(at, at % 2 ? 'timeout' : 'overload')
    expect(began).toHaveLength(64)
    await end(32, 'timeout')
    expect(began).toHaveLength(65)
    const limits: number[] = []
    let ended = 33
    for (let cut = 0; cut < 5; cut++) {
      await clock.advance(1_000)
      await end(began[ended++] ?? 0, 'timeout')
      const waiting = [dials.waiting()]
      // Nobody is let in before fewer are under way than the new limit.
      while (dials.waiting() === waiting[0]) await end(began[ended++] ?? 0, 'neutral')
      limits.push(began.length - ended)
    }
    expect(limits).toEqual([16, 8, 4, 4, 4])
  })

  it('grows by one with each success, to 64', async () => {
    const { clock, dial, end, began } = harness()
    for (let at = 0; at < 8; at++) dial()
    await clock.advance(1_000)
    await end(0, 'timeout')
    for (let at = 0; at < 300; at++) dial()
    for (let at = 1; at < 8; at++) await end(at, 'neutral')
    // Half of the eight that were under way.
    expect(began.length - 8).toBe(4)
    let ended = 8
    const widths: number[] = []
    for (let turn = 0; turn < 70; turn++) {
      await end(began[ended++] ?? 0, 'success')
      widths.push(began.length - ended)
    }
    expect(widths.slice(0, 3)).toEqual([5, 6, 7])
    expect(Math.max(...widths)).toBe(64)
  })

  it('forgets those who leave while they wait', async () => {
    const { clock, dials, dial, end, began, results } = harness()
    for (let at = 0; at < 64; at++) dial()
    const controller = new AbortController()
    const left = dial({ signal: controller.signal })
    const next = dial()
    await clock.advance(0)
    controller.abort(new Error('left'))
    await clock.advance(0)
    expect([results[left], dials.waiting()]).toEqual(['left', 1])
    await end(0, 'neutral')
    expect(began.at(-1)).toBe(next)
  })

  it('tells those who began a second before one that got through', async () => {
    const { clock, dial, end, underWay } = harness()
    const old = dial()
    await clock.advance(1)
    const other = dial()
    await clock.advance(999)
    const later = dial()
    await clock.advance(100)
    await end(later, 'success')
    const overtaken = (name: number) => underWay.find((each) => each.name === name)?.overtaken
    expect([overtaken(old), overtaken(other)]).toEqual([true, false])
  })
})

describe('many sockets of one process', () => {
  it('dial one upstream 64 at a time, and another by itself', async () => {
    const world = socketWorld()
    for (let at = 0; at < 100; at++) world.socket()
    world.socket({}, 'ws://other.test/')
    await world.clock.advance(0)
    expect(world.wires.filter(({ request }) => request.url.includes('server'))).toHaveLength(64)
    expect(world.wires).toHaveLength(65)
    for (const wire of world.wires.slice(0, 10)) wire.open()
    await world.clock.advance(0)
    expect(world.wires).toHaveLength(75)
  })

  it('leave the queue when they are closed', async () => {
    const world = socketWorld()
    const sockets = Array.from({ length: 70 }, () => world.watched())
    await world.clock.advance(0)
    for (const { socket } of sockets.slice(0, 66)) socket.close()
    await world.clock.advance(0)
    expect(world.wires).toHaveLength(64 + 4)
    expect(
      sockets.slice(0, 66).every(({ socket, told }) => socket.readyState === 3 && told.at(-1)?.type === 'close'),
    ).toBe(true)
  })

  it('dial again within a second when a later one got through', async () => {
    const world = socketWorld({ chance: 0.5 })
    const { socket, told } = world.watched()
    await world.clock.advance(0)
    const hanging = world.wire
    await world.clock.advance(2_000)
    await world.opened()
    expect([hanging.terminated, socket.state, socket.health().dueInMs]).toEqual([true, 'waiting', 500])
    expect(told).toMatchObject([{ type: 'error' }, { type: 'close', cause: 'local' }, { type: 'reconnecting' }])
    // It says nothing against the server.
    expect(socket.health()).toMatchObject({ windowMs: 0, patienceMs: 15_000 })
  })

  it('are all told by one refusal when to come', async () => {
    const world = socketWorld({ chance: 0.5 })
    const sockets = [world.watched(), world.watched(), world.watched()]
    await world.clock.advance(0)
    world.wires[0]?.refuse(503, { 'retry-after': '100' })
    world.wires[1]?.refuse(500)
    await world.clock.advance(90_000)
    // Long over are the second one's own wait and the third one's patience, and the gate is shut for them too.
    expect(sockets.map(({ socket }) => socket.state)).toEqual(['waiting', 'admitting', 'admitting'])
    expect(world.wires).toHaveLength(3)
    await world.clock.advance(10_000)
    expect(world.wires).toHaveLength(3)
    await world.clock.advance(20_000)
    expect(world.wires.length).toBeGreaterThan(3)
  })
})
