import type { Section, Table } from './section.ts'

/** The tables that the README shows, to be pasted between its `<!-- bench -->` marks. */
export function markdown(sections: readonly Section[]): string {
  return sections
    .flatMap(({ tables }) => tables.filter(({ inReadme }) => inReadme))
    .map(markdownTable)
    .join('\n\n')
}

function markdownTable({ title, columns, rows }: Table): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(escaped).join(' | ')} |`
  const under = `| ${columns.map((_, column) => (column === 0 ? '---' : '---:')).join(' | ')} |`
  return [`**${title}**`, '', line(columns), under, ...rows.map(line)].join('\n')
}

function escaped(cell: string | number): string {
  return String(cell).replaceAll('|', '\\|')
}
