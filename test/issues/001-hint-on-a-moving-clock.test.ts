import { expect, test } from 'vitest'
import { createClient } from '../../src/index.ts'
import { manualClock } from '../../src/testing/index.ts'

test('a hint is waited for also when the clock moves between two readings', async () => {
  const clock = manualClock()
  let microseconds = 0
  // As a real clock does: no two readings are alike.
  const moving = { ...clock, now: () => clock.now() + ++microseconds / 1_000_000 }
  const asked: number[] = []
  const fetch = async () => {
    asked.push(clock.now())
    return asked.length === 1
      ? new Response(null, { status: 503, headers: { 'retry-after': '1' } })
      : new Response('served')
  }
  const client = createClient({ fetch, runtime: { clock: moving, random: () => 0.5 } })
  const first = client.fetch('http://api.test/')
  await clock.advance(0)
  const second = client.fetch('http://api.test/')
  for (let ms = 0; ms < 5_000; ms += 100) await clock.advance(100)
  expect(await (await first).text()).toBe('served')
  expect(await (await second).text()).toBe('served')
  expect(asked.slice(1).every((at) => at >= 1_000)).toBe(true)
})
