import uPlot from 'uplot'
import { inTime, marks, roundTop } from './axis.ts'
import { element } from './element.ts'
import { colour, dotted, remark } from './pen.ts'
import { inFull } from './quantity.ts'

export interface ChartOptions {
  readonly title: string
  /** Shares are shown in per cent, on an axis that ends at 100. */
  readonly share: boolean
  /** Counts of a second are steps; what is there at its end is a line. */
  readonly steps: boolean
}

/** What a chart shows: one value for each second, ours and, if there is one, a rival's. */
export interface Drawn {
  readonly ours: readonly number[]
  readonly rival: readonly number[]
  /** Where the time axis ends, in seconds. */
  readonly seconds: number
  /** A line across: what the server can do. */
  readonly level?: number | undefined
  /** A line from top to bottom: the soonest that anybody could have made it, in seconds. */
  readonly moment?: number | undefined
}

const together = uPlot.sync('storm')

/** A curve of a run that can be drawn while it grows. */
export class Chart {
  readonly element: HTMLElement
  readonly #options: ChartOptions
  readonly #reading = element('span', { class: 'reading' })
  readonly #canvas = element('div', { class: 'canvas', role: 'img' })
  readonly #plot: uPlot
  #drawn: Drawn = { ours: [], rival: [], seconds: 10 }

  constructor(options: ChartOptions) {
    this.#options = options
    const caption = element('figcaption', {}, element('h3', {}, options.title), this.#reading)
    this.element = element('figure', {}, caption, this.#canvas)
    this.#canvas.setAttribute('aria-label', options.title)
    this.#plot = new uPlot(this.#configuration(), [[], [], []], this.#canvas)
    new ResizeObserver(() => this.#resize()).observe(this.#canvas)
  }

  draw(drawn: Drawn): void {
    this.#drawn = drawn
    const { ours, rival } = drawn
    const { steps } = this.#options
    // What is counted in a second is drawn from its beginning to its end; what is there at its end, there.
    const length = Math.max(ours.length, rival.length) + (steps ? 1 : 0)
    const value = (values: readonly number[], second: number) =>
      values[second] ?? (steps && second === values.length ? values[second - 1] : undefined) ?? null
    const fill = (values: readonly number[]) => Array.from({ length }, (_, second) => value(values, second))
    this.#plot.setData([Array.from({ length }, (_, second) => second + (steps ? 0 : 1)), fill(ours), fill(rival)])
  }

  /** For who cannot see it. */
  describe(text: string): void {
    this.#canvas.setAttribute('aria-label', `${this.#options.title}. ${text}`)
  }

  /** The colours of the page have changed. */
  repaint(): void {
    this.#plot.redraw(false)
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas
    if (clientWidth > 0) this.#plot.setSize({ width: clientWidth, height: clientHeight })
  }

  #configuration(): uPlot.Options {
    const { share, steps } = this.#options
    const curve = (width: number) => ({ width, ...(steps && { paths: uPlot.paths.stepped!({ align: 1 }) }) })
    const axis = {
      stroke: () => colour('--muted'),
      font: '12px system-ui, sans-serif',
      ticks: { show: false },
      border: { show: true, stroke: () => colour('--line'), width: 1 },
    }
    return {
      width: 600,
      height: 180,
      legend: { show: false },
      cursor: { sync: { key: together.key }, drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: {
        x: { time: false, range: () => [0, this.#drawn.seconds] },
        y: { range: (_, __, most) => [0, share ? 1 : roundTop(Math.max(most ?? 0, this.#drawn.level ?? 0))] },
      },
      series: [
        {},
        { stroke: () => colour('--ours'), fill: () => colour('--ours-fill'), points: { show: false }, ...curve(2) },
        { stroke: () => colour('--rival'), points: { show: false }, ...curve(1.25) },
      ],
      axes: [
        {
          ...axis,
          size: 28,
          space: 70,
          grid: { show: false },
          incrs: marks,
          values: (_, splits) => splits.map(inTime),
        },
        {
          ...axis,
          size: 60,
          grid: { stroke: () => colour('--line'), width: 1 },
          border: { show: false },
          space: 36,
          values: (_, splits) => splits.map((value) => this.#inWords(value)),
        },
      ],
      hooks: { draw: [() => this.#drawLines()], setCursor: [({ cursor }) => this.#read(cursor.idx)] },
    }
  }

  /** What is known of the world, over the curves: dotted lines, and what they are. */
  #drawLines(): void {
    const { ctx, bbox } = this.#plot
    const { level, moment, seconds } = this.#drawn
    const { left, top, width, height } = bbox
    const ratio = devicePixelRatio
    if (level !== undefined) {
      const y = this.#plot.valToPos(level, 'y', true)
      dotted(ctx, left, y, left + width, y)
      remark(ctx, 'what the server takes', left + width, y - 6 * ratio, 'right')
    }
    if (moment !== undefined && moment <= seconds) {
      const x = this.#plot.valToPos(moment, 'x', true)
      const isRight = moment > seconds / 2
      dotted(ctx, x, top, x, top + height)
      remark(ctx, 'soonest possible', x + (isRight ? -6 : 6) * ratio, top + height / 2, isRight ? 'right' : 'left')
    }
  }

  #read(index: number | null | undefined): void {
    const { ours, rival } = this.#drawn
    if (index === null || index === undefined || index >= Math.max(ours.length, rival.length)) {
      this.#reading.replaceChildren()
      return
    }
    const value = (whose: string, values: readonly number[]) => {
      const at = values[index]
      return at === undefined ? [] : [element('span', { class: whose }, this.#inWords(at))]
    }
    this.#reading.replaceChildren(
      inTime(index + (this.#options.steps ? 0 : 1)),
      ...value('ours', ours),
      ...value('rival', rival),
    )
  }

  #inWords(value: number): string {
    return this.#options.share ? `${inFull(Math.round(value * 1_000) / 10)} %` : inFull(value)
  }
}
