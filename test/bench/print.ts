import { barLines } from './bars.ts'
import type { Section } from './section.ts'
import { textTable } from './text-table.ts'

export function printSection({ name, title, method, tables }: Section): void {
  console.log(`\n== ${name}: ${title}\n\n${method}`)
  for (const table of tables) console.log(`\n${table.title}\n\n${textTable(table)}`)
}

/** After the last section: what had to hold, and who is faster than we are. */
export function printSummary(sections: readonly Section[]): void {
  console.log('\n== What must hold\n')
  for (const line of barLines(sections)) console.log(line)
  console.log('\n== Who is faster than we are, and why\n')
  const peers = Map.groupBy(
    sections.flatMap(({ faster }) => faster),
    ({ peer, why }) => `${peer}: ${why}`,
  )
  for (const [head, places] of peers) {
    console.log(head)
    for (const { at, ratio } of places) console.log(`  ${ratio.toFixed(2)} of ours  ${at}`)
  }
  if (peers.size === 0) console.log('nobody')
}
