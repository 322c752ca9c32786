import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../../src/core/outcome.ts'
import { type BreakerOptions, Circuit, type CircuitEvent } from '../../../src/layers/breaker/index.ts'
import { world } from '../../support/world.ts'

/** Neither rate nor row opens: each test switches on what it is about. */
const never = { consecutive: Infinity, minCalls: Infinity }

function circuitOf(options: Partial<BreakerOptions>) {
  const w = world()
  const circuit = new Circuit({ ...never, ...options }, w)
  const end = (verdict: Verdict, durationMs = 10) => {
    const permit = circuit.acquire()
    if (verdict === 'success') permit.success(durationMs)
    else permit.failure(verdict, durationMs)
  }
  /** Each letter an attempt: Success, Failure, Overload, Timeout. */
  const play = (letters: string) => {
    for (const letter of letters)
      end(({ S: 'success', F: 'failure', O: 'overload', T: 'timeout' } as const)[letter] as Verdict)
    return circuit.phase
  }
  const reason = async () => {
    await circuit.settled()
    return w.told<CircuitEvent & { reason: string }>('circuit.opened').map((event) => event.reason)
  }
  return { w, circuit, end, play, reason }
}

describe('a share of failures', () => {
  it('opens the circuit as soon as it is reached', async () => {
    const { play, reason } = circuitOf({ failureRate: 0.5, minCalls: 4 })
    expect(play('SSF')).toBe('closed')
    expect(play('F')).toBe('open')
    expect(await reason()).toEqual(['failure-rate'])
  })

  it.each(['F', 'O', 'T'])('counts all kinds of them: %s', (kind) => {
    expect(circuitOf({ failureRate: 0.5, minCalls: 4 }).play(`SS${kind}${kind}`)).toBe('open')
  })

  it('means nothing before there are enough attempts', () => {
    const { play } = circuitOf({ failureRate: 0.1, minCalls: 20 })
    expect(play('F'.repeat(19))).toBe('closed')
    expect(play('F')).toBe('open')
  })

  it('below the one that is asked for opens nothing, however long', () => {
    expect(circuitOf({ failureRate: 0.5, minCalls: 4 }).play('SSSF'.repeat(500))).toBe('closed')
  })

  it.each([Infinity, 60_000])('is never what a success opens it for, whether %d ms are slow or not', (slowMs) => {
    const { play } = circuitOf({ failureRate: 0.5, minCalls: 4, slowMs })
    expect(play('FFS')).toBe('closed')
    expect(play('S')).toBe('closed')
  })
})

describe('failures in a row', () => {
  it('open the circuit, whatever the rate', async () => {
    const { play, reason } = circuitOf({ consecutive: 3 })
    expect(play(`${'S'.repeat(1000)}FF`)).toBe('closed')
    expect(play('F')).toBe('open')
    expect(await reason()).toEqual(['consecutive'])
  })

  it('begin anew after a success', () => {
    expect(circuitOf({ consecutive: 3 }).play('FFSFFSFF')).toBe('closed')
  })

  it('do not include timeouts, which do not end the row either', () => {
    const { play } = circuitOf({ consecutive: 3 })
    expect(play(`FF${'T'.repeat(100)}`)).toBe('closed')
    expect(play('F')).toBe('open')
  })

  it('of timeouts alone only count towards the rate', async () => {
    const { play, reason } = circuitOf({ consecutive: 3, failureRate: 0.5, minCalls: 10 })
    expect(play('T'.repeat(9))).toBe('closed')
    expect(play('T')).toBe('open')
    expect(await reason()).toEqual(['failure-rate'])
  })
})

describe('failures older than the window', () => {
  it('do not count towards the rate', async () => {
    const { w, play } = circuitOf({ failureRate: 0.5, minCalls: 4, windowMs: 1_000 })
    play('FFF')
    await w.clock.advance(1_001)
    expect(play('FFF')).toBe('closed')
    expect(play('F')).toBe('open')
  })

  it('do not count towards the row', async () => {
    const { w, play } = circuitOf({ consecutive: 4, windowMs: 1_000 })
    play('FFF')
    await w.clock.advance(1_001)
    expect(play('FFF')).toBe('closed')
    expect(play('F')).toBe('open')
  })

  it('do not count towards a row that never pauses', async () => {
    const { w, play } = circuitOf({ consecutive: 4, windowMs: 1_000 })
    for (let attempt = 0; attempt < 50; attempt++) {
      expect(play('F')).toBe('closed')
      await w.clock.advance(400)
    }
  })

  it('never count, whatever they were', async () => {
    const letter = fc.constantFrom('S', 'F', 'O', 'T')
    const history = fc.array(fc.tuple(letter, fc.nat(400)), { maxLength: 40, size: 'max' })
    await fc.assert(
      fc.asyncProperty(history, fc.nat(3_000), async (steps, extraMs) => {
        const { w, circuit, play } = circuitOf({ consecutive: 4, minCalls: 5, windowMs: 1_000 })
        for (const [kind, ms] of steps) {
          if (circuit.phase === 'closed') play(kind)
          await w.clock.advance(ms)
        }
        fc.pre(circuit.phase === 'closed')
        await w.clock.advance(1_001 + extraMs)
        expect(play('FFF')).toBe('closed')
        expect(play('F')).toBe('open')
      }),
    )
  })
})

describe('slow attempts', () => {
  it('count only where it is said what is slow', () => {
    const { circuit, end } = circuitOf({ slowRate: 0.5, minCalls: 4 })
    for (let attempt = 0; attempt < 100; attempt++) end('success', 1e9)
    expect(circuit.phase).toBe('closed')
  })

  it('open the circuit by their share, successes though they are', async () => {
    const { circuit, end, reason } = circuitOf({ slowRate: 0.5, slowMs: 200, minCalls: 4 })
    for (const durationMs of [199, 10, 200]) end('success', durationMs)
    expect(circuit.phase).toBe('closed')
    end('success', 500)
    expect(circuit.phase).toBe('open')
    expect(await reason()).toEqual(['slow-rate'])
  })

  it('do not count when they are older than the window', async () => {
    const { w, circuit, end } = circuitOf({ slowRate: 0.5, slowMs: 200, minCalls: 4, windowMs: 1_000 })
    for (let attempt = 0; attempt < 3; attempt++) end('success', 500)
    await w.clock.advance(1_001)
    for (let attempt = 0; attempt < 3; attempt++) end('success', 500)
    expect(circuit.phase).toBe('closed')
  })
})
