import { describe, expect, it } from 'vitest'
import { world } from '../../support/world.ts'
import { fragile } from './fragile.ts'

describe('isolate', () => {
  it('refuses everybody, names no time, and lets go into a closed circuit', () => {
    const { circuit } = fragile(world())
    const hold = circuit.isolate()
    expect(circuit.phase).toBe('isolated')
    expect(circuit.check()?.phase).toBe('isolated')
    expect(circuit.check()?.retryAfterMs).toBeUndefined()
    expect(() => circuit.acquire()).toThrow('held open by hand')
    hold[Symbol.dispose]()
    expect(circuit.phase).toBe('closed')
    expect(circuit.check()).toBeUndefined()
  })

  it('holds until the last who asked for it lets go, each of them once', () => {
    const { circuit } = fragile(world())
    const [one, two] = [circuit.isolate(), circuit.isolate()]
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    expect(circuit.phase).toBe('isolated')
    two[Symbol.dispose]()
    expect(circuit.phase).toBe('closed')
    one[Symbol.dispose]()
    two[Symbol.dispose]()
    expect(circuit.phase).toBe('closed')
    const three = circuit.isolate()
    one[Symbol.dispose]()
    expect(circuit.phase).toBe('isolated')
    three[Symbol.dispose]()
  })

  it.each(['closed', 'open', 'half-open'])('takes over from %s, and nothing of before moves it', async (from) => {
    const w = world()
    const { circuit, fail, sitOut } = fragile(w)
    let old = circuit.acquire()
    if (from !== 'closed') fail()
    if (from === 'half-open') {
      await sitOut()
      old = circuit.acquire()
    }
    const hold = circuit.isolate()
    old.failure('failure', 10)
    await w.clock.advance(3_600_000)
    expect(circuit.phase).toBe('isolated')
    expect(await circuit.settled()).toBe('isolated')
    hold[Symbol.dispose]()
    expect(circuit.phase).toBe('closed')
    expect(await circuit.settled()).toBe('closed')
    fail()
    expect(await circuit.settled()).toBe('open')
  })

  it('forgets what was counted before', () => {
    const { circuit, fail } = fragile(world(), { consecutive: 3 })
    fail()
    fail()
    circuit.isolate()[Symbol.dispose]()
    fail()
    fail()
    expect(circuit.phase).toBe('closed')
  })
})
