import * as msw from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attemptsOf, isBreakwaterError } from '../../src/index.ts'
import { failingHandlers } from '../../src/testing/index.ts'
import { mocked } from '../support/mocked.ts'

const origin = 'https://pushback.test'
const server = setupServer(...failingHandlers(msw, { origin }))

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }))
afterAll(() => server.close())

type Headers = Record<string, string>
let calls = 0

/** A service that says this once with that status, and is then well. */
const once = (status: number, headers: Headers) =>
  `${origin}/flaky/1?${new URLSearchParams({ status: String(status), id: String(calls++), ...headers })}`

/** Where the clock of `mocked` starts, and a server that is an hour late: what counts is the distance of its two dates. */
const here = 1_700_000_000_000
const late = here - 3_600_000

const imf = (at: number) => new Date(at).toUTCString()
const days = ['Sun', 'Mon', 'Tues', 'Wednes', 'Thurs', 'Fri', 'Satur']
const rfc850 = (at: number) => {
  const [, day, month, year, time] = imf(at).split(' ')
  return `${days[new Date(at).getUTCDay()]}day, ${day}-${month}-${year?.slice(2)} ${time} GMT`
}
const asctime = (at: number) => {
  const [weekday, day, month, year, time] = imf(at).replace(',', '').split(' ')
  return `${weekday} ${month} ${day?.replace(/^0/, ' ')} ${time} ${year}`
}

/** Each of them says: come back in seven seconds. */
const retryAfter: [string, Headers][] = [
  ['seconds', { 'Retry-After': '7' }],
  ['seconds with spaces', { 'Retry-After': ' 7 ' }],
  ['an IMF date', { 'Retry-After': imf(here + 7_000) }],
  ['an IMF date of a late server', { 'Retry-After': imf(late + 7_000), Date: imf(late) }],
  ['an RFC 850 date of a late server', { 'Retry-After': rfc850(late + 7_000), Date: imf(late) }],
  ['an asctime date of a late server', { 'Retry-After': asctime(late + 7_000), Date: rfc850(late) }],
  ['an IMF date of an early server', { 'Retry-After': imf(here + 3_607_000), Date: asctime(here + 3_600_000) }],
]

const quota: [string, Headers][] = [
  ['RateLimit', { RateLimit: '"default";r=0;t=7' }],
  ['RateLimit with its policy', { RateLimit: '"default";r=0;t=7', 'RateLimit-Policy': '"default";q=100;w=60' }],
  ['RateLimit of several policies', { RateLimit: '"day";r=120;t=3600, "burst";r=0;t=7' }],
  ['RateLimit-Reset', { 'RateLimit-Reset': '7' }],
  ['X-RateLimit-Reset as a delta', { 'X-RateLimit-Reset': '7' }],
  ['X-RateLimit-Reset as an epoch', { 'X-RateLimit-Reset': String(here / 1000 + 7) }],
  ['X-RateLimit-Reset as an epoch in ms', { 'X-RateLimit-Reset': String(here + 7_000) }],
  ['X-RateLimit-Reset of a late server', { 'X-RateLimit-Reset': String(late / 1000 + 7), Date: imf(late) }],
  ['X-RateLimit-Retry-After', { 'X-RateLimit-Retry-After': '7' }],
  ['Retry-After before all others', { 'Retry-After': '7', RateLimit: '"a";r=0;t=9', 'X-RateLimit-Reset': '11' }],
  ['a Retry-After that cannot be read beside one that can', { 'Retry-After': 'soon', 'RateLimit-Reset': '7' }],
]

const across = <A, B>(all: readonly A[], each: readonly [string, B][]): [A, string, B][] =>
  all.flatMap((one) => each.map(([name, of]): [A, string, B] => [one, name, of]))

describe('a hint is the least that is waited', () => {
  it.each([...across([429, 503], [...retryAfter, ...quota]), ...across([408, 425, 500, 502, 504], retryAfter)])(
    '%i with %s',
    async (status, _name, headers) => {
      const { client, play, sent } = mocked({ retry: { throttleBaseMs: 0, baseMs: 0 } })
      const response = await play(client.fetch(once(status, headers)))
      expect(response.status).toBe(200)
      expect(sent.map(({ atMs }) => atMs)).toEqual([0, 7_000])
    },
  )

  it.each(across([408, 425, 500, 502, 504], quota.slice(0, 9)))(
    'but not on a %i with %s',
    async (status, _, headers) => {
      const { client, play, sent } = mocked()
      await play(client.fetch(once(status, headers)))
      expect(sent.map(({ atMs }) => atMs)).toEqual([0, 0])
    },
  )

  it('and of zero seconds, or of a date gone by, it is no more than our own wait', async () => {
    for (const hint of ['0', imf(here - 1), imf(here)]) {
      const { client, play, sent } = mocked({}, 0.5)
      await play(client.fetch(once(503, { 'Retry-After': hint })))
      expect(sent.map(({ atMs }) => atMs)).toEqual([0, 500])
    }
  })
})

