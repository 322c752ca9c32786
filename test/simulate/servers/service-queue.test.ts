import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ServiceQueue } from '../../../src/simulate/servers/service-queue.ts'
import { World } from '../../../src/simulate/world.ts'

async function finished(jobs: number[], workers: number, changes: readonly [atMs: number, speed: number][] = []) {
  const world = new World({ seed: 1 })
  const queue = new ServiceQueue(world, workers)
  const ends: number[] = jobs.map(() => Number.NaN)
  for (const [atMs, speed] of changes) {
    world.later(atMs, () => {
      queue.speed = speed
    })
  }
  jobs.forEach((ms, at) => {
    queue.add(ms, () => {
      ends[at] = world.clock.now()
    })
  })
  await world.run({ forMs: 100_000 })
  return { ends, queue }
}

test('work is done one after another, in the order in which it came', async () => {
  const { ends, queue } = await finished([100, 50, 200], 1)
  expect(ends).toEqual([100, 150, 350])
  expect(queue.length + queue.running).toBe(0)
})

test('so many workers take so much at a time', async () => {
  expect((await finished([100, 100, 100, 10], 2)).ends).toEqual([100, 100, 200, 110])
})

test('half the speed takes twice as long, from the moment on at which it is halved', async () => {
  expect((await finished([100, 100], 1, [[50, 0.5]])).ends).toEqual([150, 350])
})

test('a frozen one does nothing, and goes on where it was', async () => {
  const changes: [number, number][] = [
    [150, 0],
    [1_150, 1],
  ]
  expect((await finished([100, 100, 100], 1, changes)).ends).toEqual([100, 1_200, 1_300])
})

test('one without limits does all at once', async () => {
  expect((await finished([100, 100, 100], 1, [[10, Infinity]])).ends).toEqual([10, 10, 10])
})

test('it tells how long something that comes now would wait, frozen or not', async () => {
  const world = new World({ seed: 1 })
  const queue = new ServiceQueue(world)
  expect(queue.waitMs).toBe(0)
  for (let job = 0; job < 4; job++) queue.add(100, () => {})
  await world.run({ forMs: 150 })
  expect(queue.waitMs).toBeCloseTo(250)
  queue.speed = 0.5
  expect(queue.waitMs).toBeCloseTo(500)
  queue.speed = 0
  expect(queue.waitMs).toBe(Infinity)
  queue.clear()
  queue.speed = 1
  expect([queue.waitMs, queue.length, queue.running]).toEqual([0, 0, 0])
})

test('whatever comes whenever, no more is done than there is time for, and all of it in the end', async () => {
  const arrival = fc.record({ atMs: fc.nat(5_000), ms: fc.integer({ min: 1, max: 300 }) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(arrival, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 3 }),
      async (jobs, workers) => {
        const world = new World({ seed: 1 })
        const queue = new ServiceQueue(world, workers)
        let done = 0
        let doneMs = 0
        for (const { atMs, ms } of jobs) {
          world.later(atMs, () => {
            const waitMs = queue.waitMs
            const cameAt = world.clock.now()
            queue.add(ms, () => {
              done++
              doneMs += ms
              expect(doneMs).toBeLessThanOrEqual(workers * world.clock.now() + 1e-6)
              // With one worker the estimate is exact.
              if (workers === 1) expect(world.clock.now()).toBeCloseTo(cameAt + waitMs + ms, 6)
            })
          })
        }
        await world.run({ forMs: 20_000 })
        expect(done).toBe(jobs.length)
      },
    ),
    { numRuns: 100 },
  )
})
