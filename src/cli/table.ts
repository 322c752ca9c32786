import { columnsOf, policiesOf } from '../simulate/forms/figures.ts'
import type { Report } from '../simulate/index.ts'

const gap = '  '

/** Where lines are short a long name leaves room for figures. */
const nameRoom = (columns: number) => Math.max(24, Math.floor(columns / 3))

/** The figures of all policies for a terminal. */
export function table(report: Report, columns: number): string {
  const policies = policiesOf(report)
  const figures = columnsOf(report).map(({ title, cell }) => [title, ...policies.map(cell)])
  return columnsInBlocks(['', ...shortNames(policies, nameRoom(columns))], figures, columns)
}

/**
 * Columns of text behind the names of their rows, in lines of so many characters: those that do not fit beside each other
 * stand below, with the names again.
 */
export function columnsInBlocks(
  names: readonly string[],
  figures: readonly (readonly string[])[],
  columns: number,
): string {
  const width = Math.max(...names.map((name) => name.length))
  const blocks: string[][] = []
  let left = 0
  for (const cells of figures) {
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

/**
 * Labels of at most so many characters. What tells two of them apart is often at their end, so they are cut in the middle;
 * those that are the same then are called as on the command line.
 */
function shortNames(policies: readonly { label: string; policy: string }[], room: number): readonly string[] {
  const short = policies.map(({ label }) => shortened(label, room))
  return short.map((name, index) => {
    const isAlone = short.indexOf(name) === short.lastIndexOf(name)
    return isAlone ? name : shortened(policies[index]?.policy ?? name, room)
  })
}

function shortened(label: string, room: number): string {
  if (label.length <= room) return label
  const end = Math.floor((room - 1) / 2)
  return `${label.slice(0, room - 1 - end).trimEnd()}…${label.slice(-end).trimStart()}`
}
