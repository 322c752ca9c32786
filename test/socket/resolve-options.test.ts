import { expect, it } from 'vitest'
import { readUrl } from '../../src/socket/address.ts'
import { resolveSocket } from '../../src/socket/resolve-options.ts'

it('makes one object of equal options, however often they were written', () => {
  const given = () => ({ firstWindowMs: { drop: 7_000 }, heartbeat: { intervalMs: 1_000 }, outbox: { maxCount: 3 } })
  expect(resolveSocket(given())).toBe(resolveSocket(given()))
  expect(resolveSocket(undefined)).toBe(resolveSocket({}))
})

it.each([
  { firstWindowMs: 8 },
  { firstWindowMs: { drop: 8 } },
  { heartbeat: false as const },
  { heartbeat: { intervalMs: 8 } },
  { outbox: { overflow: 'drop-oldest' as const } },
  { reconnect: false },
  { headers: { a: 'b' } },
])('keeps apart what differs in one place: %j', (given) => {
  const plain = resolveSocket({})
  const other = resolveSocket(given)
  expect(other).not.toEqual(plain)
  expect(resolveSocket({})).toEqual(plain)
})

it('sees no change of what was given that comes later', () => {
  const heartbeat = { intervalMs: 1_000 }
  const before = resolveSocket({ heartbeat })
  heartbeat.intervalMs = 2_000
  const after = resolveSocket({ heartbeat })
  expect(before.heartbeat).toMatchObject({ intervalMs: 1_000 })
  expect(after.heartbeat).toMatchObject({ intervalMs: 2_000 })
})

it('keeps nothing that belongs to one socket', () => {
  const { signal } = new AbortController()
  expect(resolveSocket({ signal })).not.toBe(resolveSocket({ signal }))
  const headers = { authorization: 'secret' }
  expect(resolveSocket({ headers })).not.toBe(resolveSocket({ headers }))
  const session = { opened: () => {}, received: () => {} }
  expect(resolveSocket({ session })).not.toBe(resolveSocket({ session }))
})

it('shares an address, unless it may hold a secret', () => {
  expect(readUrl('wss://live.example/feed')).toBe(readUrl(new URL('https://live.example/feed')))
  expect(readUrl('wss://live.example/feed')).not.toBe(readUrl('wss://live.example/other'))
  for (const url of ['wss://live.example/feed?token=a', 'wss://a:b@live.example/feed']) {
    expect(readUrl(url)).not.toBe(readUrl(url))
  }
})