describe('above the hint', () => {
  it.each([
    [7, 0.5, 7_700],
    [7, 0.999, 8_398.6],
    [30, 0.5, 33_000],
    [1, 0.5, 1_500],
  ])('of %i s chance %d lets a call come at %d ms', async (seconds, random, atMs) => {
    const { client, play, sent } = mocked({ deadlineMs: Infinity }, random)
    await play(client.fetch(once(503, { 'Retry-After': String(seconds) })))
    expect(sent[1]?.atMs).toBeCloseTo(atMs, 6)
  })
})

describe('what cannot be read is no hint, and we wait as we would have', () => {
  const malformed = [
    ...['-1', '1e3', '0x10', 'Infinity', 'NaN', '1, 5', '', '1.5', '+5', '5s', 'soon', '٧', '9'.repeat(10_240)],
    ...['2023-11-14T22:13:27Z', 'Tue, 14 Nov 2023 22:13:27 +0000', 'Tue, 14 Nov 2023 22:13:27 UTC'],
    ...['Tue, 31 Feb 2023 22:13:27 GMT', 'Tue, 14 Nov 2023 24:13:27 GMT', 'Tue Nov 14 22:13 2023', 'null', 'true'],
  ].map((text): [string, string] => [text.length > 40 ? `${text.length} characters` : `'${text}'`, text])
  const field = (name: string, text: string): Headers => ({ [name]: encodeLatin1(text) })

  it.each([
    ...across([429, 503, 500], malformed).map(([status, name, text]) => [status, 'Retry-After', name, text] as const),
    ...across([503], malformed).map(([status, name, text]) => [status, 'RateLimit-Reset', name, text] as const),
    ...across([503], malformed).map(([status, name, text]) => [status, 'X-RateLimit-Reset', name, text] as const),
    ...across([429], malformed).map(([status, name, text]) => [status, 'X-RateLimit-Retry-After', name, text] as const),
    ...across(
      [429, 503],
      [
        '7',
        '"a"',
        '"a";r=0',
        '"a";t=7',
        '"a";r=0;t=-7',
        '"a";r=0;t=7.5',
        '"a";r=0;t=7,',
        '"a;r=0;t=7',
        '(1 2);r=0;t=7',
      ].map((text): [string, string] => [text, text]),
    ).map(([status, name, text]) => [status, 'RateLimit', name, text] as const),
  ])('%i with %s: %s', async (status, name, _shown, text) => {
    const { client, play, sent } = mocked({}, 0.5)
    const response = await play(client.fetch(once(status, field(name, text))))
    expect(response.status).toBe(200)
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, status === 500 ? 25 : 500])
  })
})

/** Headers are bytes: what is not Latin-1 travels as its UTF-8 bytes. */
function encodeLatin1(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

describe('a hint that is too far away', () => {
  it.each([
    ['beyond the deadline', 31, 30_000],
    ['beyond five minutes, however patient the caller', 301, Infinity],
    ['in thirty thousand years', 999_999_999_999_999, Infinity],
  ])('%s is not waited for', async (_name, seconds, deadlineMs) => {
    const { client, play, sent, clock } = mocked({ deadlineMs })
    const response = await play(client.fetch(once(503, { 'Retry-After': String(seconds) })))
    expect(response.status).toBe(503)
    expect(attemptsOf(response)).toHaveLength(1)
    expect(clock.now()).toBe(0)

    const error = await play(client.fetch(`${origin}/status/200`).catch((reason: unknown) => reason))
    expect(isBreakwaterError(error) && [error.code, error.retryAfterMs]).toEqual(['pushback', seconds * 1000])
    expect(attemptsOf(error)).toEqual([])
    expect(sent).toHaveLength(1)
    expect(clock.now()).toBe(0)
    expect(clock.pending).toBe(0)
  })
})
