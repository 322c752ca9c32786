import { describe, expect, test } from 'vitest'
import type { Berth } from '../../src/simulate/servers/virtual-transport.ts'
import { encodeHint, type Session } from '../../src/socket/index.ts'
import type { Harbour } from '../support/harbour.ts'
import { welcomed } from '../support/hint-session.ts'
import { SocketFleet } from '../support/socket-fleet.ts'

const sockets = 20
const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** Dials per socket to a server that greets like this, in each of the spans. */
async function dialed(greet: Harbour['greet'], spansMs: readonly number[], session?: () => Session): Promise<number[]> {
  const options = () => (session ? { session: session() } : {})
  const fleet = new SocketFleet({ sockets, harbour: { perSecond: 10_000 }, options })
  await fleet.settle()
  const { clock, harbour } = fleet
  harbour.greet = greet
  harbour.forget()
  harbour.dropAll()
  const counts: number[] = []
  for (const ms of spansMs) {
    harbour.dials = []
    // In steps, so that a socket that dials without end is told and not waited for.
    for (let at = 0; at < ms && harbour.dials.length < 5_000 * sockets; at += 10_000) await clock.advance(10_000)
    counts.push(harbour.dials.length / sockets)
  }
  return counts
}

const closing =
  (code: number, reason = '') =>
  (berth: Berth) =>
    berth.close(code, reason)

const saying = (text: string, code: number) => (berth: Berth) => {
  berth.send(text)
  berth.close(code)
}

const after =
  (ms: number): Harbour['greet'] =>
  (berth) =>
    berth.later(ms, () => berth.close(1006))

const failing = (): Session => ({ ...welcomed(), opened: (link) => link.fail(4000, 'not mine') })
const slot = (afterMs: number, withinMs = 0) => encodeHint({ afterMs, withinMs })
const drain = (afterMs: number, withinMs: number) => JSON.stringify({ drain: true, afterMs, withinMs })

const ways: [name: string, greet: Harbour['greet'], session?: () => Session][] = [
  ['drops it without a word', closing(1006)],
  ['closes it as done', closing(1000)],
  ['closes it for a restart', closing(1012)],
  ['closes it for overload', closing(1013)],
  ['names a window of 1 ms', closing(1012, slot(0, 1))],
  ['names a slot of 0 ms', closing(1012, slot(0))],
  ['names a slot of 1 ms', closing(1013, slot(1))],
  ['names a slot of 1 s', closing(1013, slot(1_000))],
  ['welcomes with a window of 1 ms, and drops it', saying(slot(0, 1), 1006), welcomed],
  ['welcomes with a slot of 0 ms, and drops it', saying(slot(0), 1006), welcomed],
  ['drains over 0 ms, and drops it', saying(drain(0, 0), 1006), welcomed],
  ['drains over 1 s, and drops it', saying(drain(0, 1_000), 1006), welcomed],
  ['says what the session does not take', undefined, failing],
  ['drops it after 1 s', after(1_000)],
  ['drops it after 9 s', after(9_000)],
]

describe('a server that accepts', () => {
  test.each(ways)('and %s is dialed ever more slowly', async (_way, greet, session) => {
    const [first = 0, next = 0, later = 0] = await dialed(greet, [minuteMs, minuteMs, 58 * minuteMs], session)
    expect(first).toBeGreaterThan(1)
    expect(first).toBeLessThan(12)
    expect(next).toBeLessThan(first)
    // At the end once per window of a minute, half of it on average.
    expect(later / 58).toBeLessThan(2.3)
    expect(later / 58).toBeGreaterThan(1.4)
  })

  test('and drops it at once is asked some 2,900 times in a day', async () => {
    const [day = 0] = await dialed(closing(1006), [24 * hourMs])
    expect(day).toBeGreaterThan(2_600)
    expect(day).toBeLessThan(3_100)
  })
})
