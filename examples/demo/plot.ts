/** Colours a piece of text, or leaves it as it is where there are no colours. */
export type Paint = (style: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string) => string

export interface Series {
  readonly title: string
  /** Events per bucket. */
  readonly counts: readonly number[]
}

/** What all plots of one picture share. */
export interface Frame {
  readonly bucketMs: number
  readonly runMs: number
  /** Events in a second that get a line of their own. */
  readonly capacity: number
  /** Named spans under the time axis. */
  readonly spans: readonly { readonly label: string; readonly fromMs: number; readonly toMs: number }[]
  /** Characters in a line. */
  readonly width: number
}

const eighths = ['', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const rows = 10
const labelWidth = 6

/** Plots one above the other on the same scale, over one time axis. */
export function plot(series: readonly Series[], frame: Frame, paint: Paint): string {
  const columnMs = columnWidthMs(frame)
  const columns = Math.floor(frame.runMs / columnMs)
  const rates = series.map(({ counts }) => ratesOf(counts, columnMs, columns, frame.bucketMs))
  const top = niceTop(Math.max(frame.capacity, ...rates.flat()))
  return [
    ...series.flatMap(({ title }, index) => [
      paint('bold', title),
      ...bars(rates[index]!, top, frame.capacity, paint),
      `${' '.repeat(labelWidth)}└${'─'.repeat(columns)}`,
    ]),
    timeAxis(columnMs, columns),
    spanLine(frame, columnMs, columns, paint),
  ].join('\n')
}

/** As narrow as the width allows, but of whole buckets: others would differ in how many buckets they hold. */
function columnWidthMs({ runMs, bucketMs, width }: Frame): number {
  return bucketMs * Math.max(1, Math.ceil(runMs / (width - labelWidth - 1) / bucketMs))
}

function ratesOf(counts: readonly number[], columnMs: number, columns: number, bucketMs: number): number[] {
  const each = columnMs / bucketMs
  return Array.from({ length: columns }, (_, column) => {
    const held = counts.slice(column * each, (column + 1) * each)
    return (held.reduce((total, count) => total + count, 0) * 1_000) / columnMs
  })
}

function bars(rates: readonly number[], top: number, capacity: number, paint: Paint): string[] {
  const perRow = top / rows
  const capacityRow = Math.ceil(capacity / perRow) - 1
  return Array.from({ length: rows }, (_, index) => {
    const row = rows - 1 - index
    const label = row === rows - 1 ? top : row === capacityRow ? capacity : undefined
    const gap = row === capacityRow ? '╌' : ' '
    const cells = rates.map((rate) => eighths[Math.round(clamp((rate / perRow - row) * 8))] || gap).join('')
    const painted = cells.replace(/[^ ╌]+/g, (run) => paint(row > capacityRow ? 'red' : 'green', run))
    const line = painted.replace(/╌+/g, (run) => paint('yellow', run))
    return `${String(label ?? '').padStart(labelWidth - 1)} ${label === undefined ? '│' : '┤'}${line}`.trimEnd()
  })
}

function timeAxis(columnMs: number, columns: number): string {
  const stepMs = Math.ceil((columns * columnMs) / 8 / 1_000) * 1_000
  let line = ''
  for (let atMs = 0; atMs <= columns * columnMs; atMs += stepMs) {
    const label = `${atMs / 1_000} s`
    const column = labelWidth + 1 + Math.round(atMs / columnMs)
    if (column + label.length <= labelWidth + 1 + columns) line = `${line.padEnd(column)}${label}`
  }
  return line
}

function spanLine({ spans }: Frame, columnMs: number, columns: number, paint: Paint): string {
  let line = ''
  for (const { label, fromMs, toMs } of spans) {
    const from = Math.max(line.length, Math.round(fromMs / columnMs))
    const room = Math.min(columns, Math.round(toMs / columnMs)) - from - 2
    if (room < 0) continue
    const name = label.slice(0, room)
    const before = Math.floor((room - name.length) / 2)
    line = `${line.padEnd(from)}└${'─'.repeat(before)}${name}${'─'.repeat(room - before - name.length)}┘`
  }
  return `${' '.repeat(labelWidth + 1)}${paint('dim', line)}`
}

/** The next of 1, 2, 3, 4, 5, 6, 8 and 10 times a power of ten. */
function niceTop(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most))
  return power * ([1, 2, 3, 4, 5, 6, 8].find((step) => step * power >= most) ?? 10)
}

function clamp(eighth: number): number {
  return Math.min(8, Math.max(0, eighth))
}
