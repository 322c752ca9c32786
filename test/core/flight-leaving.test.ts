import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { settled } from '../../src/core/clock.ts'
import { Flights } from '../../src/core/flight.ts'
import { work } from './deferred-work.ts'

describe('a caller who aborts', () => {
  it('leaves alone, at once and with its own reason', async () => {
    const { start, last } = work<string>()
    const flights = new Flights<string>()
    const leaver = new AbortController()
    const reason = new Error('I must go')
    const [leaving, staying] = [flights.join('a', start, leaver.signal), flights.join('a', start)]
    leaver.abort(reason)
    await expect(leaving).rejects.toBe(reason)
    expect(last().signal.aborted).toBe(false)
    last().resolve('done')
    expect(await staying).toBe('done')
  })

  it('aborts the work if it is the last one, with its reason', async () => {
    const { start, last } = work<string>()
    const flights = new Flights<string>()
    const [first, second] = [new AbortController(), new AbortController()]
    const calls = [flights.join('a', start, first.signal), flights.join('a', start, second.signal)]
    const ends = Promise.allSettled(calls)
    first.abort('first')
    expect(last().signal.aborted).toBe(false)
    second.abort('second')
    expect(last().signal.reason).toBe('second')
    expect((await ends).map((end) => end.status === 'rejected' && end.reason)).toEqual(['first', 'second'])
  })

  it('does not end work for one who cannot leave', async () => {
    const { start, last } = work<string>()
    const flights = new Flights<string>()
    const leaver = new AbortController()
    const staying = flights.join('a', start)
    const leaving = flights.join('a', start, leaver.signal).catch(() => {})
    leaver.abort()
    await leaving
    expect(last().signal.aborted).toBe(false)
    last().resolve('done')
    expect(await staying).toBe('done')
  })

  it('makes room: a newcomer after the last one starts a new flight, which the old one cannot touch', async () => {
    const { starts, start, last } = work<string>()
    const flights = new Flights<string>()
    const leaver = new AbortController()
    const left = flights.join('a', start, leaver.signal).catch((reason) => reason)
    leaver.abort('left')
    expect(!!flights.get('a')).toBe(false)
    const newcomer = flights.join('a', start)
    expect(starts).toHaveLength(2)
    starts[0]?.resolve('too late')
    await settled()
    expect(!!flights.get('a')).toBe(true)
    last().resolve('fresh')
    expect([await left, await newcomer]).toEqual(['left', 'fresh'])
    expect(last().signal.aborted).toBe(false)
  })

  it('does not fail a newcomer who comes while the work is being aborted', async () => {
    const { starts, start, last } = work<string>()
    const flights = new Flights<string>()
    const leaver = new AbortController()
    const left = flights.join('a', start, leaver.signal).catch((reason) => reason)
    let newcomer: Promise<string> | undefined
    last().signal.addEventListener('abort', () => {
      newcomer = flights.join('a', start)
    })
    leaver.abort('left')
    await left
    expect(starts).toHaveLength(2)
    last().resolve('fresh')
    expect(await newcomer).toBe('fresh')
  })

  it('before it asks starts nothing', async () => {
    const { starts, start } = work<string>()
    const flights = new Flights<string>()
    await expect(flights.join('a', start, AbortSignal.abort('no'))).rejects.toBe('no')
    expect([starts.length, flights.size]).toEqual([0, 0])
  })

  it('leaves no listener behind, and neither does one who stays', async () => {
    const { start, last } = work<string>()
    const flights = new Flights<string>()
    const controllers = [new AbortController(), new AbortController()] as const
    const calls = controllers.map(({ signal }) => flights.join('a', start, signal).catch(() => {}))
    controllers[0].abort()
    last().resolve('done')
    await Promise.all(calls)
    expect(controllers.map(({ signal }) => getEventListeners(signal, 'abort').length)).toEqual([0, 0])
    const failed = flights.join('a', start, controllers[1].signal).catch(() => {})
    last().reject(new Error('broken'))
    await failed
    expect(getEventListeners(controllers[1].signal, 'abort')).toHaveLength(0)
  })

  it('after the end aborts nothing', async () => {
    const { start, last } = work<string>()
    const controller = new AbortController()
    const call = new Flights<string>().join('a', start, controller.signal)
    last().resolve('done')
    await call
    controller.abort()
    expect(last().signal.aborted).toBe(false)
  })
})
