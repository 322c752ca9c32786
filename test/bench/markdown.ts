import type { Section, Table } from './section.ts'

/** All tables of all sections, to be pasted into a README. */
export function markdown(sections: readonly Section[]): string {
  return sections.map(({ title, tables }) => [`### ${title}`, ...tables.map(markdownTable)].join('\n\n')).join('\n\n')
}

function markdownTable({ title, columns, rows }: Table): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(escaped).join(' | ')} |`
  const under = `| ${columns.map((_, column) => (column === 0 ? '---' : '---:')).join(' | ')} |`
  return [`**${title}**`, '', line(columns), under, ...rows.map(line)].join('\n')
}

function escaped(cell: string | number): string {
  return String(cell).replaceAll('|', '\\|')
}
