import { describe, expect, it } from 'vitest'
import { type Frame, type Paint, plot } from '../../examples/demo/plot.ts'

const plain: Paint = (_style, text) => text
const marked: Paint = (style, text) => `<${style}>${text}</${style}>`

const frame: Frame = {
  bucketMs: 100,
  runMs: 13_500,
  capacity: 120,
  spans: [
    { label: '503', fromMs: 3_000, toMs: 4_500 },
    { label: 'frozen', fromMs: 4_500, toMs: 6_500 },
  ],
  width: 80,
}

/** The rate in each bucket of a run, as the count that gives it. */
function steady(perSecond: number, runMs = frame.runMs): number[] {
  return Array.from({ length: runMs / 100 }, () => perSecond / 10)
}

function draw(given: number[][], with_: Partial<Frame> = {}, paint = plain): string[] {
  const series = given.map((counts, index) => ({ title: `fleet ${index}`, counts }))
  return plot(series, { ...frame, ...with_ }, paint).split('\n')
}

describe('plot', () => {
  it('fills as many rows as the rate is of the top', () => {
    const lines = draw([steady(200)], { width: 40, spans: [] })
    expect(lines).toEqual([
      'fleet 0',
      ...['  200 ┤', ...Array.from({ length: 3 }, () => '      │')].map((start) => `${start}${'█'.repeat(27)}`),
      `  120 ┤${'█'.repeat(27)}`,
      ...Array.from({ length: 5 }, () => `      │${'█'.repeat(27)}`),
      `      └${'─'.repeat(27)}`,
      '       0 s 2 s 4 s 6 s 8 s 10 s',
      '       ',
    ])
  })

  it('draws both on the same scale, and says its top once in each', () => {
    const lines = draw([steady(600), steady(60)])
    const tops = lines.filter((line) => line.startsWith('  600 ┤'))
    expect(tops).toEqual([expect.stringMatching(/█{67}$/), '  600 ┤'])
    expect(lines.filter((line) => line.includes('█')).length).toBe(10 + 1)
  })

  it('draws the capacity where no bar hides it', () => {
    const lines = draw([steady(0)])
    expect(lines.filter((line) => line.includes('╌'))).toEqual([`  120 ┤${'╌'.repeat(67)}`])
  })

  it('rounds to eighths of a row', () => {
    const [, , , , , , , , , , last] = draw([steady(10)], { capacity: 160 })
    expect(last).toBe(`      │${'▄'.repeat(67)}`)
  })

  it('shows an outage where it was', () => {
    expect(draw([steady(100)]).at(-1)).toBe(`${' '.repeat(7 + 15)}└─503──┘└─frozen─┘`)
  })

  it('colours what is above the capacity, and nothing else, red', () => {
    const lines = draw([steady(600)], {}, marked)
    const red = lines.filter((line) => line.includes('<red>'))
    const green = lines.filter((line) => line.includes('<green>'))
    expect([red.length, green.length]).toEqual([8, 2])
    expect(lines.filter((line) => line.includes('<red>') && line.includes('<green>'))).toEqual([])
  })

  it.each([40, 57, 80])('keeps within %i columns', (width) => {
    for (const runMs of [1_500, 2_000, 13_500, 28_500, 58_500]) {
      const lines = draw([steady(300, runMs), steady(0, runMs)], { width, runMs })
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    }
  })

  it('keeps the scale when nothing arrived at all', () => {
    expect(draw([[]]).filter((line) => /\d/.test(line)).length).toBeGreaterThan(0)
  })

  it('cuts the name of an outage that is too short for it', () => {
    const spans = [{ label: 'frozen', fromMs: 1_000, toMs: 1_800 }]
    expect(
      draw([steady(1)], { spans })
        .at(-1)
        ?.trim(),
    ).toBe('└fr┘')
  })
})
