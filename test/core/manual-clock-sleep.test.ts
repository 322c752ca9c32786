import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../src/core/manual-clock.ts'

describe('the calendar', () => {
  it('begins where it is told and goes with the clock', async () => {
    const clock = manualClock(Date.UTC(2026, 0, 1))
    await clock.advance(1_500)
    expect(clock.wallNow()).toBe(Date.UTC(2026, 0, 1) + 1_500)
  })

  it('is set forward and back without a timer or now() noticing', async () => {
    const clock = manualClock()
    const wall = clock.wallNow()
    const fired: number[] = []
    clock.setTimer(100, () => fired.push(clock.now()))
    clock.shiftWall(3_600_000)
    await clock.advance(50)
    expect([clock.now(), clock.wallNow() - wall, fired.length]).toEqual([50, 3_600_050, 0])
    clock.shiftWall(-7_200_000)
    await clock.advance(50)
    expect([clock.now(), clock.wallNow() - wall, fired]).toEqual([100, -3_600_000 + 100, [100]])
  })
})

describe('sleep', () => {
  it('ends with the time, and leaves nothing behind', async () => {
    const clock = manualClock()
    const { signal } = new AbortController()
    const sleep = clock.sleep(100, signal).then(() => clock.now())
    expect(clock.pending).toBe(1)
    await clock.advance(250)
    expect(await sleep).toBe(100)
    expect([clock.pending, getEventListeners(signal, 'abort').length]).toEqual([0, 0])
  })

  it('ends at once with the very reason of an abort', async () => {
    const clock = manualClock()
    const controller = new AbortController()
    const reason = new Error('enough')
    const sleeps = [clock.sleep(100, controller.signal), clock.sleep(Infinity, controller.signal)]
    const ends = Promise.allSettled(sleeps)
    controller.abort(reason)
    expect(clock.pending).toBe(0)
    for (const end of await ends) expect(end.status === 'rejected' && end.reason).toBe(reason)
    await expect(clock.sleep(1, controller.signal)).rejects.toBe(reason)
  })

  it('in a loop takes one moment after the other', async () => {
    const clock = manualClock()
    const woke: number[] = []
    const loop = async () => {
      for (let round = 0; round < 5; round++) {
        await clock.sleep(10)
        woke.push(clock.now())
      }
    }
    void loop()
    await clock.advance(50)
    expect(woke).toEqual([10, 20, 30, 40, 50])
  })
})
