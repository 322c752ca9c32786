import { expect, it } from 'vitest'
import { caution, picture, story } from '../../examples/demo/picture.ts'
import { scenario } from '../../examples/demo/scenario.ts'

const experiment = scenario(30)
const trace = { offered: [0], settled: [{ startMs: 0, endMs: 50, ok: true }], arrivals: [1], stalledMs: 12 }
const runs = ['plain fetch', 'Breakwater'].map((title) => ({ title, trace }))

it('tells the story with the numbers of the scenario', () => {
  const text = story(experiment)
  for (const number of ['20 clients', '100 calls', '120', '12.5 s', 'Retry-After: 1 for 2 s', 'freezes for 1.5 s']) {
    expect(text).toContain(number)
  }
})

it.each([80, 200, Infinity])('keeps within 80 columns of a terminal with %d', (columns) => {
  const lines = `${story(experiment)}\n${picture(experiment, runs, columns, (_style, text) => text)}`.split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
})

it('draws the plots above the table', () => {
  const text = picture(experiment, runs, 80, (_style, text) => text)
  const order = ['plain fetch: requests', 'Breakwater: requests', '─503─', '└frozen┘', 'calls', 'time to recover']
  const places = order.map((part) => text.indexOf(part))
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(places).not.toContain(-1)
})

it('says when the machine was too busy to trust the peak', () => {
  expect(caution(runs)).toBeUndefined()
  const stalled = runs.map((run) => ({ ...run, trace: { ...trace, stalledMs: 340 } }))
  expect(caution(stalled)).toMatch(/stood still for 0.3 s/)
})
