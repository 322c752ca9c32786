import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { manualClock } from '../../src/core/manual-clock.ts'
import { systemRandom } from '../../src/core/random.ts'
import { createRuntime } from '../../src/core/runtime.ts'

describe('createRuntime', () => {
  it('is the platform’s, and nobody listens', () => {
    expect(createRuntime()).toEqual({ clock: systemClock, random: systemRandom, emit: undefined })
    expect(createRuntime({ emit: undefined }).emit).toBeUndefined()
  })

  it('takes what is given, each by itself', () => {
    const [clock, random, emit] = [manualClock(), () => 0.5, vi.fn()]
    expect(createRuntime({ clock })).toEqual({ clock, random: systemRandom, emit: undefined })
    expect(createRuntime({ random })).toEqual({ clock: systemClock, random, emit: undefined })
    expect(createRuntime({ emit })).toEqual({ clock: systemClock, random: systemRandom, emit })
  })

  it('lets a listener come and go, without touching what was given', () => {
    const given = {}
    const runtime = createRuntime(given)
    const emit = vi.fn()
    runtime.emit = emit
    runtime.emit?.({ type: 'test.told' })
    runtime.emit = undefined
    expect(emit).toHaveBeenCalledExactlyOnceWith({ type: 'test.told' })
    expect(given).toEqual({})
  })
})
