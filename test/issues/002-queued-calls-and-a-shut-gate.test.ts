import { expect, test } from 'vitest'
import { createClient, PushbackError } from '../../src/index.ts'
import { manualClock } from '../../src/testing/index.ts'

test('calls that queued before the gate shut go back to it, and those without patience are told at once', async () => {
  const clock = manualClock()
  const asked: number[] = []
  const fetch = async () => {
    asked.push(clock.now())
    await clock.sleep(100)
    const busy = clock.now() < 1_000
    return busy ? new Response(null, { status: 503, headers: { 'retry-after': '2' } }) : new Response('served')
  }
  const client = createClient({ fetch, limit: { adaptive: false, max: 2 }, retry: false, runtime: { clock } })
  const patient = Array.from({ length: 20 }, () => client.fetch('http://api.test/'))
  const hasty = client.fetch('http://api.test/', { breakwater: { deadlineMs: 1_500 } }).catch((error) => error)
  await clock.advance(100)
  await clock.advance(0)
  expect(await Promise.race([hasty, Promise.resolve('still waiting')])).toBeInstanceOf(PushbackError)
  for (let ms = 0; ms < 10_000; ms += 100) await clock.advance(100)
  const statuses = (await Promise.all(patient)).map(({ status }) => status)
  expect(asked.filter((at) => at < 2_100)).toHaveLength(2)
  expect(statuses.filter((status) => status === 503)).toHaveLength(2)
  expect(statuses.filter((status) => status === 200)).toHaveLength(18)
})
