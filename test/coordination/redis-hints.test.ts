import { describe, expect, it } from 'vitest'
import { Hints } from '../../src/coordination/redis/hints.ts'
import type { RedisPort } from '../../src/coordination/redis/port.ts'
import { seededRandom } from '../../src/core/random.ts'
import { world } from '../support/world.ts'

/** A Redis whose messages a test makes up. */
function wired() {
  const runtime = world(seededRandom(7))
  let hear: (channel: string, message: string) => void = () => {}
  let connected: () => void = () => {}
  let ready = false
  const asked: string[] = []
  const port: RedisPort = {
    ready: () => true,
    run: async () => [],
    listen: (onMessage, onReady) => {
      asked.push('listen')
      hear = onMessage
      connected = onReady
      return {
        ready: () => ready,
        subscribe: async (channel) => asked.push(`+${channel}`),
        unsubscribe: async (channel) => asked.push(`-${channel}`),
        close: () => asked.push('close'),
      }
    },
  }
  const hints = new Hints(port, runtime)
  const connect = async () => {
    ready = true
    connected()
    await runtime.clock.advance(0)
  }
  return { ...runtime, hints, asked, connect, hear: (channel: string, message: string) => hear(channel, message) }
}

describe('hints from Redis', () => {
  it('open a connection for the first who watches, and leave channels that nobody watches', async () => {
    const { hints, asked, connect } = wired()
    expect(asked).toEqual([])
    const ends = [hints.watch('a', () => {}), hints.watch('a', () => {}), hints.watch('b', () => {})]
    await connect()
    expect(asked).toEqual(['listen', '+a', '+b'])
    ends[0]?.()
    ends[0]?.()
    expect(asked.at(-1)).toBe('+b')
    ends[1]?.()
    expect(asked.at(-1)).toBe('-a')
    hints.close()
    expect(asked.at(-1)).toBe('close')
  })

  it('begin with a look, because what was said before is lost', async () => {
    const { hints, connect } = wired()
    let told = 0
    hints.watch('a', () => told++)
    await connect()
    expect(told).toBe(1)
  })

  it('of 50,000 who hear the same are spread over a second; of 50 over a few ms', async () => {
    for (const [listeners, widestMs, most] of [
      [50_000, 1_000, 600],
      [50, 5, 50],
    ] as const) {
      const { clock, random } = world(seededRandom(listeners))
      const moments: number[] = []
      const members = 5_000
      for (let member = 0; member < members; member++) {
        let hear: (channel: string, message: string) => void = () => {}
        const ears = {
          ready: () => true,
          subscribe: () => new Promise(() => {}),
          unsubscribe: async () => {},
          close: () => {},
        }
        const port: RedisPort = {
          ready: () => true,
          run: async () => [],
          listen: (onMessage) => {
            hear = onMessage
            return ears
          },
        }
        new Hints(port, { clock, random }).watch('a', () => moments.push(clock.now()))
        hear('a', `epoch:7 ${listeners}`)
      }
      await clock.advance(2_000)
      expect(moments).toHaveLength(members)
      expect(Math.max(...moments)).toBeLessThanOrEqual(widestMs)
      expect(Math.max(...moments)).toBeGreaterThan(0.9 * widestMs)
      if (widestMs < 1_000) continue
      const perTenth = Array.from({ length: 10 }, (_, tenth) => moments.filter((at) => Math.floor(at / 100) === tenth))
      // Even: 500 each, within five standard deviations.
      expect(Math.max(...perTenth.map(({ length }) => length))).toBeLessThan(most + 10)
      expect(Math.min(...perTenth.map(({ length }) => length))).toBeGreaterThan(390)
    }
  })

  it('of many messages at once are one', async () => {
    const { hints, connect, hear, clock } = wired()
    let told = 0
    hints.watch('a', () => told++)
    await connect()
    for (let message = 0; message < 10; message++) hear('a', `e:${message} 1000`)
    await clock.advance(100)
    expect(told).toBe(2)
  })

  it('come after a reconnect, spread, because messages were lost', async () => {
    const { hints, connect, clock } = wired()
    const told: number[] = []
    for (const name of ['a', 'b', 'c', 'd']) hints.watch(name, () => told.push(clock.now()))
    await connect()
    expect(told).toEqual([0, 0, 0, 0])
    await connect()
    await clock.advance(1_000)
    expect(told).toHaveLength(8)
    expect(new Set(told.slice(4)).size).toBe(4)
  })

  it.each(['', 'nonsense', 'e:1 -5', 'e:1 Infinity', 'e:1 1e99', `e:1 ${'9'.repeat(400)}`])(
    'come within a second of any message: %j',
    async (message) => {
      const { hints, connect, hear, clock } = wired()
      let told = 0
      hints.watch('a', () => told++)
      await connect()
      hear('a', message)
      hear('unheard of', message)
      await clock.advance(1_000)
      expect(told).toBe(2)
      expect(clock.pending).toBe(0)
    },
  )

  it('do not come after the watch or all of it has ended', async () => {
    const { hints, connect, hear, clock } = wired()
    const told: string[] = []
    const end = hints.watch('a', () => told.push('a'))
    hints.watch('b', () => told.push('b'))
    await connect()
    hear('a', 'e:1 1000')
    hear('b', 'e:1 1000')
    end()
    hints.close()
    await clock.advance(2_000)
    await connect()
    hear('b', 'e:2 1000')
    await clock.advance(2_000)
    expect(told).toEqual(['a', 'b'])
    expect(clock.pending).toBe(0)
  })
})
