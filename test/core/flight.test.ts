import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { never } from '../../src/core/abort.ts'
import { settled } from '../../src/core/clock.ts'
import { Flight, Flights } from '../../src/core/flight.ts'
import { work } from './deferred-work.ts'
import { collect } from './heap-growth.ts'

const unhandled = vi.fn()
beforeEach(() => void process.on('unhandledRejection', unhandled))
afterEach(async () => {
  await settled()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})

describe('Flights', () => {
  it('does one piece of work for all who ask while it runs', async () => {
    const { starts, start, last } = work<object>()
    const flights = new Flights<object>()
    const value = {}
    const asked = [flights.join('a', start), flights.join('a', start), flights.join('a', start, AbortSignal.any([]))]
    expect([flights.size, !!flights.get('a')]).toEqual([1, true])
    last().resolve(value)
    for (const one of await Promise.all(asked)) expect(one).toBe(value)
    expect(starts).toHaveLength(1)
    expect([flights.size, !!flights.get('a')]).toEqual([0, false])
  })

  it('keeps keys apart', async () => {
    const [one, other] = [work<number>(), work<number>()]
    const flights = new Flights<number>()
    const asked = Promise.all([flights.join('a', one.start), flights.join('b', other.start)])
    expect(flights.size).toBe(2)
    other.last().resolve(2)
    one.last().resolve(1)
    expect(await asked).toEqual([1, 2])
  })

  it('begins anew for whoever asks after the end', async () => {
    const { starts, start, last } = work<number>()
    const flights = new Flights<number>()
    const first = flights.join('a', start)
    last().resolve(1)
    await first
    const second = flights.join('a', start)
    last().resolve(2)
    expect([await first, await second, starts.length]).toEqual([1, 2, 2])
  })

  it('serves 50,000 callers with one piece of work, half of whom leave', async () => {
    const { starts, start, last } = work<string>()
    const flights = new Flights<string>()
    const leavers = new AbortController()
    const callers = Array.from({ length: 50_000 }, (_, index) =>
      flights.join('a', start, index % 2 ? leavers.signal : new AbortController().signal),
    )
    leavers.abort('left')
    last().resolve('done')
    const ends = await Promise.allSettled(callers)
    expect(starts).toHaveLength(1)
    expect(ends.filter((end) => end.status === 'fulfilled' && end.value === 'done')).toHaveLength(25_000)
    expect(ends.filter((end) => end.status === 'rejected' && end.reason === 'left')).toHaveLength(25_000)
    expect(last().signal.aborted).toBe(false)
  })
})

