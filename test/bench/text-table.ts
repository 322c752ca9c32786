import type { Table } from './section.ts'

/** A table for the terminal: names to the left, figures to the right. */
export function textTable({ columns, rows }: Table): string {
  const lines = [columns, ...rows].map((cells) => columns.map((_, column) => String(cells[column] ?? '')))
  const widths = columns.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)))
  const text = lines.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  )
  text.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '))
  return text.join('\n')
}
