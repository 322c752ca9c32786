import { columnsOf, policiesOf } from '../simulate/forms/figures.ts'
import type { Report } from '../simulate/index.ts'

const gap = '  '

/** Where lines are short a long name leaves room for figures. */
const nameRoom = (columns: number) => Math.max(24, Math.floor(columns / 3))

/** The figures of all policies for a terminal. Columns that do not fit beside each other stand below, with the names again. */
export function table(report: Report, columns: number): string {
  const policies = policiesOf(report)
  const room = nameRoom(columns)
  const names = ['', ...policies.map(({ label }) => (label.length > room ? `${label.slice(0, room - 1)}…` : label))]
  const width = Math.max(...names.map((name) => name.length))
  const blocks: string[][] = []
  let left = 0
  for (const { title, cell } of columnsOf(report)) {
    const cells = [title, ...policies.map(cell)]
    const wide = gap.length + Math.max(...cells.map((text) => text.length))
    if (wide > left) {
      blocks.push(names.map((name) => name.padEnd(width)))
      left = columns - width
    }
    left -= wide
    const block = blocks[blocks.length - 1] as string[]
    for (const [row, text] of cells.entries()) block[row] += text.padStart(wide)
  }
  return blocks.map((lines) => lines.map((line) => line.trimEnd()).join('\n')).join('\n\n')
}