describe('a failure', () => {
  it('goes to all who wait as the very same error, and is not remembered', async () => {
    const { starts, start, last } = work<string>()
    const flights = new Flights<string>()
    const error = new Error('broken')
    const calls = [flights.join('a', start), flights.join('a', start, new AbortController().signal)]
    const ends = Promise.allSettled(calls)
    last().reject(error)
    for (const end of await ends) expect(end.status === 'rejected' && end.reason).toBe(error)
    const again = flights.join('a', start)
    expect(starts).toHaveLength(2)
    last().resolve('mended')
    expect(await again).toBe('mended')
  })

  it('of a start that throws at once is one like any other', async () => {
    const flights = new Flights<string>()
    const error = new Error('at once')
    const call = flights.join('a', () => {
      throw error
    })
    await expect(call).rejects.toBe(error)
    expect(flights.size).toBe(0)
  })

  it('that nobody waits for any more is nobody’s', async () => {
    const { start, last } = work<string>()
    const flights = new Flights<string>()
    const leaver = new AbortController()
    const call = flights.join('a', start, leaver.signal).catch((reason) => reason)
    leaver.abort('left')
    last().reject(new Error('unheard'))
    expect(await call).toBe('left')
    await settled()
    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe('Flight', () => {
  it('says who waits, those who cannot leave included', async () => {
    const { start, last } = work<string>()
    const flight = new Flight(start, () => {})
    expect(flight.callers).toBe(0)
    const leaver = new AbortController()
    const calls = [flight.join(), flight.join(leaver.signal), flight.join(new AbortController().signal)]
    const ends = Promise.allSettled([...calls, flight.join(AbortSignal.abort('gone before'))])
    expect(flight.callers).toBe(3)
    leaver.abort('left')
    expect(flight.callers).toBe(2)
    last().resolve('done')
    expect((await ends).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
  })

  it('is as patient as the most patient who joined, whoever leaves', async () => {
    const { start, last } = work<string>()
    const flight = new Flight(start, () => {}, 100)
    expect(flight.deadlineAt).toBe(100)
    const patient = new AbortController()
    const seen: number[] = []
    const calls = [100, 300, 200].map((deadlineAt) => {
      const call = flight.join(deadlineAt === 300 ? patient.signal : undefined, deadlineAt)
      seen.push(flight.deadlineAt)
      return call
    })
    const ends = Promise.allSettled(calls)
    expect(seen).toEqual([100, 300, 300])
    patient.abort('left')
    expect(flight.deadlineAt).toBe(300)
    const endless = flight.join()
    expect(flight.deadlineAt).toBe(Infinity)
    last().resolve('done')
    expect([await endless, (await ends).length]).toEqual(['done', 3])
  })

  it('knows the patience of the first caller when its work begins', () => {
    const seen: number[] = []
    const start = (_signal: AbortSignal, flight: Flight<string>) => {
      seen.push(flight.deadlineAt)
      return new Promise<string>(() => {})
    }
    const flights = new Flights<string>()
    void flights.join('a', start, undefined, 500)
    void flights.join('b', start)
    expect(seen).toEqual([500, Infinity])
  })

  it('can be aborted after its end, for what it brought home hangs on its signal', async () => {
    const { start, last } = work<string>()
    const over = vi.fn()
    const flight = new Flight(start, over)
    const call = flight.join()
    last().resolve('a stream')
    await call
    flight.abort('left')
    expect(last().signal.reason).toBe('left')
    expect(over).toHaveBeenCalledOnce()
  })

  it('does not abort work that has ended, not even for a caller who leaves before hearing of it', async () => {
    const { start, last } = work<string>()
    const controller = new AbortController()
    const flight = new Flight(start, () => {})
    void last().promise.then(() => controller.abort('left'))
    const call = flight.join(controller.signal)
    last().resolve('done')
    // The work was there first.
    await expect(call).resolves.toBe('done')
    expect(last().signal.aborted).toBe(false)
  })

  it('tells once that it is over: at the end of its work, or when the last caller leaves', async () => {
    const [landed, left] = [vi.fn(), vi.fn()]
    const { start, last } = work<string>()
    const landing = new Flight(start, landed)
    const call = landing.join()
    last().resolve('done')
    await call
    expect(landed).toHaveBeenCalledOnce()

    const leaver = new AbortController()
    const leaving = new Flight(start, left)
    const gone = leaving.join(leaver.signal).catch(() => {})
    leaver.abort()
    expect(left).toHaveBeenCalledOnce()
    last().resolve('too late')
    await gone
    await settled()
    expect(left).toHaveBeenCalledOnce()
  })
})

describe('those who wait', () => {
  it('hold the work itself if they cannot leave, and a promise of their own if they can', () => {
    const { start } = work<string>()
    const flight = new Flight(start, () => {})
    expect(flight.join()).toBe(flight.join())
    expect(flight.join(never())).toBe(flight.join())
    const { signal } = new AbortController()
    expect(flight.join(signal)).not.toBe(flight.join(signal))
  })

  it('are forgotten when they leave, however long the work hangs', async () => {
    const flight = new Flight(
      () => new Promise<string>(() => {}),
      () => {},
    )
    const left: WeakRef<object>[] = []
    const comeAndGo = () => {
      const leaver = new AbortController()
      const reason = {}
      left.push(new WeakRef(reason))
      void flight.join(leaver.signal).catch(() => {})
      leaver.abort(reason)
    }
    void flight.join()
    for (let caller = 0; caller < 1_000; caller++) comeAndGo()
    expect(flight.callers).toBe(1)
    await settled()
    collect()
    // Some may be kept beside those who wait.
    expect(left.filter((ref) => ref.deref()).length).toBeLessThan(100)
  })

  it('may leave from within the end of another', async () => {
    const { start, last } = work<string>()
    const flight = new Flight(start, () => {})
    const [first, second] = [new AbortController(), new AbortController()]
    const calls = [flight.join(first.signal), flight.join(second.signal)]
    first.signal.addEventListener('abort', () => second.abort('with the first'))
    first.abort('first')
    const ends = await Promise.allSettled(calls)
    expect(ends.map((end) => end.status === 'rejected' && end.reason)).toEqual(['first', 'with the first'])
    expect(last().signal.aborted).toBe(true)
  })
})
