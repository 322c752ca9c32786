import { expect, it } from 'vitest'
import { stormFigures } from '../../examples/demo/sockets/figures.ts'
import { naiveClient, reliableClient } from '../../examples/demo/sockets/fleets.ts'
import { stormPicture, stormStory } from '../../examples/demo/sockets/picture.ts'
import { runStorm, type StormTrace } from '../../examples/demo/sockets/run.ts'
import { type Storm, storm } from '../../examples/demo/sockets/scenario.ts'

const sockets = 300
const trace: StormTrace = {
  upAt: 1_500,
  backAt: Array.from({ length: sockets }, (_, index) => 2_000 + index * 20),
  dials: 450,
  // 20 handshakes in each bucket from 2 s on, which is four times what can be made, and then none.
  arrivals: Array.from({ length: 145 }, (_, bucket) => (bucket >= 20 && bucket < 35 ? 20 : 0)),
  wasted: 7,
  stalledMs: 12,
}

it('counts from the kill, and against the soonest possible', () => {
  expect(stormFigures(storm, trace)).toEqual({
    sockets,
    back: sockets,
    allBackMs: 7_980,
    lowerBoundMs: 7_500,
    busiestOverCapacity: 4,
    attemptsPerClient: 1.5,
    wasted: 7,
  })
})

it('does not call a fleet back of which one is missing', () => {
  const figures = stormFigures(storm, { ...trace, backAt: trace.backAt.slice(1) })
  expect(figures).toMatchObject({ back: sockets - 1, allBackMs: null })
})

it('counts no arrivals as none', () => {
  expect(stormFigures(storm, { ...trace, arrivals: [] }).busiestOverCapacity).toBe(0)
})

it.each([80, 200, Infinity])('keeps within 80 columns of a terminal with %d', (columns) => {
  const runs = ['naive', 'ReliableSocket'].map((title) => ({ title, trace }))
  const text = `${stormStory(storm)}\n${stormPicture(storm, runs, columns, (_style, text) => text)}`
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  for (const number of ['300', '50 handshakes', '1.8 s', '4 s to connect', '8.0 s']) expect(text).toContain(number)
})

it('is real: a small storm over a server that is killed', { timeout: 30_000 }, async () => {
  // 50 sockets at 25 a second take 2 s; a client that waits 1 s for each has half of them made for nobody.
  const small: Storm = { ...storm, sockets: 50, handshakesPerSecond: 25, downMs: 500, saidDownMs: 1_000, runMs: 8_000 }
  const never = new AbortController().signal
  const naive = await runStorm({ ...small, connectMs: 1_000 }, naiveClient, never)
  const ours = await runStorm(small, reliableClient, never)
  const figures = stormFigures(small, ours)
  expect(figures).toMatchObject({ back: 50, wasted: 0 })
  expect(figures.attemptsPerClient).toBeLessThan(1.2)
  expect(figures.busiestOverCapacity).toBeLessThan(stormFigures(small, naive).busiestOverCapacity)
  expect(stormFigures(small, naive).busiestOverCapacity).toBe(2)
  expect(naive.wasted).toBeGreaterThan(0)
  expect(naive.dials).toBeGreaterThan(ours.dials)
})
